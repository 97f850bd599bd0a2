import type { Failure } from '../../failure.js'
import type { Left } from '../../machines/lifecycle/contract.js'
import type { Fence } from '../../store/contract/basics.js'
import type { TakenBack } from '../../store/contract/hosts.js'
import type { WorkerRow } from '../../store/contract/registry.js'
import type { SystemParts } from '../worker/contract.js'
import { readLeft } from '../worker/left-by-host.js'
import type { ManagedWorker } from '../worker/worker.js'

/** No worker ever had it. */
const unknownFence: Fence = -1

export function tellRecovered(taken: TakenBack, publish: SystemParts['publish'], at: number): void {
  const { workers, leases } = taken
  if (workers.length > 0 || leases > 0) publish('host:work:recovered', { workers, leases, at })
}

/**
 * The state that an earlier host left of a worker, and its fence. A worker that another host holds has that host's state.
 *
 * @param takenBack workers that were taken back from hosts that are gone
 */
export function restore(
  row: WorkerRow,
  takenBack: ReadonlySet<string>,
  { now, wallClock }: Pick<SystemParts, 'now' | 'wallClock'>,
): [left: Left | null, known: Fence] {
  if (row.holder) return [null, unknownFence]
  return [readLeft(row, takenBack.has(row.worker), now(), (shown) => wallClock.timeOf(shown)), row.fence]
}

/** The workers that were taken back with a failure: their host had died. */
export function orphansOf({ workers }: TakenBack, managed: ReadonlyMap<string, ManagedWorker>): { worker: string; failure: Failure }[] {
  return workers.flatMap((worker) => {
    const failure = managed.get(worker)?.restored?.memory.lastFailure
    return failure?.kind === 'orphaned' ? [{ worker, failure }] : []
  })
}
