import type { WorkerLog } from '../../../logs/log.js'
import type { QuotaClient, QuotaLease } from '../../../quotas/client.js'
import type { QuotaAcquireOptions, StandaloneQuota } from '../../../quotas/connection.js'
import type { Observation, ObservationSource } from '../../../quotas/providers/observation.js'
import type { Amounts } from '../../../store/contract/quotas.js'
import type { BeatCell } from '../../heartbeat/beats.js'
import type { ThreadReport, WorkerBoot } from '../../protocol/messages.js'

export interface ContextDeps {
  boot: WorkerBoot
  beats: BeatCell
  quotas: QuotaClient
  report: (report: ThreadReport) => void
  log: WorkerLog
  /** Ends the thread. */
  crash: (reason: unknown) => never
}

/** The worker's quota, beyond what each task takes by itself. */
export interface WorkerQuota extends StandaloneQuota {
  /**
   * What the present task was granted before `process` was called; null outside of a task, and without a quota.
   *
   * @example
   * const usage = { prompt_tokens: 812, completion_tokens: 9 } // from the answer
   * await ctx.quota.settle(ctx.quota.lease, { inputTokens: usage.prompt_tokens, outputTokens: usage.completion_tokens })
   */
  readonly lease: QuotaLease | null
  /** As by itself; the lease is the task's unless another is given. */
  observe(source: ObservationSource, options?: { lease?: QuotaLease | null }): Promise<Observation>
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
   * import OpenAI from 'openai'
   * const openai = new OpenAI({ maxRetries: 0 })
   * const request = { model: 'gpt-5-mini', messages: [{ role: 'user' as const, content: 'urgent, or not?' }] }
   * const { data } = await ctx.withQuota(() => openai.chat.completions.create(request, { signal: ctx.signal }).withResponse(), {
   *   used: ({ data }) => ({ cost: (data.usage?.total_tokens ?? 0) * 0.000_001 }),
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
