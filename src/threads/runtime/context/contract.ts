import type { WorkerLog } from '../../../logs/log.js'
import type { QuotaClient, QuotaLease } from '../../../quotas/client.js'
import type { QuotaAcquireOptions, StandaloneQuota } from '../../../quotas/connection.js'
import type { Observation, ObservationSource } from '../../../quotas/providers/observation.js'
import type { Amounts } from '../../../store/contract/quotas.js'
import type { BeatCell } from '../../heartbeat/beats.js'
import type { AnyMessages, MessageTypes, WorkerRef } from '../../messages/contract.js'
import type { Messenger } from '../../messages/messenger.js'
import type { ThreadReport, WorkerBoot } from '../../protocol/messages.js'

export interface ContextDeps {
  boot: WorkerBoot
  beats: BeatCell
  quotas: QuotaClient
  messenger: Messenger
  report: (report: ThreadReport) => void
  log: WorkerLog
  /** Ends the thread. */
  crash: (reason: unknown) => never
}

/** The worker's quota, for calls beyond the grant of each task. */
export interface WorkerQuota extends StandaloneQuota {
  /**
   * The grant of the current task, taken before `process`; null outside a task and without a quota.
   *
   * @example
   * const usage = { prompt_tokens: 812, completion_tokens: 9 } // from the answer
   * await ctx.quota.settle(ctx.quota.lease, { inputTokens: usage.prompt_tokens, outputTokens: usage.completion_tokens })
   */
  readonly lease: QuotaLease | null
  /** As {@link StandaloneQuota.observe}. The default of `lease` is the task's. */
  observe(source: ObservationSource, options?: { lease?: QuotaLease | null }): Promise<Observation>
}

/** The worker's view of drover: names, log, quota, and calls to the watchdog. */
export interface WorkerContext<State = unknown, Input = unknown> {
  readonly id: string
  readonly annotator: string
  readonly domain: string
  /** The option `input`, as configured, or what the module's schema `workerInput` makes of it. */
  readonly input: Input
  /** The result of `setup`. */
  readonly state: State
  /** The number of the attempt at the current task, from 1; 0 outside `process`. */
  readonly attempt: number
  /** Aborted when the task's time is up (`tasks.timeoutMs`), or at the drain deadline of a stop (`drainMs`). */
  readonly signal: AbortSignal
  readonly log: WorkerLog
  readonly quota: WorkerQuota
  /**
   * Another worker, to ask and to tell. It need not have a thread yet.
   *
   * @throws DroverError ARGUMENT_INVALID
   * @example
   * const vector = await ctx.find('embedder').ask('embed', { text: 'good' })
   */
  find<Messages extends MessageTypes<Messages> = AnyMessages>(id: string): WorkerRef<Messages>
  /**
   * Makes one call to a provider on the worker's quota: acquires a grant, calls, reads limits and usage in the answer or error
   * (see `quota.observe`), settles the amounts used, and always frees its place in flight.
   *
   * @param call gets the grant; `lease.quota` is the name of the key to use. Returns a `Response`, the value of an SDK's
   * `withResponse()`, or the body
   * @returns the call's result
   * @throws TaskError REFUSED with `release` if the provider refused because of a limit or the key: the task is done later, and
   * no attempt is counted; any other error of the call; the errors of `quota.acquire`
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
   * Reports progress to the watchdog. Finished tasks count by themselves.
   *
   * @param steps a whole number. @defaultValue 1
   * @throws DroverError ARGUMENT_INVALID
   */
  progress(steps?: number): void
  /**
   * Asks the watchdog for patience: for `ms` from now, missing beats and missing progress do not count. Ends with the next
   * progress. In `setup`: the start timeout comes after `ms` at the earliest.
   *
   * @param ms in ms, more than 0
   * @throws DroverError ARGUMENT_INVALID
   */
  extend(ms: number): void
  /** Crashes the worker on purpose; its restart policy decides what follows. */
  fail(reason: string | Error): never
  /**
   * In `setup`: the worker should not run, for example because it has no key. It is `stopped`, which is no failure; its
   * supervisor continues without it, and only `start` tries again. The report lists its lane as incomplete.
   *
   * @param reason shown in its status and in the report
   * @throws always, and so ends `setup`; a DroverError ARGUMENT_INVALID once the worker is ready
   */
  decline(reason: string): never
}

/** Options of {@link WorkerContext.withQuota}. */
export interface QuotaCallOptions<Answer = unknown> extends QuotaAcquireOptions {
  /**
   * The estimate for the call, by unit. It applies to further calls of a task and to calls outside tasks; the first call of a
   * task uses the task's grant (its `estimate`, the option `quota.amounts`). @defaultValue `quota.amounts`
   */
  amounts?: Amounts
  /** The amounts used, by unit, that are missing or wrong in the answer, for example the cost. */
  used?: (answer: Answer) => Amounts
}
