/**
 * The `ctx` of user code in a worker thread: one object for the worker, and one for each task that inherits from it.
 */

import { DroverError } from '../../../errors.js'
import type { WorkerLog } from '../../../logs/log.js'
import type { QuotaLease } from '../../../quotas/client.js'
import { argumentError, longestWaitMs, wholeNumber } from '../../../validation/arguments.js'
import { isError, textOf } from '../../../values/plain.js'
import type { AnyMessages, MessageTypes, WorkerRef } from '../../messages/contract.js'
import type { Messenger } from '../../messages/messenger.js'
import { refer } from '../../messages/reference.js'
import { ContextQuota } from './context-quota.js'
import type { ContextDeps, WorkerContext } from './contract.js'

/** Counters of beats have 32 bits. */
const mostSteps = 2 ** 31 - 1

/** The worker's context; `state` is set after `setup`. */
export class Context implements WorkerContext {
  readonly id: string
  readonly annotator: string
  readonly domain: string
  /** As configured, until it was fitted to the module's schema. */
  input: unknown
  readonly log: WorkerLog
  readonly quota: ContextQuota
  readonly attempt: number = 0
  state: unknown
  /** Whether `setup` has finished. After that `extend` asks the watchdog for patience; before, it extends the start timeout. */
  ready = false
  /** The reason with which `setup` declined; null if it did not. */
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

  /** The `ctx.quota` of a task with this grant. */
  quotaFor(lease: QuotaLease | null): ContextQuota {
    return new ContextQuota(this.#deps, { lease })
  }

  get messenger(): Messenger {
    return this.#deps.messenger
  }

  find<Messages extends MessageTypes<Messages> = AnyMessages>(id: string): WorkerRef<Messages> {
    return refer<Messages>(this.messenger, id)
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
