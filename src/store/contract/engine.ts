/**
 * The contract between drover and whatever keeps its tasks, results, quotas and leases. SQLite is the first engine; every
 * operation takes and returns plain data and may be repeated, so that a thread, a process or a network may stand in between
 * and die at any moment. Nothing above `src/store` knows SQL. `test/store/engine-contract.ts` is the suite every engine passes.
 */
import type { ErrorGroup, ErrorRecord } from '../../errors.js'
import type { Awaitable, Fence, Page, PageRequest, Time } from './basics.js'
import type { HoldingHost, HostIdentity, TakenBack } from './hosts.js'
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
import type { CheckPart, DeadRow, LabelReport, ResultRow, StoredEvent, TaskUsageRow, UsageRow } from './reads.js'
import type { EventRow, LaneCounts, LaneFilter, Transition, WorkerRow, WorkerSpec } from './registry.js'
import type { DatasetCounts, Moved, StoredTaskDetail, TaskFilter, TaskRecord } from './single-tasks.js'
import type { AbandonReply, AbandonRequest, EnqueueReply, ExchangeReply, ExchangeRequest, NewItem, OnConflict } from './tasks.js'

/** A host that cannot be seen directly counts as gone after so long without a sign of life. */
export const hostTtlMs = 30_000

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
  }): Awaitable<{ fence: Fence; counts: LaneCounts | null; left: Pick<WorkerRow, 'fence' | 'state' | 'memory'> } | { holder: HoldingHost }>
  /** Who holds these workers, in their order; null: nobody who is there. */
  holders(request: { workers: string[] }): Awaitable<{ holders: (HoldingHost | null)[] }>
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
  tasks(request: PageRequest & TaskFilter): Awaitable<Page<TaskRecord>>
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
