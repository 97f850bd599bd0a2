/**
 * What user code in a worker thread gets as `ctx`. One object for the worker, and one for each task that inherits from it.
 */

import { DroverError } from '../../../errors.js'
import type { QuotaClient, QuotaLease } from '../../../quotas/client.js'
import type { Amounts } from '../../../store/contract/engine.js'
import { argumentError, longestWaitMs, wholeNumber } from '../../../validation/arguments.js'
import { isError, textOf } from '../../../values/plain.js'
import type { WorkerContext, WorkerLog } from '../../../worker.js'
import type { BeatSlot } from '../../heartbeat/beats.js'
import type { ThreadReport, WorkerBoot } from '../../protocol/messages.js'
import { ContextQuota } from './context-quota.js'

/** Counters of beats have 32 bits. */
const mostSteps = 2 ** 31 - 1

export interface ContextDeps {
  boot: WorkerBoot
  beats: BeatSlot
  quotas: QuotaClient
  report: (report: ThreadReport) => void
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
  readonly quota: ContextQuota
  readonly attempt: number = 0
  state: unknown
  /** `setup` is through: what is extended from now on is the watchdog's patience, and before that the start timeout. */
  ready = false
  /** Why `setup` does not want it to run; null: it does. */
  declined: string | null = null
  readonly #deps: ContextDeps
  readonly #controller = new AbortController()

  constructor(deps: ContextDeps) {
    this.#deps = deps
    this.id = deps.boot.id
    this.annotator = deps.boot.annotator
    this.domain = deps.boot.domain
    this.input = deps.boot.input
    this.log = deps.log
    this.quota = new ContextQuota(deps, null)
  }

  /** The quota as a task sees it that was granted this. */
  quotaFor(lease: QuotaLease | null): ContextQuota {
    return new ContextQuota(this.#deps, { lease })
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  progress(steps = 1): void {
    this.#deps.beats.progress(wholeNumber('ctx.progress: steps', steps, 0, mostSteps))
  }

  extend(ms: number): void {
    if (!(typeof ms === 'number' && ms > 0 && ms <= longestWaitMs)) {
      throw argumentError('ctx.extend: ms', `a number of milliseconds above 0, up to ${longestWaitMs} (a year)`, ms)
    }
    if (this.ready) this.#deps.beats.extend(ms)
    else this.#deps.report({ type: 'extend', ms })
  }

  get withQuota(): WorkerContext['withQuota'] {
    return (call, options) => this.quota.call(call, options)
  }

  fail(reason: string | Error): never {
    return this.#deps.crash(isError(reason) ? reason : new Error(textOf(reason)))
  }

  decline(reason: string): never {
    if (typeof reason !== 'string' || reason === '') throw argumentError('ctx.decline: reason', 'a text', reason)
    if (this.ready) throw new DroverError('ARGUMENT_INVALID', 'ctx.decline is for setup: once the worker is ready, ctx.fail crashes it')
    this.declined = reason
    throw new DroverError('ARGUMENT_INVALID', `declined: ${reason}`)
  }

  abort(reason: unknown): void {
    this.#controller.abort(reason)
  }
}

/** The context of one task: the worker's, with an attempt and a signal of its own (made when first asked for). */
export class TaskContext implements WorkerContext {
  readonly #worker: Context
  readonly #lease: QuotaLease | null
  #quota: ContextQuota | null = null
  readonly attempt: number
  #controller: AbortController | null = null
  #aborted: { reason: unknown } | null = null

  /** @param lease what it was granted */
  constructor(worker: Context, attempt: number, lease: QuotaLease | null) {
    this.#worker = worker
    this.attempt = attempt
    this.#lease = lease
  }

  /** What it used so far; null without a quota. */
  get usage(): Amounts | null {
    return this.#quota?.usage ?? this.#lease?.amounts ?? null
  }

  /** Later usage is not the task's any more. */
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
