/**
 * What can be seen of a running system: plain data, made on request from what the main thread has in memory.
 */

import type { Failure } from '../../failure.js'
import type { OpenBreaker } from '../../machines/lifecycle/contract.js'
import type { WorkerState } from '../../machines/lifecycle/states.js'
import type { SupervisorState } from '../../machines/supervision/rules.js'
import type { LogLevel } from '../../options/log.js'
import type { SupervisorStrategy } from '../../options/tree.js'
import type { LaneError } from '../worker/lane-errors.js'

/** One worker. */
export interface WorkerStatus {
  id: string
  annotator: string
  domain: string
  dataset: string | null
  /** The quotas that its tasks take from; of several, from any. */
  quotas: string[]
  enabled: boolean
  state: WorkerState
  /** What it does while `running`: `working`, `waiting` (for quota, or for a task to be due), `idle` (nothing is left to do; the thread
   * stays for the option `idleMs`) or `draining`. */
  activity: 'working' | 'waiting' | 'idle' | 'draining' | null
  /** Why it is in this state. */
  reason: string
  /** Since when, in ms since the epoch. */
  since: number
  /** Where its lane stands; null without tasks. `total` is the target, or all items. */
  progress: { done: number; dead: number; total: number; leased: number; retrying: number } | null
  /** Results a minute over the last minute. */
  ratePerMinute: number
  /** Failed attempts a minute, over the last minute. */
  failuresPerMinute: number
  /** Of the attempts of the last minute the share that failed, 0 to 1; null: none ended. */
  errorRate: number | null
  /** The latest error of an attempt at a task since it was first started in this host. */
  lastError: LaneError | null
  /** Its tasks are held back because attempts fail and fail (option `tasks.breaker`); null: they are not. */
  breaker: OpenBreaker | null
  /** Ms since the thread's last beat; null without a thread. */
  beatAgeMs: number | null
  /** The process that its thread runs in: this one, or its own with `isolation: 'process'`; null without a thread. */
  pid: number | null
  /** The id of its thread while it has one in this process. */
  threadId: number | null
  /** Bytes of its thread's heap in use at the last beat; null without a thread. */
  heapUsed: number | null
  /** How often it was restarted after a failure, over its life. */
  restarts: number
  lastFailure: Failure | null
  /** When it goes on by itself (backoff, parked), in ms since the epoch. */
  until: number | null
  /** Which other host holds it, if it waits for that, or its start was refused. */
  heldBy: { pid: number; hostname: string; since: number } | null
}

/** What of a worker the whole system is summed up from. */
export type WorkerGlance = Pick<
  WorkerStatus,
  'id' | 'quotas' | 'state' | 'reason' | 'progress' | 'ratePerMinute' | 'breaker' | 'until' | 'heldBy'
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
  /** How many restarts of its children count now, and how many are tolerated. */
  restarts: { count: number; limit: number; withinMs: number }
  children: TreeStatus[]
}

/** One place of the supervision tree. */
export type TreeStatus = SupervisorStatus | { worker: string; state: WorkerState }

/** The whole system. */
export interface SystemStatus {
  state: 'open' | 'closing' | 'closed' | 'failed'
  /** How many workers are in each state; states nobody is in are left out. */
  states: Partial<Record<WorkerState, number>>
  workers: WorkerStatus[]
  /** Sums over all lanes. */
  done: number
  dead: number
  total: number
  ratePerMinute: number
  /** At the present rate, in ms; null where there is none. */
  etaMs: number | null
  slots: { limit: number; used: number; queued: number; groups: Record<string, { limit: number; used: number }> }
}

/** The whole system in numbers. */
export type SystemSums = Omit<SystemStatus, 'workers'>

/** What can be changed while a system runs. */
export interface Settings {
  /** How many workers may have a thread at once. */
  concurrency: number
  /** The same by group. */
  groups: Record<string, number>
  logLevel: LogLevel
}
