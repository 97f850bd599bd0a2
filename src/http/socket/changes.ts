/** Which events tell of changes in what connections are shown. */
import type { Drover } from '../../drover/drover.js'
import type { DroverEvents, EventName } from '../../events/event-map.js'

/** Events that may change a worker. */
const workerChanges = [
  'worker:state:changed',
  'worker:failure:recorded',
  'worker:holder:changed',
  'worker:restart:scheduled',
  'lane:breaker:opened',
  'lane:breaker:closed',
] as const satisfies readonly EventName[]
/** Events that may change all workers. */
const allChanges: readonly EventName[] = ['tree:node:added', 'tree:node:updated', 'tree:node:removed', 'dataset:load:finished']
/** Events that change the system, but no worker. */
const sumChanges: readonly EventName[] = ['supervisor:state:changed', 'system:state:changed', 'store:thread:failed']
const quotaChanges: readonly EventName[] = ['quota:window:spent', 'quota:key:retired', 'quota:limits:changed']

export interface ChangeListeners {
  /** These workers may have changed. */
  workers: (workers: readonly string[]) => void
  /** Any worker may have changed. */
  all: () => void
  /** The system may have changed, but no worker. */
  sums: () => void
  quotas: () => void
}

/** @returns ends it */
export function listenForChanges(drover: Drover, { workers, all, sums, quotas }: ChangeListeners): () => void {
  const one = ({ worker }: { worker: string }): void => workers([worker])
  const lanes = ({ lanes }: DroverEvents['lane:counts:changed']): void => workers(lanes.map(({ worker }) => worker))
  const listen = (how: 'on' | 'off'): void => {
    for (const name of workerChanges) drover[how](name, one)
    for (const name of allChanges) drover[how](name, all)
    for (const name of sumChanges) drover[how](name, sums)
    drover[how]('lane:counts:changed', lanes)
    for (const name of quotaChanges) drover[how](name, quotas)
  }
  listen('on')
  return () => listen('off')
}
