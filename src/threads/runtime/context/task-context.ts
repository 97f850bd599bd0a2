import type { WorkerLog } from '../../../logs/log.js'
import type { QuotaLease } from '../../../quotas/client.js'
import type { Amounts } from '../../../store/contract/quotas.js'
import type { AnyMessages, MessageTypes, WorkerRef } from '../../messages/contract.js'
import type { ContextQuota } from './context-quota.js'
import type { WorkerContext } from './contract.js'
import type { Context } from './worker-context.js'

/** The context of one task: the worker's, with its own attempt and signal (made at first use). */
export class TaskContext implements WorkerContext {
  readonly #worker: Context
  readonly #lease: QuotaLease | null
  #quota: ContextQuota | null = null
  readonly attempt: number
  #controller: AbortController | null = null
  #aborted: { reason: unknown } | null = null

  /** @param lease the task's grant */
  constructor(worker: Context, attempt: number, lease: QuotaLease | null) {
    this.#worker = worker
    this.attempt = attempt
    this.#lease = lease
  }

  /** Amounts used so far; null without a quota. */
  get usage(): Amounts | null {
    return this.#quota?.usage ?? this.#lease?.amounts ?? null
  }

  /** Later usage no longer counts for the task. */
  end(): void {
    this.#quota?.finish()
  }

  get id(): string {
    return this.#worker.id
  }
  get annotator(): string {
    return this.#worker.annotator
  }
  get domain(): string {
    return this.#worker.domain
  }
  get input(): unknown {
    return this.#worker.input
  }
  get state(): unknown {
    return this.#worker.state
  }
  get log(): WorkerLog {
    return this.#worker.log
  }
  get quota(): ContextQuota {
    this.#quota ??= this.#worker.quotaFor(this.#lease)
    return this.#quota
  }
  find<Messages extends MessageTypes<Messages> = AnyMessages>(id: string): WorkerRef<Messages> {
    return this.#worker.find<Messages>(id)
  }
  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController()
      if (this.#aborted) this.#controller.abort(this.#aborted.reason)
    }
    return this.#controller.signal
  }

  progress(steps?: number): void {
    this.#worker.progress(steps)
  }
  extend(ms: number): void {
    this.#worker.extend(ms)
  }
  get withQuota(): WorkerContext['withQuota'] {
    return (call, options) => this.quota.call(call, options)
  }
  fail(reason: string | Error): never {
    return this.#worker.fail(reason)
  }
  decline(reason: string): never {
    return this.#worker.decline(reason)
  }

  abort(reason: unknown): void {
    this.#aborted = { reason }
    this.#controller?.abort(reason)
  }
}
