import type { ErrorRecord } from '../../errors.js'
import type { Fence, Token } from './basics.js'
import type { Amounts } from './quotas.js'
import type { LaneCounts } from './registry.js'

/** One record on its way into a dataset. */
export interface NewItem {
  key: string
  /** JSON text. */
  data: string
  /** Higher goes first; ties in order of loading. A whole number. */
  priority: number
}

/** What {@link Drover.load} does with a known key that comes with other data. */
export type OnConflict = 'error' | 'keep' | 'update'

export interface EnqueueReply {
  added: number
  /** Known already with the same data (or with other data and `onConflict: 'keep'`). */
  known: number
  updated: number
  /** With `onConflict: 'error'`: the first item whose key is known with other data. Nothing of this request was added then. */
  conflict: { index: number; key: string } | null
}

/** How one leased task ended. `usage`: what its calls used, by unit. */
export type Outcome = { usage?: Amounts } /** `value`: the result as JSON text. */ & (
  | { do: 'complete'; token: Token; value: string }
  /** The attempt failed and is counted. Again after `retryInMs`, or never. `value`: the raw answer that did not fit, as JSON text. */
  | { do: 'fail'; token: Token; error: ErrorRecord; retryInMs: number | null; value?: string }
  /** Given back; costs no attempt. `inMs`: not before. `later`: the task itself was refused for now, and comes behind fresh items then. */
  | { do: 'release'; token: Token; inMs: number; later?: boolean }
)

/**
 * What became of an outcome. `already`: this task has its result (a repeat, or another attempt came first); `lost`: the lease was
 * not current any more, nothing was changed.
 */
export type Settled = 'stored' | 'already' | 'lost' | 'retrying' | 'dead' | 'released'

/** Leased tasks, in columns: cheaper to send than a list of objects. */
export interface Leases {
  tokens: Token[]
  keys: string[]
  /** JSON texts. */
  data: string[]
  /** The ordinal of this attempt: 1 for the first. */
  attempts: number[]
  /** How many of the earlier attempts failed or crashed the worker (an attempt cut off by the host's end is not among them). */
  failures: number[]
  /** How often in a row the task was given back as one for later. */
  releases: number[]
}

/** Why fewer tasks came than were wanted. */
export type TaskShortage =
  /** Nothing is left to do, and nothing is leased or waiting for another attempt. */
  | { kind: 'complete' }
  /** Nothing is due now. `inMs`: when the next attempt is due, or null: not before something else happens. */
  | { kind: 'later'; inMs: number | null }

export interface ExchangeRequest {
  worker: string
  fence: Fence
  /** Numbers this worker's exchanges under this fence, rising. A repeat with the same number claims nothing new: it gets the same leases. */
  request: number
  outcomes: Outcome[]
  /** How many tasks at most; 0 to claim none. */
  want: number
}

export interface ExchangeReply {
  /** One for each outcome, in order. */
  settled: Settled[]
  leases: Leases
  /** null when as many came as were wanted. */
  shortage: TaskShortage | null
  counts: LaneCounts
}

/** What a thread that is gone had in its hands, as read from its shared memory. */
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
  /** What ended the thread, kept with tasks that are given up because of it. */
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
  /** Keys of those given up because of it, now dead with kind `poison`. */
  poisoned: string[]
  counts: LaneCounts | null
}
