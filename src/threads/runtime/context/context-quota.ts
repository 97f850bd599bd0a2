/** `ctx.quota`: the thread's quota client, on behalf of a worker or of one of its tasks. */

import { QuotaError } from '../../../errors.js'
import type { QuotaLease } from '../../../quotas/client.js'
import { type QuotaAcquireOptions, QuotaConnection } from '../../../quotas/connection.js'
import { observeAnswer } from '../../../quotas/observe-answer.js'
import type { Observation, ObservationSource } from '../../../quotas/providers/observation.js'
import { observe } from '../../../quotas/providers/observe.js'
import type { Amounts } from '../../../store/contract/quotas.js'
import { addTo } from '../../../store/quotas/amounts.js'
import { checkAmounts } from '../../../store/quotas/check-amounts.js'
import { argumentError } from '../../../validation/arguments.js'
import { checkOptions } from '../../../validation/filters.js'
import { TaskError } from '../task-error.js'
import type { ContextDeps, QuotaCallOptions, WorkerQuota } from './contract.js'

/** Time between signs of progress during a wait for quota. */
const showMs = 1_000

export class ContextQuota extends QuotaConnection implements WorkerQuota {
  readonly lease: QuotaLease | null
  /** Amounts used by the task; empty for a worker. */
  readonly usage: Amounts = {}
  readonly #deps: ContextDeps
  /** Usage counts for the task until its outcome is sent. */
  #ofTask: boolean
  /** The task's grant was used by a call. */
  #called = false

  /** @param task the task's grant; null for the worker itself */
  constructor(deps: ContextDeps, task: { lease: QuotaLease | null } | null) {
    const { quotas, boot } = deps
    super({ client: quotas, choices: boot.quota?.choices ?? [], priority: boot.quota?.priority ?? 0 })
    this.#deps = deps
    this.#ofTask = task !== null
    this.lease = task?.lease ?? null
    if (this.lease) this.#follow(this.lease)
  }

  override get name(): string {
    const { id, quota } = this.#deps.boot
    if (!quota) throw new QuotaError('QUOTA_INVALID', `worker ${id} has no quota`)
    return this.lease?.quota ?? super.name
  }

  override async acquire(amounts?: Amounts, options?: QuotaAcquireOptions): Promise<QuotaLease> {
    // The getter throws if there is no quota.
    void this.name
    // A wait is not a stall, so it counts as progress all the while.
    const showing = setInterval(() => this.#deps.beats.progress(), showMs)
    try {
      return this.#follow(await super.acquire(amounts, options))
    } finally {
      clearInterval(showing)
    }
  }

  override async observe(source: ObservationSource, options: { lease?: QuotaLease | null } = {}): Promise<Observation> {
    const { lease = this.lease } = checkOptions('options', options, ['lease'])
    return super.observe(source, { lease })
  }

  /** See `WorkerContext.withQuota`. */
  async call<Answer>(
    call: (lease: QuotaLease) => Answer | Promise<Answer>,
    options: QuotaCallOptions<Awaited<Answer>> = {},
  ): Promise<Awaited<Answer>> {
    if (typeof call !== 'function') throw argumentError('call', 'a function', call)
    const { amounts, used, ...acquire } = checkOptions('options', options, ['amounts', 'used', 'timeoutMs', 'signal', 'priority'])
    if (used !== undefined && typeof used !== 'function') throw argumentError('used', 'a function', used)
    // Also where the first call goes on what its task was granted.
    if (amounts !== undefined) checkAmounts('amounts', amounts)
    const { beats, boot, quotas } = this.#deps
    const own = this.#called ? null : this.lease
    this.#called = true
    const lease = own ?? (await this.acquire(amounts ?? boot.quota?.amounts, acquire).catch(refusedOr))
    const place = boot.quota?.choices.indexOf(lease.quota) ?? 0
    if (!own) beats.calls(place, 1)
    try {
      const answer = await this.#answered(call, lease)
      if (used) await this.settle(lease, used(answer))
      return answer
    } finally {
      if (!own) beats.calls(place, -1)
      if (quotas.isInFlight(lease)) await this.settle(lease)
    }
  }

  async #answered<Answer>(call: (lease: QuotaLease) => Answer | Promise<Answer>, lease: QuotaLease): Promise<Awaited<Answer>> {
    let answer: Awaited<Answer>
    try {
      answer = await call(lease)
    } catch (error) {
      const seen = observe(error as Error)
      await this.take(seen, true, lease)
      if (seen.counted === false) await this.refund(lease)
      throw (seen.refused || seen.keyRejected) && !TaskError.is(error) ? refusal(error) : error
    }
    const seen = await observeAnswer(answer)
    await this.take(seen, false, lease)
    if (seen.refused || seen.keyRejected) throw refusal(answer)
    return answer
  }

  /** A settlement that fails does not fail the task: it is sent again by itself. */
  override async settle(lease: QuotaLease | null, actual?: Amounts): Promise<void> {
    await super.settle(lease, actual).catch((error) => this.#untold(error))
  }

  override async refund(lease: QuotaLease | null): Promise<void> {
    await super.refund(lease).catch((error) => this.#untold(error))
  }

  protected override async take(seen: Observation, failed: boolean, lease: QuotaLease | null): Promise<void> {
    await super.take(seen, failed, lease).catch((error) => this.#untold(error))
  }

  /** The task is not to blame if the store cannot be written. */
  #untold(error: unknown): void {
    const { code, message } = error as { code?: unknown; message?: unknown }
    if (code !== 'STORE_FAILED') throw error
    this.#deps.log.warn(`the store could not save the usage of a call or the answer of its provider: ${message}`)
  }

  /** From now on usage counts only for the worker, because the task's outcome is being sent. */
  finish(): void {
    this.#ofTask = false
  }

  protected override retired(quota: string, reason: string): void {
    this.#deps.report({ type: 'retired', quota, reason })
  }

  #follow(lease: QuotaLease): QuotaLease {
    this.#count(lease.amounts)
    this.#deps.quotas.onSettled(lease, (delta) => this.#count(delta))
    return lease
  }

  #count(amounts: Amounts): void {
    if (!this.#ofTask) this.#deps.quotas.used(amounts)
    else addTo(this.usage, amounts)
  }
}

/** The error of a refused call: the task is done later, or with another key. */
function refusal(cause: unknown): TaskError {
  const said = (cause as { message?: unknown }).message
  const message = typeof said === 'string' && said !== '' ? said : 'the provider refused the call'
  return new TaskError('REFUSED', { release: true, message, cause })
}

function refusedOr(error: unknown): never {
  throw (error as { code?: unknown }).code === 'QUOTA_RETIRED' ? refusal(error) : error
}
