/**
 * The contract between drover and whatever keeps its tasks, results, quotas and leases. SQLite is the first engine; every
 * operation takes and returns plain data and may be repeated, so that a thread, a process or a network may stand in between
 * and die at any moment. Nothing above `src/store` knows SQL. `test/store/engine-contract.ts` is the suite every engine passes.
 */
import type { ErrorGroup, ErrorRecord } from '../../errors.js'
import type { QuotaReading } from '../../quotas/providers/observation.js'
import type { LabelReport } from '../agreement.js'
import type { CheckPart } from '../check.js'
import type { DatasetCounts, DeadKind, StoredTaskDetail, Task, TaskState } from './single-tasks.js'

/** A value, or a promise of it: an engine in the same thread may answer at once. */
export type Awaitable<T> = T | Promise<T>

/** A host that cannot be seen directly counts as gone after so long without a sign of life. */
export const hostTtlMs = 30_000

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
  /** Of whoever had it last: as long as it is the same, nobody else has had it since. */
  fence: Fence
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

/** Amounts by unit, e.g. `{ requests: 1, tokens: 1200 }`. */
export type Amounts = Record<string, number>

/** Why fewer tasks came than were wanted. */
export type Shortage =
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
  /** The last one under which this host knows the worker: what it says is passed over if another host has had the worker since. */
  fence?: Fence
}

export interface QuotaWindow {
  unit: string
  /** Above 0. */
  limit: number
  /** Length in ms; the unit of the calendar and the time zone whose midnight counts; or a budget, which never comes back by itself. */
  per: number | { calendar: 'day' | 'month'; timeZone: string } | 'ever'
  /** null: strict, no span of that length ever holds more than the limit. A number: token bucket of that size. Only with a length in ms. */
  burst: number | null
}

/** How a limit gives way to refusals and comes back: additive increase, multiplicative decrease. */
export interface QuotaAdaptation {
  /** At a refusal the rate becomes so many times what it was, 0 to 1. */
  decrease: number
  /** Each minute without one so much of the limit comes back, 0 to 1. */
  increasePerMinute: number
  /** Never below such a share of the limit. */
  least: number
}

export interface QuotaSpec {
  name: string
  windows: QuotaWindow[]
  /** In flight at once; null: no limit. */
  concurrency: number | null
  /** Quotas that everything taken from this one is taken from as well, and from theirs. */
  within: string[]
  /** null: limits stay as they are. */
  adapt: QuotaAdaptation | null
}

/** The name under which a worker's thread asks for quotas: as much its own as its fence. */
export function quotaClientOf(worker: string, fence: Fence): string {
  return `${worker}#${fence}`
}

/** Who asks, told apart from everybody else on the store: `client` and the `ticket` that it numbers its requests with. */
export interface QuotaTicket {
  client: string
  ticket: number
}

export interface QuotaRequest extends QuotaTicket {
  /** The host that the client lives in: what it holds goes back when that is gone. */
  host: string
  /** Quotas, of which one is taken: the healthiest that can go now, else the first that can. */
  choices: string[]
  /** By unit. `requests` is 1 unless given; a window whose unit is not named holds back only while it is spent. */
  amounts: Amounts
  /** So many grants at most, if nobody else waits and there is plenty. At least 1. */
  times: number
  /** Higher goes first; ties in order of asking. */
  priority: number
  /**
   * How long it takes, in ms, until what is granted can be used: its grants are good for as long at least, up to 250 ms. What is good for longer counts
   * for longer. @defaultValue 0
   */
  needsMs?: number
  /** The place that it had before, if its grant came too late to be used; null: behind those of its priority. */
  place: number | null
  /** Whether to stand in line where it cannot be granted now, ... */
  wait: boolean
  /** ... unless its windows alone keep it back for longer than so many ms. */
  patienceMs: number
}

/** What was granted: `times` times the amounts, from one quota and those it is within. */
export interface QuotaGrant {
  quota: string
  amounts: Amounts
  times: number
  /** Under which times it is booked: by window, as `quota window`. */
  booked: Record<string, Time>
  /** Its place in line, see {@link QuotaRequest.place}. */
  place: number
  /** For how long it may be used since it was given. */
  slackMs: number
  /** Until when it may be used, on the machine's monotonic clock in ms; what is not used by then is given back. */
  expiresAt: number
  /** Whether it counts as in flight until it is settled. */
  inFlight: boolean
}

export type QuotaAnswer =
  | { granted: true; grant: QuotaGrant }
  /** `inMs`: when to ask again; Infinity: a budget is spent. `waiting`: it stands in line. */
  | { granted: false; waiting: boolean; quota: string; window: string; inMs: number }

/** What became of a grant, or of a part of it. */
export interface QuotaSettlement {
  quota: string
  /** By unit: what was used beyond what was granted; negative: what goes back. */
  delta: Amounts
  booked: Record<string, Time>
  /** The request that is not in flight any more. */
  done: number | null
}

export interface QuotaWindowStatus {
  unit: string
  per: string
  /** As it is now: less than configured after refusals, with `adapt`. */
  limit: number
  /** The size of a token bucket; null: strict, or by the calendar. */
  burst: number | null
  used: number
  /** When all of it is free again, or null when nothing is used. */
  resetsAt: Time | null
}

export interface QuotaStatus {
  name: string
  /** Its own windows; those of quotas that it is within are theirs. */
  windows: QuotaWindowStatus[]
  within: string[]
  /** How long one request would wait now, those ahead in line included; Infinity: until somebody raises a budget. */
  waitMs: number
  /** What keeps it back: `requests/minute`, `blocked`, `in flight`; null: nothing. */
  waitsFor: string | null
  /** Blocked by `penalize` until then. */
  blockedUntil: Time | null
  /** In flight, of how many (null: no limit, and nobody counts). */
  inFlight: number
  concurrency: number | null
  /** How many stand in line. */
  waiting: number
  /** Not used any more: the provider refuses the key. */
  retired: { reason: string; at: Time } | null
  /** 1: every answer was good. Falls with refusals and failures. */
  health: number
  /** The share of its limits that it goes by, 0 to 1; see `adapt`. */
  pace: number
  /** Granted ever, in requests. */
  granted: number
  /** When the backlog that was asked about could be done at these limits; null: none was asked about, or not by itself. */
  backlogAt: Time | null
}

/** Where a quota stood at a moment, for plots. */
export interface QuotaSample {
  at: Time
  /** By window. */
  used: Record<string, number>
  waiting: number
  inFlight: number
  /** Granted ever, in requests: the difference between two samples is what was granted between. */
  granted: number
}

/** What a read may ask for; all are paged by a position the previous page gave. */
export interface PageRequest {
  /** Where the previous page ended; null for the first. */
  after: string | null
  /** So many rows at most. A page of long rows ends before: `next` says whether there is more. */
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
  kind: DeadKind
  error: ErrorRecord
  attempt: number
  /** The raw answer that did not fit, as JSON text. */
  value: string | null
  at: Time
}

/** What calls used, by unit, as they told. */
export interface UsageRow {
  worker: string
  annotator: string
  domain: string
  usage: Amounts
}

export interface TaskUsageRow {
  key: string
  dataset: string
  annotator: string
  domain: string
  usage: Amounts
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

/** Tasks that were moved by hand, and the workers of their lanes. */
export interface Moved {
  count: number
  workers: string[]
}

export interface TaskFilter {
  filter: LaneFilter
  state?: TaskState
  /** Text within the key. */
  search?: string
  /** Dead tasks of this kind. */
  kind?: DeadKind
}

/** Every operation of an engine. One plain object in, one plain object out. */
export interface Engine {
  now(request: Record<string, never>): Awaitable<{ now: Time }>

  /**
   * Makes the host known and takes back what hosts that are gone had; `gone`: how many ended without a word. Idempotent. `ttlMs`: how long it counts as alive after each sign of
   * life, where its process cannot be checked. @defaultValue {@link hostTtlMs}
   */
  join(request: { host: HostIdentity; ttlMs?: number }): Awaitable<TakenBack & { gone: number }>
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
  /**
   * Takes a worker for a host. The holder's own repeat gets a new fence and the leases of its old one are released. `left`: as whoever had
   * it last has left it.
   */
  acquire(request: {
    worker: string
    host: string
  }): Awaitable<{ fence: Fence; counts: LaneCounts | null; left: Pick<WorkerRow, 'fence' | 'state' | 'memory'> } | { holder: Holder }>
  /** Who holds these workers, in their order; null: nobody who is there. */
  holders(request: { workers: string[] }): Awaitable<{ holders: (Holder | null)[] }>
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
  /** Retrying tasks are due at once. Answers how many were not yet, and the workers of their lanes. */
  promote(request: { filter: LaneFilter; keys: string[] | null }): Awaitable<Moved>
  /**
   * Gives up tasks of one state for good, kind `dropped`; `error` says why. At most `limit` of them, in order, unless keys are given:
   * `more` says whether to ask again. Dead ones that were dropped already stay as they are.
   */
  drop(request: {
    filter: LaneFilter
    keys: string[] | null
    state: 'waiting' | 'retrying' | 'dead'
    error: ErrorRecord
    limit: number
  }): Awaitable<Moved & { more: boolean }>
  /**
   * Waiting and retrying tasks go by this priority in the lanes that match, before others that have it by themselves. With the dataset
   * alone as a filter it becomes the items' own, also for lanes that are declared later.
   */
  prioritise(request: { filter: LaneFilter & { dataset: string }; keys: string[]; priority: number }): Awaitable<Moved>

  /** Makes quotas known; what was used stays. Idempotent. */
  declareQuotas(request: { quotas: QuotaSpec[] }): Awaitable<Record<string, never>>
  /**
   * Takes amounts from every window of a quota and of those that it is within, or from none. One that stands in line keeps its place as
   * long as its engine is alive and asks for it. A repeat has no second effect. Throws QUOTA_INVALID where it could never be granted,
   * QUOTA_RETIRED where every choice is retired.
   */
  acquireQuota(request: QuotaRequest): Awaitable<QuotaAnswer>
  /** What would keep a request back if it were alone; null: nothing. Takes nothing. */
  probeQuota(
    request: Pick<QuotaRequest, 'choices' | 'amounts'>,
  ): Awaitable<{ wait: { quota: string; window: string; inMs: number } | null }>
  /** Leaves the line: the request is answered as not granted. A grant that crosses with it is the client's to settle. Idempotent. */
  cancelQuota(request: QuotaTicket): Awaitable<Record<string, never>>
  /** Settles grants, and counts what a worker used beside its tasks. A client numbers these requests, rising: one that was done is not done again. */
  settleQuota(request: {
    client: string
    request: number
    settlements: QuotaSettlement[]
    usage: { worker: string; amounts: Amounts } | null
  }): Awaitable<Record<string, never>>
  /** The client is gone: it stands in no line, and has nothing in flight. What it took counts as used. Idempotent. */
  leaveQuotas(request: { client: string }): Awaitable<Record<string, never>>
  /** No grants for so long (the provider said so), a year at most. Never shortens a block; `forMs` null: lifts it. */
  blockQuota(request: { name: string; forMs: number | null }): Awaitable<Record<string, never>>
  /** What a provider's answer says: tightens windows, slows down at a refusal (with `adapt`), and keeps the health. */
  observeQuota(request: {
    name: string
    readings: QuotaReading[]
    outcome: 'ok' | 'refused' | 'failed' | null
  }): Awaitable<Record<string, never>>
  /** The provider does not accept the key: no grants until it is revived. `reason` null: revives it. */
  retireQuota(request: { name: string; reason: string | null }): Awaitable<{ changed: boolean }>
  /** `backlogs`: what is left to do, by quota; see {@link QuotaStatus.backlogAt}. */
  quotas(request: { names: string[]; backlogs?: Record<string, { tasks: number; amounts: Amounts }> }): Awaitable<{ quotas: QuotaStatus[] }>

  /** `skip`: so many rows from where the page would begin are left out. @defaultValue 0 */
  results(request: PageRequest & { filter: LaneFilter; skip?: number }): Awaitable<Page<ResultRow>>
  dead(request: PageRequest & { filter: LaneFilter }): Awaitable<Page<DeadRow>>
  /** Dead tasks by what they died of, for `limit` of them at a time: groups of several pages are to be added up. `before`: died before then. */
  deadErrors(request: PageRequest & { filter: LaneFilter; before?: Time }): Awaitable<Page<ErrorGroup>>
  /**
   * Lane by lane: waiting tasks in the order of being handed out, those of another state by order of loading, all of them by key. `search`:
   * keys that contain it. A page that has to look through much may be short, or empty, and there is more all the same.
   */
  tasks(request: PageRequest & TaskFilter): Awaitable<Page<Task>>
  /** An item over all lanes of its dataset; null: there is none. */
  task(request: { dataset: string; key: string }): Awaitable<{ detail: StoredTaskDetail | null }>
  datasets(request: Record<string, never>): Awaitable<{ datasets: DatasetCounts[] }>
  /** `path`: where in a result that is an object its label is. Of the items that have results the latest `items` of each domain. */
  labels(request: { dataset?: string; domain?: string; path: string; items: number }): Awaitable<{ reports: LabelReport[] }>
  /** One for each worker that used anything. `worker` only: its id narrows, the rest of the filter goes by lanes. */
  usage(request: { filter: LaneFilter }): Awaitable<{ rows: UsageRow[] }>
  taskUsage(request: PageRequest & { filter: LaneFilter }): Awaitable<Page<TaskUsageRow>>
  /** Oldest first, from `since` (ms since the epoch) on; one every ten seconds in which something changed, for a day. */
  quotaHistory(request: { name: string; since: Time }): Awaitable<{ samples: QuotaSample[] }>
  /** Newest last. `types`: exact event types. `first` and `last`: the lowest and the highest id in the log; 0: it is empty. */
  events(request: PageRequest & { worker?: string; types?: string[] }): Awaitable<Page<StoredEvent> & { first: number; last: number }>
  /** Newest first. */
  latestEvents(request: PageRequest & { worker?: string; types?: string[] }): Awaitable<Page<StoredEvent>>
  /** Looks whether the store is sound, a part at a time. `quick`: only what finds damage of the file and of what is counted. */
  check(request: { after: string | null; quick?: boolean }): Awaitable<CheckPart>
}

export type EngineOp = keyof Engine
export type EngineRequest<Op extends EngineOp> = Parameters<Engine[Op]>[0]
export type EngineReply<Op extends EngineOp> = Awaited<ReturnType<Engine[Op]>>

/** The operations that change nothing: they may be answered by a read-only connection. */
export const readOps = [
  'results',
  'dead',
  'deadErrors',
  'tasks',
  'task',
  'datasets',
  'labels',
  'events',
  'latestEvents',
  'quotaHistory',
  'usage',
  'taskUsage',
  'check',
] as const satisfies readonly EngineOp[]
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
