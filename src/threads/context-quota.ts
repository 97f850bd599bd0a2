/** What user code gets as `ctx.quota`: the thread's quota client, on behalf of a worker or of one of its tasks. */
import { QuotaError } from '../errors.js'
import { addTo } from '../quotas/amounts.js'
import type { QuotaLease } from '../quotas/client.js'
import { type QuotaAcquireOptions, QuotaConnection } from '../quotas/connection.js'
import type { Observation, ObservationSource } from '../quotas/observation.js'
import type { Amounts } from '../store/engine.js'
import type { WorkerQuota } from '../worker.js'
import type { ContextDeps } from './context.js'

/** How often a wait for quota shows that it is one. */
const showMs = 1_000

export class ContextQuota extends QuotaConnection implements WorkerQuota {
  readonly lease: QuotaLease | null
  /** What was used on behalf of the task; empty for a worker. */
  readonly usage: Amounts = {}
  readonly #deps: ContextDeps
  /** Usage goes to the task as long as its outcome is not on its way. */
  #ofTask: boolean

  /** @param task whether it is a task's, and what that was granted */
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
    // Its getter refuses who has none.
    void this.name
    // Waiting is no stall: the watchdog is told so all the while.
    const showing = setInterval(() => this.#deps.beats.progress(), showMs)
    try {
      return this.#follow(await super.acquire(amounts, options))
    } finally {
      clearInterval(showing)
    }
  }

  override observe(source: ObservationSource, { lease = this.lease }: { lease?: QuotaLease | null } = {}): Promise<Observation> {
    return super.observe(source, { lease })
  }

  /** From now on what is used is counted for the worker alone: the task's outcome is on its way. */
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
