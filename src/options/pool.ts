/** The options of a pool. */
import * as v from 'valibot'
import type { Finding } from '../validation/issues.js'
import { pathText } from '../validation/issues.js'
import {
  group,
  isRecord,
  milliseconds,
  name,
  oneOf,
  option,
  orInfinity,
  type Schema,
  whole,
  workerId,
} from '../validation/schema-pieces.js'
import { checkBackoff } from './backoff.js'
import { asNumber, asRecord, type Path } from './checks.js'
import { filled, given } from './fill-defaults.js'
import { type ResourceLimits, resourceLimits } from './isolation.js'
import type { RestartLimits } from './restart.js'
import { type FilledPolicy, filledPolicy, policies } from './restart-policies.js'
import { restartBackoff } from './restart-schema.js'
import { checkInput, moduleUrl } from './worker.js'

/** A pool of threads for short pieces of work; see `drover.pool`. */
export interface PoolOptions {
  /** `parse`: parts of letters, digits, `.`, `_`, `-`, joined by `/`; at most 200 characters. No two pools have the same. */
  id: string
  /**
   * The module of its functions: a path (relative to the working directory), a `file:` URL or a `URL`, as for a worker. Each
   * thread imports it once; `run` calls its exported functions.
   */
  module: string | URL
  /** The exported function that `run` calls if it names none. @defaultValue 'default' */
  name?: string
  /** The value of `ctx.input`; must survive structured cloning. Never stored, never logged. */
  input?: unknown
  /** The number of threads. @defaultValue `{ min: 0 }`, and as `max` the number of cores */
  size?: PoolSize
  /** Tasks that wait for a thread. @defaultValue `{ max: 10_000, whenFull: 'reject' }` */
  queue?: PoolQueueOptions
  /**
   * How long one task may run, in whole milliseconds, at least 1; the wait for a thread does not count. Then its promise rejects
   * with POOL_DEADLINE and its `ctx.signal` aborts; {@link graceMs} later its thread is ended if it is still busy.
   * @defaultValue no deadline
   */
  deadlineMs?: number
  /** Time from the abort of a running task to the end of its thread by force, in whole milliseconds. @defaultValue 250 */
  graceMs?: number
  /** How long a thread may take to load the module, in whole milliseconds, at least 1. @defaultValue 30_000 */
  startTimeoutMs?: number
  /** How long a thread beyond `size.min` stays without a task, in whole milliseconds. @defaultValue 5_000 */
  idleMs?: number
  /** How long `close` waits for the tasks that it has, in whole milliseconds. @defaultValue the system's `drainMs` */
  drainMs?: number
  /** What follows when a thread fails without a task: while it starts, or while it is idle. @defaultValue that of `policies.default` */
  restart?: PoolRestart
  /** Heap limits of each thread, as `worker_threads` takes them. @defaultValue those of Node.js */
  resourceLimits?: ResourceLimits
}

/** The number of threads of a pool. */
export interface PoolSize {
  /** Threads that stay once the pool is in use. 0 to {@link max}. @defaultValue 0 */
  min?: number
  /** The most threads. 1 to 1_024. @defaultValue the number of cores, or {@link min} if that is more */
  max?: number
}

/** The line of tasks that wait for a thread. */
export interface PoolQueueOptions {
  /** The most tasks that wait. 0: a task finds a free thread, or is refused. @defaultValue 10_000 */
  max?: number
  /**
   * What happens to one more task: `'reject'` refuses it, `'drop-oldest'` refuses the oldest one of the lowest priority instead.
   * Both with POOL_FULL. @defaultValue 'reject'
   */
  whenFull?: 'reject' | 'drop-oldest'
}

/** Restarts of a pool's threads: the limits of a worker, without its rules. One more than `maxRestarts`, and the pool is blacklisted. */
export interface PoolRestart extends RestartLimits {
  /** Failures are forgotten after this much time without one (ms); waits of the backoff do not count. @defaultValue 30_000 */
  resetAfterMs?: number
}

export const poolSize = group({ min: option(whole(0, 1_024), 0), max: option(whole(1, 1_024)) } satisfies Schema<PoolSize>)

export const poolQueue = group({
  max: option(whole(0), 10_000),
  whenFull: option(oneOf('reject', 'drop-oldest'), 'reject'),
} satisfies Schema<PoolQueueOptions>)

const { default: byDefault } = policies

export const poolRestart = group({
  backoff: option(restartBackoff),
  maxRestarts: option(orInfinity(0, 'a whole number'), byDefault.maxRestarts),
  withinMs: option(orInfinity(1, 'whole milliseconds'), byDefault.withinMs),
  resetAfterMs: option(orInfinity(0, 'whole milliseconds'), byDefault.resetAfterMs),
} satisfies Schema<PoolRestart>)

export const poolSchema = group(
  {
    id: workerId,
    module: moduleUrl,
    name: option(name('the name of an exported function'), 'default'),
    input: option(v.unknown()),
    size: option(poolSize),
    queue: option(poolQueue),
    deadlineMs: option(milliseconds(1)),
    graceMs: option(milliseconds(0), 250),
    startTimeoutMs: option(milliseconds(1), 30_000),
    idleMs: option(milliseconds(0), 5_000),
    drainMs: option(milliseconds(0)),
    restart: option(poolRestart),
    resourceLimits: option(resourceLimits),
  } satisfies Schema<PoolOptions>,
  'a pool: an object with at least id and module',
)

/** {@link PoolOptions} with all defaults filled in. */
export interface CompiledPool {
  id: string
  /** Always a `file:` URL. */
  module: string
  name: string
  input: unknown
  size: { min: number; max: number }
  queue: { max: number; whenFull: 'reject' | 'drop-oldest' }
  /** null: none. */
  deadlineMs: number | null
  graceMs: number
  startTimeoutMs: number
  idleMs: number
  drainMs: number
  restart: FilledPolicy
  resourceLimits: ResourceLimits
}

type CheckedPool = v.InferOutput<typeof poolSchema>

export function compilePool(pool: CheckedPool, drainMs: number, cores: number): CompiledPool {
  const { min = poolSize.defaults.min, max = Math.max(cores, min) } = pool.size ?? {}
  const { backoff, ...limits } = pool.restart ?? {}
  return {
    id: pool.id,
    module: pool.module,
    ...filled<Pick<CompiledPool, 'name' | 'graceMs' | 'startTimeoutMs' | 'idleMs'>>(poolSchema.defaults, pool),
    input: pool.input,
    size: { min, max: Math.max(1, max) },
    queue: filled<CompiledPool['queue']>(poolQueue.defaults, pool.queue),
    deadlineMs: pool.deadlineMs ?? null,
    drainMs: pool.drainMs ?? drainMs,
    restart: filledPolicy({ ...given(limits), ...(backoff && { backoff: given(backoff) }) }),
    resourceLimits: given(pool.resourceLimits),
  }
}

/** Finds options of pools that do not fit together. */
export function checkPools(pools: unknown, findings: Finding[]): void {
  if (!Array.isArray(pools)) return
  const ids = new Map<string, Path>()
  const inputs = new Set<unknown>()
  for (const [index, entry] of pools.entries()) {
    if (!isRecord(entry)) continue
    const path: Path = ['pools', index]
    const { id, input, size, restart } = entry
    const same = ids.get(String(id))
    if (same) findings.push({ path: [...path, 'id'], expected: `another id, because ${pathText(same)} has this one`, input: id, known: [] })
    else ids.set(String(id), path)
    checkInput([...path, 'input'], input, inputs, findings)
    const { min, max } = asRecord(size)
    if ((asNumber(min) ?? 0) > (asNumber(max) ?? Number.POSITIVE_INFINITY)) {
      findings.push({ path: [...path, 'size', 'min'], expected: `at most ${max}, the max`, input: min })
    }
    checkBackoff([...path, 'restart', 'backoff'], [asRecord(restart).backoff], byDefault.backoff, findings)
  }
}
