/**
 * What a worker module imports, as `drover/worker`. Light on purpose: it loads in every thread.
 */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { QuotaLease } from './quotas/client.js'
import type { QuotaAcquireOptions, StandaloneQuota } from './quotas/connection.js'
import type { Observation, ObservationSource } from './quotas/providers/observation.js'
import type { Amounts } from './store/contract/engine.js'
import { argumentError, checkFlag, checkName, checkObject, duration } from './validation/arguments.js'
import { read } from './values/plain.js'

export type { StandardSchemaV1 } from '@standard-schema/spec'
export type { QuotaLease } from './quotas/client.js'
export { connectQuota, type QuotaPort } from './quotas/connect-quota.js'
export type { OpenQuota, QuotaAcquireOptions, StandaloneQuota } from './quotas/connection.js'
export type { HeaderSource, Observation, ObservationSource, Provider, QuotaReading } from './quotas/providers/observation.js'
export { observe, observeResponse } from './quotas/providers/observe.js'
export type { Amounts } from './store/contract/engine.js'

/** One item to be done by one lane. */
export interface Task<Data = unknown> {
  /** The item's key in its dataset. */
  key: string
  dataset: string
  data: Data
  /** The ordinal of this attempt, from 1. */
  attempt: number
}

/** Writes into the worker's log. Secrets are struck out. */
export interface WorkerLog {
  error(message: string, fields?: Record<string, unknown>): void
  warn(message: string, fields?: Record<string, unknown>): void
  info(message: string, fields?: Record<string, unknown>): void
  debug(message: string, fields?: Record<string, unknown>): void
}

/** The worker's quota, beyond what each task takes by itself. */
export interface WorkerQuota extends StandaloneQuota {
  /**
   * What the present task was granted before `process` was called; null outside of a task, and without a quota.
   *
   * @example
   * await ctx.quota.settle(ctx.quota.lease, { inputTokens: usage.prompt_tokens, outputTokens: usage.completion_tokens })
   */
  readonly lease: QuotaLease | null
  /** As by itself; the lease is the task's unless another is given. */
  observe(source: ObservationSource, options?: { lease?: QuotaLease | null }): Promise<Observation>
}

/** How {@link WorkerContext.withQuota} makes a call. */
export interface QuotaCallOptions<Answer = unknown> extends QuotaAcquireOptions {
  /**
   * What the call is estimated to take, by unit. The first call of a task goes on what the task was granted (its `estimate`, the option `quota.amounts`);
   * this is for further ones, and for those outside of tasks. @defaultValue `quota.amounts`
   */
  amounts?: Amounts
  /** What the call used, by unit, where its answer does not say it, or says it wrong: what it cost, say. */
  used?: (answer: Answer) => Amounts
}

/** What a worker knows and can do. */
export interface WorkerContext<State = unknown, Input = unknown> {
  readonly id: string
  readonly annotator: string
  readonly domain: string
  /** As configured. */
  readonly input: Input
  /** What `setup` returned. */
  readonly state: State
  /** The ordinal of the attempt at the present task, from 1; 0 outside of `process`. */
  readonly attempt: number
  /** Aborted when the task's time is up, when the worker is stopped and its drain deadline passed. */
  readonly signal: AbortSignal
  readonly log: WorkerLog
  readonly quota: WorkerQuota
  /**
   * Makes one call to a provider on the worker's quota: acquires, calls, takes in what the answer says (see `quota.observe`), settles what was used, and
   * lets go of its place in flight, whatever becomes of it. What the call throws is taken in as well.
   *
   * @param call gets what was granted: `lease.quota` says which key to use. Gives a `Response`, what `withResponse()` of an SDK gives, or the body
   * @returns what the call gave
   * @throws TaskError REFUSED with `release`, where the provider refused because of a limit or of its key: the task is done later, and no attempt is counted;
   * what the call threw otherwise; as `quota.acquire` does
   * @example
   * const { data } = await ctx.withQuota(() => openai.chat.completions.create(request).withResponse(), {
   *   used: ({ data }) => ({ cost: priceOf(data.usage) }),
   * })
   */
  withQuota<Answer>(
    call: (lease: QuotaLease) => Answer | Promise<Answer>,
    options?: QuotaCallOptions<Awaited<Answer>>,
  ): Promise<Awaited<Answer>>
  /**
   * Tells the watchdog that the work moved on. Done tasks count by themselves.
   *
   * @param steps a whole number. @defaultValue 1
   * @throws DroverError ARGUMENT_INVALID
   */
  progress(steps?: number): void
  /**
   * Asks the watchdog for patience: for so long from now neither missing beats nor missing progress count. Ends with the next
   * progress. In `setup`: the start timeout comes so long from now at the earliest.
   *
   * @param ms more than 0
   * @throws DroverError ARGUMENT_INVALID
   */
  extend(ms: number): void
  /** Crashes the worker on purpose; its restart policy decides what comes next. */
  fail(reason: string | Error): never
  /**
   * In `setup`: the worker is not to run (it has no key, say). It is `stopped`, which is no failure; its supervisor goes on without it, and
   * only `start` asks it again. Its lane is told as incomplete.
   *
   * @param reason shown in its status and in the report
   * @throws always, and so ends `setup`; a DroverError ARGUMENT_INVALID once the worker is ready
   */
  decline(reason: string): never
}

/** A worker module's default export, as its author writes it. */
export interface WorkerDefinition<Data = unknown, Result = unknown, State = unknown, Input = unknown> {
  /** Fits each task's data, or the task is dead. Any Standard Schema (valibot, zod, arktype); its output is what `process` gets. */
  input?: StandardSchemaV1<unknown, Data>
  /** Fits each result, or the attempt fails. Its output is what is stored. */
  output?: StandardSchemaV1<unknown, Result>
  /**
   * What a task is estimated to take from the worker's quota, by unit; laid over the option `quota.amounts`. `requests` is 1 unless given. One that could never be granted is dead at once.
   * Called with the task's data as it was loaded.
   */
  estimate?: (task: Task<Data>) => Amounts
  /** Runs once before the first task; the start timeout applies. What it returns is `ctx.state`. */
  setup?: (ctx: WorkerContext<undefined, Input>) => State | Promise<State>
  /** Does one task. What it returns is stored as JSON, exactly once. */
  process?: (task: Task<Data>, ctx: WorkerContext<State, Input>) => Result | Promise<Result>
  /** Instead of `process`: a loop of one's own. When it returns, the worker is completed. */
  run?: (ctx: WorkerContext<State, Input>) => unknown
  /** Runs once after the last task of a thread that ends as asked. */
  teardown?: (ctx: WorkerContext<State, Input>) => unknown
}

const brand = Symbol.for('drover.worker')

/** A definition that passed {@link defineWorker}. */
export type DefinedWorker = WorkerDefinition & { readonly [brand]: true }

/**
 * Declares a worker: the one default export of a worker module.
 *
 * @throws TypeError if there is neither `process` nor `run`, or both
 * @example
 * export default defineWorker<Review, Label>({
 *   process: (task) => ({ label: task.data.text.includes('good') ? 'positive' : 'negative' }),
 * })
 */
export function defineWorker<Data = unknown, Result = unknown, State = unknown, Input = unknown>(
  definition: WorkerDefinition<Data, Result, State, Input>,
): DefinedWorker {
  const { process, run } = definition ?? {}
  if ((typeof process === 'function') === (typeof run === 'function')) {
    throw new TypeError('defineWorker takes either process(task, ctx) or run(ctx), a function')
  }
  return Object.assign({ ...definition }, { [brand]: true as const }) as unknown as DefinedWorker
}

/** Whether a value came from {@link defineWorker}, also one of another copy of drover. */
export function isDefinedWorker(value: unknown): value is DefinedWorker {
  return typeof value === 'object' && read(value, brand) === true
}

export interface TaskErrorOptions {
  /** Whether another attempt makes sense. @defaultValue true */
  retry?: boolean
  /**
   * Wait before the next attempt, in ms, 0 to a year. @defaultValue the task backoff: by the failures, or with `release` by how often it was given back
   */
  retryInMs?: number
  /**
   * Gives the task back at no cost: it was not the task's fault (the provider refused for now, say). It comes behind the others, after a wait that grows each
   * time. @defaultValue false
   */
  release?: boolean
  /** @defaultValue the code */
  message?: string
  cause?: unknown
}

const taskErrorBrand = Symbol.for('drover.task-error')

/** Thrown from `process`: the task failed, and the worker is fine. */
export class TaskError extends Error {
  override readonly name = 'TaskError'
  readonly code: string
  readonly retry: boolean
  readonly retryInMs: number | null
  readonly release: boolean

  /** @throws DroverError ARGUMENT_INVALID, which fails the attempt instead */
  constructor(code: string, options: TaskErrorOptions = {}) {
    const { message = code, retry = true, retryInMs, release = false } = checkObject('TaskError: options', options)
    if (typeof message !== 'string') throw argumentError('TaskError: message', 'a text', message)
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.code = checkName('TaskError: code', code)
    this.retry = checkFlag('TaskError: retry', retry)
    const waits = retryInMs ?? null
    this.retryInMs = waits === null ? null : duration('TaskError: retryInMs', waits)
    this.release = checkFlag('TaskError: release', release)
    Object.defineProperty(this, taskErrorBrand, { value: true })
  }

  static is(value: unknown): value is TaskError {
    return typeof value === 'object' && value !== null && taskErrorBrand in value
  }
}
