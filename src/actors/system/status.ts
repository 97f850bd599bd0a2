/** Status: its form, and how it is made from the main thread's memory. */
import type { ActorRefFrom } from 'xstate'
import type { Failure } from '../../failure.js'
import { isInstance, workerOf } from '../../instance-ids.js'
import type { LogLevel } from '../../log-levels.js'
import type { OpenBreaker } from '../../machines/lifecycle/contract.js'
import type { WorkerState } from '../../machines/lifecycle/states.js'
import type { SupervisorState } from '../../machines/supervision/strategies.js'
import type { SupervisorStrategy } from '../../options/tree.js'
import { isSupervisor, type TreeNode } from '../../options/tree.js'
import type { PoolStatus } from '../../pools/contract.js'
import { supervisorAddress } from '../supervisor/contract.js'
import type { supervisor } from '../supervisor/supervisor.js'
import type { LaneError } from '../worker/lane-errors.js'
import type { ManagedWorker } from '../worker/worker.js'
import type { OpenSystem } from './contract.js'
import { leading, reasonOf } from './instances.js'

/** One worker. */
export interface WorkerStatus {
  /** Of an instance, the id of its worker and its number: `annotator-1/urgency#2`. */
  id: string
  annotator: string
  domain: string
  dataset: string | null
  /** The quotas that its tasks take from; of several, from any. */
  quotas: string[]
  enabled: boolean
  state: WorkerState
  /**
   * Its activity while `running`: `working`, `waiting` (for quota, for a task to be due, or for messages), `idle` (no work is left; the thread
   * stays for `idleMs`) or `draining`.
   */
  activity: 'working' | 'waiting' | 'idle' | 'draining' | null
  /** Why it is in this state. */
  reason: string
  /** Since when, in ms since the epoch. */
  since: number
  /** The counts of its lane; null without tasks. `total` is the target, or all items. */
  progress: { done: number; dead: number; total: number; leased: number; retrying: number } | null
  /** Results a minute over the last minute. */
  ratePerMinute: number
  /** Failed attempts a minute, over the last minute. */
  failuresPerMinute: number
  /** Share of failed attempts in the last minute, 0 to 1; null: no attempt ended. */
  errorRate: number | null
  /** The latest error of an attempt at a task since it was first started in this host. */
  lastError: LaneError | null
  /** The open breaker (option `tasks.breaker`), while attempts keep failing; null: it is closed. */
  breaker: OpenBreaker | null
  /** Ms since the thread's last beat; null without a thread. */
  beatAgeMs: number | null
  /** How often its thread should beat, in ms (option `heartbeat.everyMs`). */
  beatEveryMs: number
  /** The process that its thread runs in: this one, or its own with `isolation: 'process'`; null without a thread. */
  pid: number | null
  /** The id of its thread while it has one in this process. */
  threadId: number | null
  /** Bytes of its thread's heap in use at the last beat; null without a thread. */
  heapUsed: number | null
  /** How often it was restarted after a failure, over its life. */
  restarts: number
  lastFailure: Failure | null
  /** When it continues by itself (backoff, parked), in ms since the epoch. */
  until: number | null
  /** The other host that holds it, if it waits for that host or its start was refused. */
  heldBy: { pid: number; hostname: string; since: number } | null
  /**
   * The threads that share its lane (option `instances`); null: it has one only. Then what the worker itself shows is that of the instance
   * that is most at work, except sums (`failuresPerMinute`, `heapUsed`, `restarts`), the greatest `beatAgeMs`, and the latest error and
   * failure of all.
   */
  instances: WorkerStatus[] | null
}

/** The fields of a worker that sums over the system need. */
export type WorkerGlance = Pick<
  WorkerStatus,
  'id' | 'annotator' | 'domain' | 'quotas' | 'enabled' | 'state' | 'reason' | 'progress' | 'ratePerMinute' | 'breaker' | 'until' | 'heldBy'
>

/** A supervisor, and all below it, in the order of starting. */
export interface SupervisorStatus {
  supervisor: string
  strategy: SupervisorStrategy
  state: SupervisorState
  /** Why it is in this state. */
  reason: string
  /** Since when, in ms since the epoch. */
  since: number
  /** Restarts of its children that count now, and the allowed number. */
  restarts: { count: number; limit: number; withinMs: number }
  children: TreeStatus[]
}

/** A node of the supervision tree. Of a worker with instances, these are below it. */
export type TreeStatus = SupervisorStatus | { worker: string; state: WorkerState; instances?: { worker: string; state: WorkerState }[] }

/** The whole system. */
export interface SystemStatus {
  state: 'open' | 'closing' | 'closed' | 'failed'
  /** Number of workers in each state; states without a worker are left out. */
  states: Partial<Record<WorkerState, number>>
  workers: WorkerStatus[]
  /** In the order in which they were made; those that were closed by hand are left out. */
  pools: PoolStatus[]
  /** Sums over all lanes. */
  done: number
  dead: number
  total: number
  ratePerMinute: number
  /** Time left at the current rate, in ms; null without a rate. */
  etaMs: number | null
  slots: { limit: number; used: number; queued: number; groups: Record<string, { limit: number; used: number }> }
}

/** The whole system in numbers. */
export type SystemSums = Omit<SystemStatus, 'workers' | 'pools'>

/** Settings that can be changed while the system runs. */
export interface Settings {
  /** How many workers may have a thread at once. */
  concurrency: number
  /** The same by group. */
  groups: Record<string, number>
  logLevel: LogLevel
}

/** The status of a declared worker, or of one instance. */
export function statusOf(system: OpenSystem, own: readonly ManagedWorker[]): WorkerStatus {
  const [only] = own as [ManagedWorker]
  if (own.length === 1 && !isInstance(only.id)) return statusOfOne(system, only)
  const statuses = new Map(own.map((managed) => [managed, statusOfOne(system, managed)]))
  return merged(workerOf(only.id), reasonOf(own), [...statuses.values()], statuses.get(leading(own)) as WorkerStatus)
}

/** @param lead the one that {@link leading} has chosen */
function merged(id: string, reason: string, instances: WorkerStatus[], lead: WorkerStatus): WorkerStatus {
  const sum = (field: 'failuresPerMinute' | 'restarts'): number => instances.reduce((all, each) => all + each[field], 0)
  const heaps = instances.flatMap(({ heapUsed }) => heapUsed ?? [])
  const ages = instances.flatMap(({ beatAgeMs }) => beatAgeMs ?? [])
  const failuresPerMinute = sum('failuresPerMinute')
  return {
    ...lead,
    id,
    reason,
    failuresPerMinute,
    errorRate: failingShare(failuresPerMinute, lead.ratePerMinute),
    lastError: latest(instances.map(({ lastError }) => lastError)),
    beatAgeMs: ages.length > 0 ? Math.max(...ages) : null,
    heapUsed: heaps.length > 0 ? heaps.reduce((all, each) => all + each, 0) : null,
    restarts: sum('restarts'),
    lastFailure: latest(instances.map(({ lastFailure }) => lastFailure)),
    instances,
  }
}

function latest<Told extends { at: number }>(all: readonly (Told | null)[]): Told | null {
  return all.reduce((last, each) => (each && (!last || each.at > last.at) ? each : last), null)
}

export function statusOfOne({ parts, silence }: OpenSystem, managed: ManagedWorker): WorkerStatus {
  const { config, memory, state } = managed
  const counts = parts.lanes.get(config.id)
  const holder = managed.holder
  const ratePerMinute = parts.lanes.ratePerMinute(config.id)
  const failuresPerMinute = managed.errors.perMinute
  return {
    id: config.id,
    annotator: config.annotator,
    domain: config.domain,
    dataset: config.dataset,
    quotas: [...(config.quota?.choices ?? [])],
    enabled: config.enabled,
    state,
    activity: managed.activity,
    reason: memory.reason,
    since: managed.since,
    progress: counts && { done: counts.done, dead: counts.dead, total: counts.total, leased: counts.leased, retrying: counts.retrying },
    ratePerMinute,
    failuresPerMinute,
    errorRate: failingShare(failuresPerMinute, ratePerMinute),
    lastError: managed.errors.last,
    breaker: managed.breaker,
    beatAgeMs: managed.thread === null ? null : (silence.get(config.id) ?? 0),
    beatEveryMs: config.heartbeat.everyMs,
    pid: managed.pid,
    threadId: managed.threadId,
    heapUsed: managed.heapUsed,
    restarts: memory.restartCount,
    lastFailure: memory.lastFailure,
    until: managed.until,
    heldBy: holder && { pid: holder.pid, hostname: holder.hostname, since: holder.since },
    instances: null,
  }
}

function failingShare(failed: number, results: number): number | null {
  return failed + results > 0 ? failed / (failed + results) : null
}

/** The status without its costly parts. */
export function glanceOf({ parts }: OpenSystem, own: readonly ManagedWorker[]): WorkerGlance {
  const managed = leading(own)
  const { config, state, breaker, holder } = managed
  const counts = parts.lanes.get(config.id)
  return {
    id: workerOf(config.id),
    annotator: config.annotator,
    domain: config.domain,
    quotas: config.quota?.choices ?? noQuotas,
    enabled: config.enabled,
    state,
    reason: reasonOf(own),
    progress: counts,
    ratePerMinute: parts.lanes.ratePerMinute(config.id),
    breaker,
    until: managed.until,
    heldBy: holder,
  }
}

const noQuotas: string[] = []

export function systemStatus(system: OpenSystem, state: SystemStatus['state']): SystemStatus {
  const workers = Array.from(system.declared.values(), (own) => statusOf(system, own))
  return { workers, pools: system.parts.pools.status(), ...sumsOf(system, state, totalsOf(workers)) }
}

/** What all workers add up to. */
export type Totals = Pick<SystemSums, 'states' | 'done' | 'dead' | 'total' | 'ratePerMinute'>

export function totalsOf(workers: Iterable<Added>): Totals {
  const totals = noTotals()
  for (const worker of workers) addTo(totals, worker)
  return totals
}

type Added = Pick<WorkerStatus, 'state' | 'progress' | 'ratePerMinute'>

export const noTotals = (): Totals => ({ states: {}, done: 0, dead: 0, total: 0, ratePerMinute: 0 })

export function addTo(totals: Totals, { state, progress, ratePerMinute }: Added): void {
  totals.states[state] = (totals.states[state] ?? 0) + 1
  totals.done += progress?.done ?? 0
  totals.dead += progress?.dead ?? 0
  totals.total += progress?.total ?? 0
  totals.ratePerMinute += ratePerMinute
}

export function sumsOf({ parts: { slots } }: OpenSystem, state: SystemStatus['state'], totals: Totals): SystemSums {
  const { done, dead, total, ratePerMinute } = totals
  const left = Math.max(0, total - done - dead)
  return {
    state,
    ...totals,
    etaMs: left === 0 ? 0 : ratePerMinute > 0 ? (left / ratePerMinute) * 60_000 : null,
    slots: { limit: slots.limit, used: slots.used, queued: slots.queued, groups: slots.groups },
  }
}

/** The topmost of the supervisors that are down. */
export function* supervisorsDown(
  system: OpenSystem,
  nodes: readonly TreeNode[] = system.tree.root,
): Generator<{ supervisor: string; reason: string }> {
  for (const node of nodes) {
    if (!isSupervisor(node)) continue
    const { state, reason } = system.supervisors.get(node.id) ?? { state: 'up', reason: '' }
    if (state === 'down') yield { supervisor: node.id, reason }
    else yield* supervisorsDown(system, node.children)
  }
}

export function treeStatus(system: OpenSystem, nodes: readonly TreeNode[] = system.tree.root): TreeStatus[] {
  return nodes.map((node) => {
    if (!isSupervisor(node)) return { worker: node.worker, state: (system.managed.get(node.worker) as ManagedWorker).state }
    if (node.instances) {
      const own = system.declared.get(node.id) ?? []
      return { worker: node.id, state: leading(own).state, instances: own.map(({ id, state }) => ({ worker: id, state })) }
    }
    const { state, reason, since } = system.supervisors.get(node.id) ?? { state: 'up', reason: 'declared', since: 0 }
    const ref = system.root.system.get(supervisorAddress(node.id)) as ActorRefFrom<typeof supervisor> | undefined
    const { restarts: limit, withinMs } = node.intensity
    // No actor once the system is closed.
    const count = ref?.getSnapshot().context.window.count(performance.now()) ?? 0
    const { id, strategy, children } = node
    return { supervisor: id, strategy, state, reason, since, restarts: { count, limit, withinMs }, children: treeStatus(system, children) }
  })
}
