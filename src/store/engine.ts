/**
 * The contract between drover and whatever keeps its tasks, results, quotas and leases. SQLite is the first engine; every
 * operation takes and returns plain data and may be repeated, so that a thread, a process or a network may stand in between
 * and die at any moment. Nothing above `src/store` knows SQL. `test/store/engine-contract.ts` is the suite every engine passes.
 */
import type { ErrorRecord } from '../errors.js'

/** A value, or a promise of it: an engine in the same thread may answer at once. */
export type Awaitable<T> = T | Promise<T>

/** Milliseconds since the epoch on the store's clock (waits, deadlines) or the wall clock (timestamps, calendars), never the host's. */
export type Time = number

/** Proof of ownership of a worker. Each acquisition of a worker gets a higher one; an older one is refused everything. */
export type Fence = number

/** Names one lease: each hand-out of a task gets a number of its own, never used twice in a store. */
export type Token = number

/** One operating-system process, told apart from any later one that happens to get the same pid. */
export interface HostIdentity {
  /** Unique to this run of the process. */
  id: string
  pid: number
  /** When the process started, in a form that only has to be equal to be the same (Linux: clock ticks since boot). */
  startedAt: string
  /** Changes at each boot of the machine. */
  bootId: string
  /** The pid namespace: pids of another one cannot be checked from here. Empty where there is no such thing. */
  namespace: string
  hostname: string
}

/** Who holds a worker. */
export interface Holder {
  host: string
  pid: number
  hostname: string
  /** Since when. */
  since: Time
}

/** A lane: one annotator's work on one domain over one dataset. Unique by those three. */
export interface LaneSpec {
  dataset: string
  annotator: string
  domain: string
  /** How many results the lane wants; `null`: one for each item of the dataset. */
  target: number | null
}

/** A worker as declared by the configuration. `lane` is null for a worker without tasks. */
export interface WorkerSpec {
  worker: string
  lane: LaneSpec | null
}

/** Where a lane stands. `total` is items of the dataset, or target if that is less. */
export interface LaneCounts {
  worker: string
  total: number
  done: number
  dead: number
  /** Handed out and not yet settled. */
  leased: number
  /** Waiting for another attempt. */
  retrying: number
  /** Nothing is left to do: the target is reached or every item is settled, nothing is leased, nothing waits for another attempt. */
  complete: boolean
}

/** What the store remembers of a worker between runs. `memory` is the supervisor's own record (counters, deadline, last failure). */
export interface WorkerRow {
  worker: string
  state: string
  memory: Record<string, unknown> | null
  holder: Holder | null
  lane: LaneCounts | null
}

/** One record on its way into a dataset. */
export interface NewItem {
  key: string
  /** JSON text. */
  data: string
  /** Higher goes first; ties in order of loading. A whole number. */
  priority: number
}

export type OnConflict = 'error' | 'keep' | 'update'

export interface EnqueueReply {
  added: number
  /** Known already with the same data (or with other data and `onConflict: 'keep'`). */
  known: number
  updated: number
  /** With `onConflict: 'error'`: the first item whose key is known with other data. Nothing of this request was added then. */
  conflict: { index: number; key: string } | null
}

/** How one leased task ended. */
export type Outcome =
  /** `value`: the result as JSON text. */
  | { do: 'complete'; token: Token; value: string }
  /** The attempt failed and is counted. Again after `retryInMs`, or never. `value`: the raw answer that did not fit, as JSON text. */
  | { do: 'fail'; token: Token; error: ErrorRecord; retryInMs: number | null; value?: string }
  /** Given back; costs no attempt. `inMs`: not before. */
  | { do: 'release'; token: Token; inMs: number }

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
}

/** Amounts by unit, e.g. `{ requests: 1, tokens: 1200 }`. */
export type Amounts = Record<string, number>

/** Why fewer tasks came than were wanted. */
export type Shortage =
  /** Nothing is left to do, and nothing is leased or waiting for another attempt. */
  | { kind: 'complete' }
  /** Nothing is due now. `inMs`: when the next attempt is due, or null: not before something else happens. */
  | { kind: 'later'; inMs: number | null }
  /** The quota grants no more until then. */
  | { kind: 'quota'; quota: string; window: string; inMs: number }

export interface ExchangeRequest {
  worker: string
  fence: Fence
  /** Numbers this worker's exchanges under this fence, rising. A repeat with the same number claims nothing new: it gets the same leases. */
  request: number
  outcomes: Outcome[]
  /** How many tasks at most; 0 to claim none. */
  want: number
  /** The quota and the amounts each task needs, or null. Claims no more tasks than the quota grants at once. */
  quota: { name: string; amounts: Amounts } | null
}

export interface ExchangeReply {
  /** One for each outcome, in order. */
  settled: Settled[]
  leases: Leases
  /** null when as many came as were wanted. */
  shortage: Shortage | null
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

export interface TakenBack {
  /** Workers whose host is gone, free now. */
  workers: string[]
  /** How many leases went back. */
  leases: number
}

/** One row for the event log. */
export interface EventRow {
  /** Rising within a host; a repeat of the same (host, seq) is ignored. */
  seq: number
  at: Time
  type: string
  worker: string | null
  payload: unknown
}

/** A worker's new state, stored together with the event that tells of it. */
export interface Transition {
  worker: string
  state: string
  memory: Record<string, unknown> | null
}

export interface QuotaWindow {
  unit: string
  limit: number
  /** Length in ms; for a calendar window the name of its unit and the time zone whose midnight counts. */
  per: number | { calendar: 'day' | 'month'; timeZone: string }
}

export interface QuotaSpec {
  name: string
  windows: QuotaWindow[]
  /** null: strict, no window of that length ever holds more than its limit. A number: token bucket of that size (fixed windows stay strict). */
  burst: number | null
  /** In flight at once; null: no limit. */
  concurrency: number | null
}

export interface QuotaWindowStatus {
  unit: string
  per: string
  limit: number
  used: number
  /** When all of it is free again, or null when nothing is used. */
  resetsAt: Time | null
}

export interface QuotaStatus {
  name: string
  windows: QuotaWindowStatus[]
  /** How long one request would wait now. */
  waitMs: number
  /** Blocked by `block` until then. */
  blockedUntil: Time | null
}

/** What a read may ask for; all are paged by a position the previous page gave. */
export interface PageRequest {
  /** Where the previous page ended; null for the first. */
  after: string | null
  limit: number
}

export interface Page<Row> {
  rows: Row[]
  /** Where to go on, or null: there is no more. */
  next: string | null
}

export interface ResultRow {
  key: string
  dataset: string
  annotator: string
  domain: string
  /** JSON text. */
  value: string
  attempt: number
  worker: string
  committedAt: Time
}

export interface DeadRow {
  key: string
  dataset: string
  annotator: string
  domain: string
  worker: string
  /** `failed`: attempts used up or not to be retried; `poison`: its worker died over it too often. */
  kind: 'failed' | 'poison'
  error: ErrorRecord
  attempt: number
  /** The raw answer that did not fit, as JSON text. */
  value: string | null
  at: Time
}

export interface StoredEvent {
  id: number
  host: string
  at: Time
  type: string
  worker: string | null
  payload: unknown
}

/** Narrows results and dead tasks; all that are given must match. */
export interface LaneFilter {
  dataset?: string
  annotator?: string
  domain?: string
  worker?: string
}

/** Every operation of an engine. One plain object in, one plain object out. */
export interface Engine {
  now(request: Record<string, never>): Awaitable<{ now: Time }>

  /** Makes the host known and takes back what hosts that are gone had. Idempotent. */
  join(request: { host: HostIdentity }): Awaitable<TakenBack>
  /** Signs of life of a host. Answers which of its workers another host has taken, so that their threads are ended. */
  renew(request: { host: string; ttlMs: number }): Awaitable<{ lost: string[] }>
  /** The host ends in order: its workers are free, its leases released at no cost. Idempotent. */
  leave(request: { host: string }): Awaitable<TakenBack>
  /** Takes back workers and leases of hosts that are gone. Any host may call it, at any time. */
  sweep(request: { host: string }): Awaitable<TakenBack>

  /** Makes workers and their lanes known and answers what the store remembers of each. Idempotent; a changed target takes effect. */
  declare(request: { workers: WorkerSpec[] }): Awaitable<{ workers: WorkerRow[] }>
  /** Keeps a change of the configuration that is to outlive the process, in place of what was kept under this id; null: none. */
  keepChange(request: { id: string; change: string | null }): Awaitable<Record<string, never>>
  /** The changes that are kept, in the order in which their ids came first. */
  keptChanges(request: Record<string, never>): Awaitable<{ changes: { id: string; change: string }[] }>
  /** Takes a worker for a host. The holder's own repeat gets a new fence and the leases of its old one are released. */
  acquire(request: { worker: string; host: string }): Awaitable<{ fence: Fence; counts: LaneCounts | null } | { holder: Holder }>
  /** Gives a worker back; its leases are released at no cost. Idempotent. */
  free(request: { worker: string; fence: Fence }): Awaitable<{ released: number }>
  /** Stores states and events in order. Idempotent by (host, seq). */
  record(request: { host: string; transitions: Transition[]; events: EventRow[] }): Awaitable<Record<string, never>>
  /** Deletes a lane's results, dead tasks and positions, or only its worker's memory; answers how much. Refused with FENCED while another host holds it. */
  reset(request: { worker: string; host: string; data: boolean }): Awaitable<{ results: number; dead: number; counts: LaneCounts | null }>

  /** Adds items to a dataset; idempotent by key. */
  enqueue(request: { dataset: string; items: NewItem[]; onConflict: OnConflict }): Awaitable<EnqueueReply>
  /** Settles what a worker finished and claims what it wants next, in one step. Throws FENCED if the fence is not current. */
  exchange(request: ExchangeRequest): Awaitable<ExchangeReply>
  /** A thread is gone: everything leased under the fence goes back, with what it had in hand counted. Idempotent. */
  abandon(request: AbandonRequest): Awaitable<AbandonReply>
  /** Where lanes stand now. */
  counts(request: { workers: string[] }): Awaitable<{ counts: LaneCounts[] }>
  /** Dead tasks back to work with fresh counters (the attempt's ordinal goes on). */
  redrive(request: { filter: LaneFilter; keys: string[] | null }): Awaitable<{ redriven: number; workers: string[] }>

  /** Makes quotas known; what was used stays. Idempotent. */
  declareQuotas(request: { quotas: QuotaSpec[] }): Awaitable<Record<string, never>>
  /** Takes amounts from every window of a quota, or from none. Throws QUOTA_INVALID where it could never be granted. */
  acquireQuota(request: { name: string; amounts: Amounts }): Awaitable<{ granted: true } | { granted: false; window: string; inMs: number }>
  /** Gives amounts back (unused grants) or takes more (the actual was higher): `delta` by unit, negative gives back. */
  settleQuota(request: { name: string; delta: Amounts }): Awaitable<Record<string, never>>
  /** No grants for so long (the provider said so). Never shortens a block. */
  blockQuota(request: { name: string; forMs: number }): Awaitable<Record<string, never>>
  quotas(request: { names: string[] }): Awaitable<{ quotas: QuotaStatus[] }>

  results(request: PageRequest & { filter: LaneFilter }): Awaitable<Page<ResultRow>>
  dead(request: PageRequest & { filter: LaneFilter }): Awaitable<Page<DeadRow>>
  /** Newest last. `types`: exact event types. */
  events(request: PageRequest & { worker?: string; types?: string[] }): Awaitable<Page<StoredEvent>>
  /** Newest first, at most `limit`. */
  latestEvents(request: { limit: number; worker?: string; types?: string[] }): Awaitable<{ rows: StoredEvent[] }>
}

export type EngineOp = keyof Engine
export type EngineRequest<Op extends EngineOp> = Parameters<Engine[Op]>[0]
export type EngineReply<Op extends EngineOp> = Awaited<ReturnType<Engine[Op]>>

/** The operations that change nothing: they may be answered by a read-only connection. */
export const readOps = ['results', 'dead', 'events', 'latestEvents'] as const satisfies readonly EngineOp[]
export type ReadOp = (typeof readOps)[number]

/** Calls an engine wherever it is. `request` settles exactly once. */
export interface EngineClient {
  call<Op extends EngineOp>(op: Op, request: EngineRequest<Op>): Promise<EngineReply<Op>>
}

/** What travels on a port to the store thread. */
export interface StoreRequest<Op extends EngineOp = EngineOp> {
  id: number
  op: Op
  request: EngineRequest<Op>
}

export type StoreReply = { id: number; ok: true; value: unknown } | { id: number; ok: false; error: ErrorRecord }
