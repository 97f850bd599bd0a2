/**
 * What a user may configure, and what it compiles to. User options become one default-filled type at the edge, once
 * (`config.ts`); inside nothing is optional that has a default.
 */
import type { SnapshotKind } from '../failure.js'
import type { RestartMode, RestartPolicy } from '../machines/lifecycle/judge.js'
import type { AutoShutdown, RestartIntensity, SupervisorStrategy, TreeNode } from '../machines/supervision/rules.js'
import type { QuotaSpec } from '../store/contract/engine.js'

/** How long things may take, and how often they are looked at. All in whole milliseconds, at most 2_147_483_647 (24 days). */
export interface HeartbeatOptions {
  /** How often a thread beats. At least 10. A thread that hangs is noticed after {@link timeoutMs}, never sooner. @defaultValue 30_000 */
  everyMs?: number
  /**
   * Stuck after so long without a beat, not counting what the thread waited for a core (Linux), at the latest after twenty times that. At least
   * twice {@link everyMs}. @defaultValue 120_000
   */
  timeoutMs?: number
  /** Stuck after so long in `process` or `run` without progress, beats or not. At least 10. `ctx.extend(ms)` asks for more. @defaultValue 300_000 */
  progressTimeoutMs?: number
  /** From spawn to ready, import and `setup` included. At least 10. @defaultValue 30_000 */
  startTimeoutMs?: number
}

/** Waits that grow: the n-th is `min(maxMs, initialMs * factor^n)`, less its random share. */
export interface BackoffOptions {
  /** First wait, in whole milliseconds. 0 to {@link maxMs}. */
  initialMs?: number
  /** Each wait is so many times the one before. At least 1. */
  factor?: number
  /** No wait is longer, jitter included. At least {@link initialMs}. */
  maxMs?: number
  /** Share of a wait that is random, 0 to 1: a wait w becomes one between w * (1 - jitter) and w. */
  jitter?: number
}

/**
 * When a lane stops beginning tasks because its attempts fail, so that an endpoint that is down, or a mistake in the worker, does not use up the
 * attempts of every task. It waits, then tries one task: if that succeeds it goes on, else it waits for twice as long. The task that is tried pays for
 * its attempt, the others do not. It is told of as `lane:breaker:opened`, in the log and in the worker's status.
 */
export interface BreakerOptions {
  /**
   * A whole number: it opens when so many attempts in a row failed with one error. A share, more than 0 and less than 1: when so many of the attempts within
   * {@link withinMs}, of at least 20, failed with whatever error. @defaultValue 20
   */
  failures?: number
  /** Attempts longer ago do not count, in whole milliseconds, at least 1. @defaultValue 60_000 for a share; for a number they count however long ago */
  withinMs?: number
  /**
   * `'park'`: the worker gives its thread and its slot back, and goes on by itself; `done()` waits for it. `'pause'`: it stays paused until
   * `resume`, as one whose budget is spent; `done()` does not wait for that unless somebody is there to do it. @defaultValue 'park'
   */
  do?: 'park' | 'pause'
  /** The first wait, in whole milliseconds, at least 1; each is twice the one before. @defaultValue 5_000 */
  forMs?: number
  /** No wait is longer, in whole milliseconds. At least {@link forMs}. @defaultValue 300_000, or forMs if that is more */
  maxMs?: number
}

/** What happens to a task whose attempt failed. */
export interface TaskOptions {
  /** A task that failed (or crashed its worker) so often is dead. At least 1. @defaultValue 3 */
  maxAttempts?: number
  /**
   * A task in hand at so many worker deaths is quarantined as poison. At least 1; without effect above {@link maxAttempts}. Ends of the whole
   * host, which somebody may have killed from outside, are counted apart: ten. @defaultValue 2
   */
  poisonAfter?: number
  /** Waits between attempts. @defaultValue `{ initialMs: 1_000, factor: 2, maxMs: 60_000, jitter: 0.2 }` */
  backoff?: BackoffOptions
  /** An attempt that takes longer, in whole milliseconds, is aborted (`ctx.signal`) and failed. 0: no limit. @defaultValue 0 */
  timeoutMs?: number
  /** Stops a lane whose attempts fail and fail; false: it never stops. @defaultValue on, with the defaults of {@link BreakerOptions} */
  breaker?: boolean | BreakerOptions
}

/** One limit of a quota. */
export interface QuotaLimit {
  /** So many units per window. More than 0. */
  limit: number
  /**
   * A window's length: `'second' | 'minute' | 'hour'` or whole milliseconds slide; `'day' | 'month'` go by the calendar of
   * {@link timeZone}.
   */
  per: 'second' | 'minute' | 'hour' | 'day' | 'month' | number
  /** IANA name, e.g. `'America/Los_Angeles'`; only with `'day'` and `'month'`. @defaultValue 'UTC' */
  timeZone?: string
  /**
   * Makes a sliding window a token bucket of that size, at least 1: it fills evenly and holds no more than this. Without it the
   * window is strict: no span of its length ever holds more than its limit. @defaultValue the quota's `burst`, for `requests`
   */
  burst?: number
}

/** How a quota gives way when the provider refuses although it should not (AIMD). */
export interface QuotaAdaptOptions {
  /** At a refusal the rate becomes so many times what it was. More than 0, less than 1. @defaultValue 0.5 */
  decrease?: number
  /** Each minute without one so much of the limit comes back. More than 0, up to 1. @defaultValue 0.1 */
  increasePerMinute?: number
  /** Never below such a share of the limit. More than 0, up to 1. @defaultValue 0.1 */
  least?: number
}

/**
 * One provider limit, shared by every worker that names it, in all threads, processes and hosts on the store. Any key that is not listed here is a
 * unit (`requests`, `tokens`, `inputTokens`, `outputTokens`, `cost`, ...). Each call takes one of `requests` and what was estimated of
 * the others; it is granted by all windows at once, or waits. Semantics: `docs/quotas.md`.
 */
export interface QuotaOptions {
  /** Limits on the number of calls. */
  requests?: QuotaLimit | QuotaLimit[]
  /** Limits on tokens. */
  tokens?: QuotaLimit | QuotaLimit[]
  /** Makes the sliding windows of `requests` token buckets of that size, at least 1; see {@link QuotaLimit.burst}. */
  burst?: number
  /** Calls in flight at once. At least 1. @defaultValue no limit */
  concurrency?: number
  /** Quotas that each call of this one is taken from as well: the project that a key belongs to, say. */
  within?: string | string[]
  /** What may be used ever, by unit: when it is spent, its workers pause until somebody raises it. @defaultValue no cap */
  budget?: Record<string, number>
  /** Slows down when the provider refuses, and comes back by itself; `true`: with the defaults. @defaultValue false */
  adapt?: boolean | QuotaAdaptOptions
  [unit: string]: QuotaLimit | QuotaLimit[] | number | string | string[] | boolean | QuotaAdaptOptions | Record<string, number> | undefined
}

/** What a worker's tasks take from its quota. */
export interface WorkerQuotaOptions {
  /** A key of `quotas`. Either this or {@link rotate}. */
  name?: string
  /** Several of them: each task takes from the one that can go first, the healthiest of those. `ctx.quota.lease.quota` says which it was. */
  rotate?: string[]
  /**
   * What a task is estimated to take, by unit; `quota.settle` corrects it. A worker module's `estimate` is laid over it.
   * @defaultValue `{ requests: 1 }`
   */
  amounts?: Record<string, number>
  /** For the place in line; higher goes first. @defaultValue 0 */
  priority?: number
}

export interface LogOptions {
  /** `'silent' | 'error' | 'warn' | 'info' | 'debug'`. @defaultValue 'info' */
  level?: LogLevel
  /** Lines on the terminal (stderr): pretty on a TTY, plain otherwise. @defaultValue true */
  console?: boolean
  /** Folder of the log files, or false for none. @defaultValue `logs` beside the store; false for ':memory:' */
  dir?: string | false
  /** A file is rotated at so many bytes. At least 1_000. @defaultValue 10_000_000 */
  maxBytes?: number
  /** So many rotated files of each name are kept, 0 to 1_000. @defaultValue 5 */
  keep?: number
}

export type LogLevel = 'silent' | 'error' | 'warn' | 'info' | 'debug'

/** Limits of a thread's memory in megabytes, as `worker_threads` takes them. What V8 allocates outside of its heap (Buffers) is not among it. */
export interface ResourceLimits {
  maxOldGenerationSizeMb?: number
  maxYoungGenerationSizeMb?: number
  codeRangeSizeMb?: number
  stackSizeMb?: number
}

/**
 * When a thread is replaced by a fresh one, against code that leaks: it finishes its tasks in hand first, keeps its slot, and it
 * counts as no restart. Whatever comes first.
 */
export interface RecycleOptions {
  /** After so many tasks. At least 1. */
  maxTasks?: number
  /** After so long, in whole milliseconds. At least 1_000. */
  maxAgeMs?: number
  /** When so many megabytes of heap are still in use after V8 has cleared it up. At least 1. */
  maxHeapMb?: number
}

/**
 * Files that are written of a thread when it is found stuck, before it is killed, and when its memory runs out. A failure names its
 * own in `evidence.files`. What cannot be written is logged, and changes nothing else.
 */
export interface EvidenceOptions {
  /** The folder, relative to the working directory. It is made if it is not there. */
  dir: string
  /**
   * For how long the CPU profile of a stuck thread runs, in whole milliseconds: 10 to 60_000 and less than {@link withinMs}, or 0 for none.
   * Read the `.cpuprofile` with DevTools or speedscope. @defaultValue 1_000
   */
  cpuProfileMs?: number
  /**
   * Whether heap snapshots are written: for all of `'start-timeout'`, `'heartbeat-lost'`, `'progress-stalled'`, `'out-of-memory'`, or for
   * those listed.
   *
   * **A heap snapshot holds all that the program had in memory: texts of tasks, API keys, passwords. Nothing is struck out of it.** Its
   * file can be read by its owner only (mode 0600); treat it as you treat the secrets.
   *
   * It takes seconds for each 10 MB of small objects, as much memory again, and the thread can do nothing else meanwhile, not even end. That of a
   * thread whose memory runs out is first written to the working directory (or Node's `--diagnostic-dir`); no beat comes meanwhile, so
   * `heartbeat.timeoutMs` must be longer. Of several threads that are stuck at once one gets a snapshot. @defaultValue false
   */
  heapSnapshot?: boolean | SnapshotKind[]
  /**
   * Profile and snapshot of a stuck thread hold up its kill for no longer, in whole milliseconds, at least 1. A snapshot that is
   * not done by then is lost if the thread ends before; until it has ended, it gets as long again before it counts as `unkillable`.
   * @defaultValue 30_000
   */
  withinMs?: number
  /** The files of so many failures are kept, the latest; older ones are removed. At least 1. @defaultValue 10 */
  keep?: number
}

/** What a worker may have, whichever way it is declared. */
export interface WorkerBase {
  /**
   * The worker module: a path (relative to the working directory), a `file:` URL or a `URL`. It ends in `.js`, `.mjs`, `.ts` or
   * `.mts` and exists. Its default export is made by `defineWorker`.
   */
  module: string | URL
  /** Handed to the worker as `ctx.input`; must survive structured cloning. Never stored, never logged. */
  input?: unknown
  /** The dataset whose items are its tasks, a name. Without it the worker has no tasks: its module has `run`. */
  dataset?: string
  /** Name of the quota (a key of `quotas`) that each of its tasks takes one request from; or more about it. */
  quota?: string | WorkerQuotaOptions
  /** A disabled worker is declared but not started by `start()`. @defaultValue true */
  enabled?: boolean
  /** How many tasks the lane does; may be raised later. 0 to `limits.maxTarget`. @defaultValue all items of the dataset */
  target?: number
  /** Wait between a task's end and the next one's start, in whole milliseconds. 100 to 60_000, or 0. @defaultValue 0 */
  delayMs?: number
  /** Tasks in flight at once. 1 to 1_024. @defaultValue 1 */
  concurrency?: number
  /** Tasks held ready beyond those in flight, 0 to 1_024; `'auto'`: as many as are done in some milliseconds. @defaultValue 'auto' */
  prefetch?: number | 'auto'
  /**
   * For a place in the queue for slots; higher first, then who waited longer. A minute of waiting is worth one step, so that nobody
   * starves. @defaultValue 0
   */
  priority?: number
  /** Name of a group of `groups`, whose limit holds for it too. */
  group?: string
  /** Takes the place of the system's, as a whole. @defaultValue the system's `restart` */
  restart?: RestartPolicy
  /**
   * `'process'`: it runs on the main thread of a process of its own, so that a crash of native code, an abort of V8 or a native call that
   * never returns harms nobody but itself. Costs memory (some 60 MB) and a slower start; tasks and results go through the main
   * thread. {@link resourceLimits} has no `codeRangeSizeMb` then, and a `stackSizeMb` beyond what the system gives a process
   * (`ulimit -s`) ends it; {@link input} shares no memory. @defaultValue 'thread'
   */
  isolation?: 'thread' | 'process'
  /** Heap limits of the thread, as `worker_threads` takes them. @defaultValue those of Node.js */
  resourceLimits?: ResourceLimits
  /** Replaces the thread now and then, between tasks; see {@link RecycleOptions}. @defaultValue never */
  recycle?: RecycleOptions
  /** Laid over the system's, option by option. */
  heartbeat?: HeartbeatOptions
  /** Laid over the system's, option by option. */
  tasks?: TaskOptions
  /** How long it may take to finish its tasks in hand when it is stopped, in whole milliseconds. 0: not at all. @defaultValue the system's `drainMs` */
  drainMs?: number
  /** How long its thread is kept when its lane has run empty, in whole milliseconds. 0: not at all. @defaultValue the system's `idleMs` */
  idleMs?: number
  /**
   * Its supervisor shuts down when it ends by itself, as `autoShutdown` there says. Not with restart mode `permanent`.
   * @defaultValue false
   */
  significant?: boolean
}

/** A worker by its own id. No two workers have the same id, nor the same dataset, annotator and domain. */
export interface WorkerOptions extends WorkerBase {
  /** `annotator-1/urgency`: parts of letters, digits, `.`, `_`, `-`, joined by `/`; at most 200 characters. */
  id: string
  /** @defaultValue the id without its last part and without a leading `annotator-`; an id of one part as it is */
  annotator?: string | number
  /** @defaultValue the last part of the id */
  domain?: string
}

/**
 * A group of workers, and of supervisors, that are started in order, stopped in reverse order, and answered for together when one of
 * them fails. Semantics are those of Erlang/OTP's `supervisor`; `docs/supervision.md` says where they differ, and why.
 */
export interface SupervisorOptions {
  /** As a worker's id, and different from all of them. */
  id: string
  /**
   * Who is restarted when a child is: `'one-for-one'` only that child, `'one-for-all'` all of them, `'rest-for-one'` those after it.
   * @defaultValue 'one-for-one'
   */
  strategy?: SupervisorStrategy
  /**
   * How many restarts of its children it tolerates; at one more it stops them all and is a failed child of its own supervisor. Each
   * restart that a child's policy decides counts once, whoever is restarted along; those by hand do not.
   * @defaultValue `{ restarts: 3, withinMs: 5_000 }`, as Elixir's (OTP has 1)
   */
  intensity?: RestartIntensity
  /** In the order of starting. */
  children: (WorkerOptions | SupervisorOptions)[]
  /**
   * Whether its own supervisor restarts it once it has gone down by itself. It gives up with a normal end, so `'transient'` and
   * `'temporary'` both mean: not. The system never restarts a supervisor, see `onEscalation`.
   * @defaultValue 'permanent'; 'transient' with `autoShutdown`
   */
  restart?: RestartMode
  /** As a worker's. @defaultValue false */
  significant?: boolean
  /**
   * Whether it shuts itself down when any, or all, of its children that are `significant` have ended by themselves.
   * @defaultValue 'never'
   */
  autoShutdown?: AutoShutdown
}

/** What `createDrover` takes. Options that are not listed here are refused. */
export interface DroverOptions {
  /** Path of the SQLite file (relative to the working directory), or `':memory:'`. Its folder is made if its parent exists. */
  store: string
  /** Workers, and supervisors with workers. May be empty, to read what earlier runs left. */
  workers: (WorkerOptions | SupervisorOptions)[]
  /** Workers with a thread at once. At least 1. @defaultValue 10 */
  concurrency?: number
  /** More limits, by name: at most so many workers that name the group have a thread at once, each at least 1. @defaultValue none */
  groups?: Record<string, number>
  /** What `start` does when no slot is free: wait for one, or throw SLOTS_FULL. @defaultValue 'queue' */
  onFull?: 'queue' | 'reject'
  /**
   * What becomes of a worker that is started while another host holds it: it waits, `queued` and without a slot, and is taken over as soon
   * as that host lets it go or is gone; or `start` refuses it. @defaultValue 'wait'
   */
  onHeld?: 'wait' | 'refuse'
  /** By name; workers refer to them. */
  quotas?: Record<string, QuotaOptions>
  /** What all quotas together may use ever, by unit, e.g. `{ cost: 25 }`; when it is spent their workers pause. @defaultValue no cap */
  budget?: Record<string, number>
  heartbeat?: HeartbeatOptions
  /** @defaultValue `policies.default` */
  restart?: RestartPolicy
  tasks?: TaskOptions
  /**
   * What is done about a failure that nobody below could answer, because a policy escalates it or a supervisor gave up: `'stop'` stops
   * every worker, each with the reason; `'keep'` keeps the rest. Either way `system:failure:escalated` tells of it. @defaultValue 'stop'
   */
  onEscalation?: 'stop' | 'keep'
  /** `'power'`: what is committed survives a power cut (fsync at each group commit). `'process'`: it survives the process only. @defaultValue 'power' */
  durability?: 'power' | 'process'
  /** How long `stop` and `close` let workers finish their tasks in hand, in whole milliseconds. 0: not at all. @defaultValue 10_000 */
  drainMs?: number
  /**
   * How long a worker keeps its thread when its lane has run empty, for items that may come soon: a new thread imports its modules and runs
   * `setup` again. In whole milliseconds. 0: not at all. `done()` does not wait for it, and whoever waits for a slot gets it at once.
   * @defaultValue 5_000
   */
  idleMs?: number
  /**
   * How long a thread may take to end once it is terminated, in whole milliseconds, at least 1; then it is `unkillable`. If it still is when
   * the process ends, the process ends by SIGKILL, because Node.js would wait for it. @defaultValue 5_000
   */
  killMs?: number
  /** How many events the store keeps. At least 0. @defaultValue 100_000 */
  keepEvents?: number
  limits?: {
    /** The highest `target` that a worker may have. At least 1. @defaultValue 100_000 */
    maxTarget?: number
  }
  log?: LogOptions
  /** Profiles and heap snapshots of threads that fail; see {@link EvidenceOptions} for what is in them. @defaultValue none is written */
  evidence?: EvidenceOptions
  /** Values that must never be written anywhere, besides those found in workers' `input` under names like apiKey, token, secret, password. */
  secrets?: string[]
}

export interface Heartbeat {
  everyMs: number
  timeoutMs: number
  progressTimeoutMs: number
  startTimeoutMs: number
}

export interface Backoff {
  initialMs: number
  factor: number
  maxMs: number
  jitter: number
}

export interface TaskPolicy {
  maxAttempts: number
  poisonAfter: number
  backoff: Backoff
  timeoutMs: number
  /** null: there is none. */
  breaker: CompiledBreaker | null
}

export interface CompiledBreaker {
  failures: number
  /** Infinity: however long. */
  withinMs: number
  do: 'park' | 'pause'
  forMs: number
  maxMs: number
}

export interface CompiledWorker {
  id: string
  annotator: string
  domain: string
  /** Always a `file:` URL. */
  module: string
  input: unknown
  dataset: string | null
  quota: CompiledWorkerQuota | null
  enabled: boolean
  target: number | null
  delayMs: number
  concurrency: number
  prefetch: number | 'auto'
  priority: number
  group: string | null
  restart: RestartPolicy
  isolation: 'thread' | 'process'
  resourceLimits: ResourceLimits
  recycle: RecycleOptions
  heartbeat: Heartbeat
  tasks: TaskPolicy
  drainMs: number
  idleMs: number
}

export interface CompiledWorkerQuota {
  /** At least one. */
  choices: string[]
  amounts: Record<string, number>
  priority: number
}

export interface CompiledEvidence {
  dir: string
  cpuProfileMs: number
  heapSnapshot: readonly SnapshotKind[]
  withinMs: number
  keep: number
}

/** What everything inside works with. */
export interface CompiledConfig {
  store: string
  /** In the order of starting. */
  workers: CompiledWorker[]
  /** The same, under their supervisors. */
  tree: TreeNode[]
  concurrency: number
  groups: Record<string, number>
  onFull: 'queue' | 'reject'
  onHeld: 'wait' | 'refuse'
  onEscalation: 'stop' | 'keep'
  quotas: QuotaSpec[]
  durability: 'power' | 'process'
  drainMs: number
  killMs: number
  keepEvents: number
  log: { level: LogLevel; console: boolean; dir: string | false; maxBytes: number; keep: number }
  evidence: CompiledEvidence | null
  secrets: string[]
}
