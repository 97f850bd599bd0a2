/**
 * What user code in a worker thread gets as `ctx`. One object for the worker, and one for each task that inherits from it.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { DroverError } from '../errors.js'
import type { Amounts, EngineClient } from '../store/engine.js'
import type { QuotaLease, WorkerContext, WorkerLog, WorkerQuota } from '../worker.js'
import type { BeatSlot } from './beats.js'
import type { WorkerBoot } from './protocol.js'

/** How often a wait for quota shows that it is one. */
const sliceMs = 1_000

interface ContextDeps {
  boot: WorkerBoot
  beats: BeatSlot
  store: EngineClient
  log: WorkerLog
  /** Ends the thread. */
  crash: (reason: unknown) => never
}

/** The worker's context; `state` is set after `setup`. */
export class Context implements WorkerContext {
  readonly id: string
  readonly annotator: string
  readonly domain: string
  readonly input: unknown
  readonly log: WorkerLog
  readonly quota: WorkerQuota
  readonly attempt: number = 0
  state: unknown
  readonly #deps: ContextDeps
  readonly #controller = new AbortController()

  constructor(deps: ContextDeps) {
    this.#deps = deps
    this.id = deps.boot.id
    this.annotator = deps.boot.annotator
    this.domain = deps.boot.domain
    this.input = deps.boot.input
    this.log = deps.log
    this.quota = new Quota(deps)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  progress(steps = 1): void {
    this.#deps.beats.progress(steps)
  }

  extend(ms: number): void {
    if (!(ms > 0)) throw new DroverError('ARGUMENT_INVALID', `ctx.extend takes a number of milliseconds above 0, got ${ms}`)
    this.#deps.beats.extend(ms)
  }

  fail(reason: string | Error): never {
    return this.#deps.crash(reason instanceof Error ? reason : new Error(String(reason)))
  }

  abort(reason: unknown): void {
    this.#controller.abort(reason)
  }
}

/** The context of one task: the worker's, with an attempt and a signal of its own (made when first asked for). */
export class TaskContext implements WorkerContext {
  readonly #worker: Context
  readonly attempt: number
  #controller: AbortController | null = null
  #aborted: { reason: unknown } | null = null

  constructor(worker: Context, attempt: number) {
    this.#worker = worker
    this.attempt = attempt
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
  get quota(): WorkerQuota {
    return this.#worker.quota
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
  fail(reason: string | Error): never {
    return this.#worker.fail(reason)
  }

  abort(reason: unknown): void {
    this.#aborted = { reason }
    this.#controller?.abort(reason)
  }
}

class Quota implements WorkerQuota {
  readonly #deps: ContextDeps

  constructor(deps: ContextDeps) {
    this.#deps = deps
  }

  async acquire(amounts: Amounts, { signal }: { signal?: AbortSignal } = {}): Promise<QuotaLease> {
    const { beats, store } = this.#deps
    const name = this.#name()
    for (;;) {
      signal?.throwIfAborted()
      const answer = await store.call('acquireQuota', { name, amounts })
      if (answer.granted) return { quota: name, amounts }
      // Waiting is no stall: the watchdog is told so all the while.
      for (let left = answer.inMs; left > 0; left -= sliceMs) {
        await sleep(Math.min(sliceMs, left), undefined, { ...(signal && { signal }) })
        beats.progress()
      }
    }
  }

  async settle(lease: QuotaLease, actual: Amounts): Promise<void> {
    const delta: Amounts = {}
    for (const unit of new Set([...Object.keys(lease.amounts), ...Object.keys(actual)])) {
      delta[unit] = (actual[unit] ?? lease.amounts[unit] ?? 0) - (lease.amounts[unit] ?? 0)
    }
    await this.#deps.store.call('settleQuota', { name: lease.quota, delta })
  }

  async penalize({ retryAfterMs }: { retryAfterMs: number }): Promise<void> {
    await this.#deps.store.call('blockQuota', { name: this.#name(), forMs: retryAfterMs })
  }

  #name(): string {
    const name = this.#deps.boot.quota
    if (name === null) throw new DroverError('QUOTA_INVALID', `worker ${this.#deps.boot.id} has no quota`)
    return name
  }
}
