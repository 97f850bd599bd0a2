/** The instances of a worker as one: its status is made from theirs. */
import { isInstance, workerOf } from '../../instance-ids.js'
import type { WorkerState } from '../../machines/lifecycle/states.js'
import type { LaneCounts } from '../../store/contract/registry.js'
import type { ManagedWorker } from '../worker/worker.js'
import type { OpenSystem } from './contract.js'

/** The state of a worker is the first of these that one of its instances is in. */
const inFront: readonly WorkerState[] = [
  'running',
  'starting',
  'stuck',
  'crashed',
  'stopping',
  'backoff',
  'queued',
  'paused',
  'parked',
  'blacklisted',
  'idle',
  'stopped',
  'completed',
]

const places = new Map(inFront.map((state, place) => [state, place]))

/** The instance that shows what the worker is at. */
export function leading<Instance extends Pick<ManagedWorker, 'state'>>(instances: readonly Instance[]): Instance {
  return instances.reduce((first, each) => ((places.get(each.state) ?? 0) < (places.get(first.state) ?? 0) ? each : first))
}

/** Why a worker is in its state, and how many of its instances are, if not all. */
export function reasonOf(instances: readonly Pick<ManagedWorker, 'state' | 'memory'>[]): string {
  const lead = leading(instances)
  if (instances.length === 1) return lead.memory.reason
  const same = instances.filter(({ state }) => state === lead.state).length
  return same === instances.length ? lead.memory.reason : `${same} of ${instances.length}: ${lead.memory.reason}`
}

type Workers = Pick<OpenSystem, 'managed' | 'declared'>

/** Makes a worker known to the system. */
export function enlist({ managed, declared }: Workers, own: ManagedWorker): void {
  managed.set(own.id, own)
  const worker = workerOf(own.id)
  const others = declared.get(worker)
  if (others) others.push(own)
  else declared.set(worker, [own])
}

/** Ends what {@link enlist} began. */
export function strikeOff({ managed, declared }: Workers, own: ManagedWorker): void {
  managed.delete(own.id)
  const worker = workerOf(own.id)
  const others = (declared.get(worker) ?? []).filter((each) => each !== own)
  if (others.length > 0) declared.set(worker, others)
  else declared.delete(worker)
}

/** An instance without work may have some, or be done: it knows only what it asks for. */
export function lookAtShared(counts: readonly LaneCounts[], managed: ReadonlyMap<string, ManagedWorker>): void {
  for (const { worker } of counts) {
    const own = isInstance(worker) ? managed.get(worker) : undefined
    if (own?.activity === 'waiting' || own?.activity === 'idle') own.thread?.poke()
  }
}
