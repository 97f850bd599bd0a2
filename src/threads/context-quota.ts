/** What user code gets as `ctx.quota`: the thread's quota client, on behalf of a worker or of one of its tasks. */
import { DroverError } from '../errors.js'
import { isSpent, type QuotaLease } from '../quotas/client.js'
import type { Observation, ObservationSource } from '../quotas/observation.js'
import { observe } from '../quotas/observe.js'
import type { Amounts } from '../store/engine.js'
import type { QuotaAcquireOptions, WorkerQuota } from '../worker.js'
import type { ContextDeps } from './context.js'

/** How often a wait for quota shows that it is one. */
const showMs = 1_000

/** Used amounts go to whoever they are counted for. */
type Count = (amounts: Amounts) => void

export class ContextQuota implements WorkerQuota {
  readonly lease: QuotaLease | null
  /** What was used on behalf of the task; empty for a worker. */
  readonly usage: Amounts = {}
  readonly #deps: ContextDeps
  #count: Count

  constructor(deps: ContextDeps, lease: QuotaLease | null, count: Count | null) {
    this.#deps = deps
    this.lease = lease
    this.#count = count ?? ((amounts) => add(this.usage, amounts))
    if (!lease) return
    this.#count(lease.amounts)
    deps.quotas.onSettled(lease, (delta) => this.#count(delta))
  }

  async acquire(
    amounts: Amounts = {},
    { timeoutMs = Number.POSITIVE_INFINITY, signal, priority }: QuotaAcquireOptions = {},
  ): Promise<QuotaLease> {
    const { beats, quotas, boot } = this.#deps
    if (!boot.quota) throw new DroverError('QUOTA_INVALID', `worker ${boot.id} has no quota`)
    // Waiting is no stall: the watchdog is told so all the while.
    const showing = setInterval(() => beats.progress(), showMs)
    try {
      const lease = await quotas.ask({
        choices: boot.quota.choices,
        amounts,
        priority: priority ?? boot.quota.priority,
        patienceMs: Number.POSITIVE_INFINITY,
        timeoutMs,
        signal: signal ?? null,
      })
      if (isSpent(lease))
        throw new DroverError('QUOTA_SPENT', `${lease.window} of quota ${lease.quota} is spent`, { details: { ...lease } })
      this.#count(lease.amounts)
      quotas.onSettled(lease, (delta) => this.#count(delta))
      return lease
    } finally {
      clearInterval(showing)
    }
  }

  async settle(lease: QuotaLease | null, actual: Amounts): Promise<void> {
    if (lease) await this.#deps.quotas.settle(lease, actual)
  }

  async refund(lease: QuotaLease | null): Promise<void> {
    if (lease) await this.settle(lease, Object.fromEntries(Object.keys(lease.amounts).map((unit) => [unit, 0])))
  }

  async penalize({ retryAfterMs, quota = this.#name(this.lease) }: { retryAfterMs: number; quota?: string }): Promise<void> {
    await this.#deps.quotas.penalize(quota, retryAfterMs)
  }

  async observe(source: ObservationSource, { lease = this.lease }: { lease?: QuotaLease | null } = {}): Promise<Observation> {
    const { quotas, report } = this.#deps
    const seen = observe(source)
    const quota = this.#name(lease)
    const { readings, refused, retryAfterMs, keyRejected, used } = seen
    if (keyRejected) {
      const reason = 'the provider does not accept the key'
      if (await quotas.retire(quota, reason)) report({ type: 'retired', quota, reason })
    }
    const outcome = refused ? 'refused' : source instanceof Error || keyRejected ? 'failed' : 'ok'
    await quotas.observe(quota, readings, outcome)
    if (retryAfterMs !== null) await quotas.penalize(quota, retryAfterMs)
    if (lease && used) await this.settle(lease, used)
    return seen
  }

  /** From now on what is used is counted for the worker alone: the task's outcome is on its way. */
  end(): void {
    this.#count = (amounts) => this.#deps.quotas.used(amounts)
  }

  #name(lease: QuotaLease | null): string {
    const { boot } = this.#deps
    const name = lease?.quota ?? boot.quota?.choices[0]
    if (name === undefined) throw new DroverError('QUOTA_INVALID', `worker ${boot.id} has no quota`)
    return name
  }
}

export function quotaOfWorker(deps: ContextDeps): ContextQuota {
  return new ContextQuota(deps, null, (amounts) => deps.quotas.used(amounts))
}

export function quotaOfTask(deps: ContextDeps, lease: QuotaLease | null): ContextQuota {
  return new ContextQuota(deps, lease, null)
}

function add(sum: Amounts, amounts: Amounts): void {
  for (const [unit, amount] of Object.entries(amounts)) sum[unit] = (sum[unit] ?? 0) + amount
}
