import type { ErrorRecord } from '../../errors.js'
import type { Fence, Token } from './basics.js'
import type { Amounts } from './quotas.js'
import type { LaneCounts } from './registry.js'

/** One record to load into a dataset. */
export interface NewItem {
  key: string
  /** JSON text. */
  data: string
  /** Higher goes first; ties in order of loading. A whole number. */
  priority: number
}

/** How {@link Drover.load} treats a known key with different data. */
export type OnConflict = 'error' | 'keep' | 'update'

export interface EnqueueReply {
  added: number
  /** Items already known with the same data (or with different data and `onConflict: 'keep'`). */
  known: number
  updated: number
  /** With `onConflict: 'error'`: the first item whose key is known with different data; then nothing of this request was added. */
  conflict: { index: number; key: string } | null
}

/** How one leased task ended. `usage`: amounts used by its calls, by unit. */
export type Outcome = { usage?: Amounts } /** `value`: the result as JSON text. */ & (
  | { do: 'complete'; token: Token; value: string }
  /**
   * The attempt failed and is counted. The next one follows after `retryInMs`; null: none. `value`: the raw result that did not
   * fit, as JSON text.
   */
  | { do: 'fail'; token: Token; error: ErrorRecord; retryInMs: number | null; value?: string }
  /**
   * Given back, without an attempt counted. `inMs`: earliest next hand-out. `later`: the task was refused for now, and goes
   * behind fresh items.
   */
  | { do: 'release'; token: Token; inMs: number; later?: boolean }
)

/**
 * The effect of an outcome. `already`: the task has its result already (a repeat, or another attempt came first); `lost`: the
 * lease was no longer current, and nothing was changed.
 */
export type Settled = 'stored' | 'already' | 'lost' | 'retrying' | 'dead' | 'released'

/** Leased tasks, in columns: cheaper to send than a list of objects. */
export interface Leases {
  tokens: Token[]
  keys: string[]
  /** JSON texts. */
  data: string[]
  /** The number of this attempt, from 1. */
  attempts: number[]
  /** Number of earlier attempts that failed or crashed the worker (without attempts cut off by the host's end). */
  failures: number[]
  /** How often in a row the task was given back for later. */
  releases: number[]
}

/** Why fewer tasks were claimed than requested. */
export type TaskShortage =
  /** No work is left, and no task is leased or waits for another attempt. */
  | { kind: 'complete' }
  /** No task is due now. `inMs`: time until the next attempt is due; null: only after some other change. */
  | { kind: 'later'; inMs: number | null }

export interface ExchangeRequest {
  worker: string
  fence: Fence
  /** Rising number of this worker's exchanges under this fence. A repeat with the same number gets the same leases. */
  request: number
  outcomes: Outcome[]
  /** The most tasks to claim; 0: none. */
  want: number
}

export interface ExchangeReply {
  /** One for each outcome, in order. */
  settled: Settled[]
  leases: Leases
  /** null if all requested tasks were claimed. */
  shortage: TaskShortage | null
  counts: LaneCounts
}

/** The tasks in hand of an ended thread, read from its shared memory. */
export interface Abandoned {
  /** Tasks being worked on: the attempt counts, and so does the crash. */
  working: Token[]
  /** Tasks finished whose outcome was not confirmed: the attempt counts (it was made), the crash does not. */
  finished: Token[]
}

export interface AbandonRequest {
  worker: string
  fence: Fence
  abandoned: Abandoned
  /** The error that ended the thread, stored with tasks that are given up because of it. */
  error: ErrorRecord
  /** A task in hand at this many crashes is quarantined: dead, kind `poison`. */
  poisonAfter: number
  /** A task with this many failures and crashes together is dead. */
  maxAttempts: number
}

export interface AbandonReply {
  released: number
  retrying: number
  /** Keys of the tasks that were being worked on. */
  working: string[]
  /** Keys of the tasks that are now dead with kind `poison`. */
  poisoned: string[]
  counts: LaneCounts | null
}
