/**
 * The contract between drover and its storage engine for tasks, results, quotas and leases. SQLite is the first engine. Every
 * operation takes and returns plain data and may be repeated, so that a thread, a process or a network in between may die at any
 * moment. Nothing above `src/store` uses SQL. `test/store/engine-contract.ts` is the suite every engine passes.
 */
import type { ErrorGroup, ErrorRecord } from '../../errors.js'
import type { Awaitable, Fence, Page, PageRequest, Time } from './basics.js'
import type { HoldingHost, HostIdentity, HostRow, TakenBack } from './hosts.js'
import type {
  Amounts,
  QuotaAnswer,
  QuotaReading,
  QuotaRequest,
  QuotaSample,
  QuotaSettlement,
  QuotaSpec,
  QuotaStatus,
  QuotaTicket,
} from './quotas.js'
import type {
  CheckPart,
  DeadRow,
  EndedFilter,
  EndedRow,
  HistoryRow,
  LabelReport,
  ResultRow,
  StoredEvent,
  TaskUsageRow,
  UsageRow,
} from './reads.js'
import type { EventRow, LaneCounts, LaneFilter, Transition, WorkerRow, WorkerSpec } from './registry.js'
import type {
  DatasetCounts,
  Moved,
  StoredPastResult,
  StoredTaskDetail,
  TaskCounts,
  TaskFilter,
  TaskName,
  TaskRecord,
} from './single-tasks.js'
import type { AbandonReply, AbandonRequest, EnqueueReply, ExchangeReply, ExchangeRequest, NewItem, OnConflict } from './tasks.js'

/** A host that cannot be checked directly counts as gone after this time (ms) without a renewal. */
export const hostTtlMs = 30_000

/** Every operation of an engine. One plain object in, one plain object out. */
export interface Engine {
  now(request: Record<string, never>): Awaitable<{ now: Time }>

  /**
   * Registers the host and takes over from dead hosts; `gone`: how many of these did not leave in order. Idempotent. `ttlMs`: how
   * long the host counts as alive after each renewal if its process cannot be checked. @defaultValue {@link hostTtlMs}
   */
  join(request: { host: HostIdentity; ttlMs?: number }): Awaitable<TakenBack & { gone: number }>
  /** Renews a host. @returns its workers that another host has taken, whose threads must end */
  renew(request: { host: string; ttlMs: number }): Awaitable<{ lost: string[] }>
  /** The host ends in order: frees its workers and returns its leases without counting attempts. Idempotent. */
  leave(request: { host: string }): Awaitable<TakenBack>
  /** Takes over workers and leases of dead hosts. Any host may call it at any time. */
  sweep(request: { host: string }): Awaitable<TakenBack>

  /** Declares workers and their lanes, and returns the stored state of each. Idempotent; a changed target takes effect. */
  declare(request: { workers: WorkerSpec[] }): Awaitable<{ workers: WorkerRow[] }>
  /** Stores a persistent change of the configuration, replacing the one under this id; null: deletes it. */
  keepChange(request: { id: string; change: string | null }): Awaitable<Record<string, never>>
  /** The stored changes, in the order in which their ids first came. */
  keptChanges(request: Record<string, never>): Awaitable<{ changes: { id: string; change: string }[] }>
  /**
   * Claims a worker for a host. If the holder itself repeats it, it gets a new fence, and the leases of the old one are returned.
   * `left`: the state that the last holder left.
   */
  acquire(request: {
    worker: string
    host: string
  }): Awaitable<{ fence: Fence; counts: LaneCounts | null; left: Pick<WorkerRow, 'fence' | 'state' | 'memory'> } | { holder: HoldingHost }>
  /** The holders of these workers, in their order; null: no live host. */
  holders(request: { workers: string[] }): Awaitable<{ holders: (HoldingHost | null)[] }>
  /** Frees a worker; returns its leases without counting attempts. Idempotent. */
  free(request: { worker: string; fence: Fence }): Awaitable<{ released: number }>
  /** Stores states and events in order. Idempotent by (host, seq). */
  record(request: { host: string; transitions: Transition[]; events: EventRow[] }): Awaitable<Record<string, never>>
  /**
   * Deletes a lane's results, dead tasks and positions, or only its worker's memory. @returns the numbers. Refused with FENCED
   * while another host holds it
   */
  reset(request: { worker: string; host: string; data: boolean }): Awaitable<{ results: number; dead: number; counts: LaneCounts | null }>

  /** Adds items to a dataset; idempotent by key. */
  enqueue(request: { dataset: string; items: NewItem[]; onConflict: OnConflict }): Awaitable<EnqueueReply>
  /** Settles a worker's outcomes and claims its next tasks in one step. Throws FENCED if the fence is not current. */
  exchange(request: ExchangeRequest): Awaitable<ExchangeReply>
  /** A thread is gone: returns all leases of the fence, and charges the tasks in hand. Idempotent. */
  abandon(request: AbandonRequest): Awaitable<AbandonReply>
  /** The current counts of lanes. */
  counts(request: { workers: string[] }): Awaitable<{ counts: LaneCounts[] }>
  /** Makes dead tasks waiting again with fresh counters (the numbers of attempts continue). */
  redrive(request: { filter: LaneFilter; keys: string[] | null }): Awaitable<{ redriven: number; workers: string[] }>
  /**
   * Makes done tasks waiting again. Their results are set aside, see {@link pastResults}. `call` names the call: a repeat leaves alone
   * the results that came since, and tells the same count.
   */
  redo(request: { filter: LaneFilter; keys: string[]; call: string }): Awaitable<Moved>
  /** Makes retrying tasks due at once. @returns how many were not yet due, and the workers of their lanes */
  promote(request: { filter: LaneFilter; keys: string[] | null }): Awaitable<Moved>
  /**
   * Gives up tasks of one state, kind `dropped`, with `error` as the reason. Without keys at most `limit` of them, in order:
   * `more` says whether to ask again. Already dropped tasks stay as they are.
   */
  drop(request: {
    filter: LaneFilter
    keys: string[] | null
    state: 'waiting' | 'retrying' | 'dead'
    error: ErrorRecord
    limit: number
  }): Awaitable<Moved & { more: boolean }>
  /**
   * Sets the priority of waiting and retrying tasks in the lanes that match; they go before tasks that had this priority from the
   * load. With the dataset alone as a filter it becomes the priority of the items, also for lanes declared later.
   */
  prioritise(request: { filter: LaneFilter & { dataset: string }; keys: string[]; priority: number }): Awaitable<Moved>

  /** Declares quotas; used amounts stay. Idempotent. */
  declareQuotas(request: { quotas: QuotaSpec[] }): Awaitable<Record<string, never>>
  /**
   * Takes amounts from every window of a quota and of the quotas that it is within, or from none. A waiting request keeps its
   * place in line while its engine is alive and renews it. A repeat has no second effect. Throws QUOTA_INVALID if it could never
   * be granted, QUOTA_RETIRED if every choice is retired.
   */
  acquireQuota(request: QuotaRequest): Awaitable<QuotaAnswer>
  /** The wait of a request if it were the only one; null: none. Takes nothing. */
  probeQuota(
    request: Pick<QuotaRequest, 'choices' | 'amounts'>,
  ): Awaitable<{ wait: { quota: string; window: string; inMs: number } | null }>
  /**
   * Leaves the line: the request is answered as not granted. If a grant crosses with this call, the client must settle it.
   * Idempotent.
   */
  cancelQuota(request: QuotaTicket): Awaitable<Record<string, never>>
  /**
   * Settles grants, and counts a worker's usage outside tasks. A client numbers these requests in rising order, so a repeat has
   * no second effect.
   */
  settleQuota(request: {
    client: string
    request: number
    settlements: QuotaSettlement[]
    usage: { worker: string; amounts: Amounts } | null
  }): Awaitable<Record<string, never>>
  /** The client is gone: ends its places in line and in flight. Its grants count as used. Idempotent. */
  leaveQuotas(request: { client: string }): Awaitable<Record<string, never>>
  /** Stops grants for a time, at most a year. Never shortens a block; `forMs` null: lifts it. */
  blockQuota(request: { name: string; forMs: number | null }): Awaitable<Record<string, never>>
  /** Applies a provider's answer: tightens windows, slows down at a refusal (with `adapt`), and updates the health. */
  observeQuota(request: {
    name: string
    readings: QuotaReading[]
    outcome: 'ok' | 'refused' | 'failed' | null
  }): Awaitable<Record<string, never>>
  /** Stops grants until the quota is revived, because the provider does not accept the key. `reason` null: revives it. */
  retireQuota(request: { name: string; reason: string | null }): Awaitable<{ changed: boolean }>
  /** `backlogs`: the tasks left, by quota; see {@link QuotaStatus.backlogAt}. */
  quotas(request: { names: string[]; backlogs?: Record<string, { tasks: number; amounts: Amounts }> }): Awaitable<{ quotas: QuotaStatus[] }>

  /** `skip`: number of rows to skip from the beginning of the page. @defaultValue 0 */
  results(request: PageRequest & { filter: LaneFilter; skip?: number }): Awaitable<Page<ResultRow>>
  dead(request: PageRequest & { filter: LaneFilter }): Awaitable<Page<DeadRow>>
  /** Ended tasks lane by lane, in order of loading. */
  ended(request: PageRequest & EndedRequest): Awaitable<Page<EndedRow>>
  /**
   * Ended tasks, the newest first: `limit` after the first `skip`. Long data and values are cut, and become texts. `search`: those of
   * the newest 20,000 whose key, data or value contains this text, in any letter case. `total`: without limit and skip.
   */
  latestEnded(request: EndedRequest & { search?: string; limit: number; skip: number }): Awaitable<{ rows: EndedRow[]; total: number }>
  /**
   * Dead tasks grouped by error, `limit` tasks for each page: add up the groups of all pages. `before`: only tasks that died
   * before this time.
   */
  deadErrors(request: PageRequest & { filter: LaneFilter; before?: Time }): Awaitable<Page<ErrorGroup>>
  /**
   * Tasks lane by lane: waiting ones in the order in which they will be handed out, those of another state in order of loading,
   * all states by key. With `search`, `prefix` or `keys`: key by key, each in all its lanes. A page after a long search may be short or
   * empty although there are more.
   */
  tasks(request: PageRequest & TaskFilter): Awaitable<Page<TaskRecord>>
  /** The names of the same tasks in the same order, for a call that moves them. */
  taskNames(request: PageRequest & TaskFilter): Awaitable<Page<TaskName>>
  /** How many tasks match, by state. Of a long search a part at a time: add up the parts. */
  taskCounts(request: { after: string | null } & TaskFilter): Awaitable<{ counts: TaskCounts; next: string | null }>
  /** An item with its task in every lane; null: it does not exist. */
  task(request: { dataset: string; key: string }): Awaitable<{ detail: StoredTaskDetail | null }>
  /** The results of a task that were set aside, lane by lane, the latest first. */
  pastResults(
    request: PageRequest & { dataset: string; key: string; annotator?: string; domain?: string },
  ): Awaitable<Page<StoredPastResult>>
  datasets(request: Record<string, never>): Awaitable<{ datasets: DatasetCounts[] }>
  /**
   * `path`: the JSON path of the label in a result that is an object. Only the latest `items` items with results of each domain
   * count.
   */
  labels(request: { dataset?: string; domain?: string; path: string; items: number }): Awaitable<{ reports: LabelReport[] }>
  /** One row for each worker with usage. The filter's `worker` matches the id; its other parts match lanes. */
  usage(request: { filter: LaneFilter }): Awaitable<{ rows: UsageRow[] }>
  taskUsage(request: PageRequest & { filter: LaneFilter }): Awaitable<Page<TaskUsageRow>>
  /** Samples from `since` (ms since the epoch) on, oldest first: one every ten seconds with a change, for a day. */
  quotaHistory(request: { name: string; since: Time }): Awaitable<{ samples: QuotaSample[] }>
  /**
   * What was done from `from` up to `until`, oldest first, without steps in which nothing was. `stepMs`: whole minutes within the last
   * hour, else tens of minutes; kept for a day. The filter's `worker` matches the id; its other parts match lanes.
   */
  history(request: { filter: LaneFilter; from: Time; until: Time; stepMs: number }): Awaitable<{ rows: HistoryRow[] }>
  /** The hosts that share the store, and those that died after `diedAfter`, oldest first. `version`: of the store's tables. */
  hosts(request: { diedAfter: Time }): Awaitable<{ hosts: HostRow[]; version: number }>
  /** Newest last. `types`: exact event types. `first` and `last`: the lowest and the highest id in the log; 0: it is empty. */
  events(request: PageRequest & { worker?: string; types?: string[] }): Awaitable<Page<StoredEvent> & { first: number; last: number }>
  /** Newest first. */
  latestEvents(request: PageRequest & { worker?: string; types?: string[] }): Awaitable<Page<StoredEvent>>
  /** Checks the store, one part in each call. `quick`: only the checks that find a damaged file or wrong counts. */
  check(request: { after: string | null; quick?: boolean }): Awaitable<CheckPart>
}

/** `state`: only those; null: both. */
export interface EndedRequest {
  filter: EndedFilter
  state: 'done' | 'dead' | null
}

export type EngineOp = keyof Engine
export type EngineRequest<Op extends EngineOp> = Parameters<Engine[Op]>[0]
export type EngineReply<Op extends EngineOp> = Awaited<ReturnType<Engine[Op]>>

/** The operations that change nothing, which a read-only connection can answer. */
export const readOps = [
  'results',
  'dead',
  'ended',
  'latestEnded',
  'deadErrors',
  'tasks',
  'taskNames',
  'taskCounts',
  'task',
  'pastResults',
  'datasets',
  'labels',
  'events',
  'latestEvents',
  'quotaHistory',
  'history',
  'hosts',
  'usage',
  'taskUsage',
  'check',
] as const satisfies readonly EngineOp[]
export type ReadOp = (typeof readOps)[number]

/** Calls an engine in this or another thread. Each call settles exactly once. */
export interface EngineClient {
  call<Op extends EngineOp>(op: Op, request: EngineRequest<Op>): Promise<EngineReply<Op>>
}

/** A request to the store thread. */
export interface StoreRequest<Op extends EngineOp = EngineOp> {
  id: number
  op: Op
  request: EngineRequest<Op>
}

export type StoreReply = { id: number; ok: true; value: unknown } | { id: number; ok: false; error: ErrorRecord }
