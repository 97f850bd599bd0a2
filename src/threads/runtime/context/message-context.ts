import type { AnyMessages, MessageTypes, WorkerRef } from '../../messages/contract.js'
import type { Job } from '../../messages/incoming.js'
import { refer } from '../../messages/reference.js'
import type { ContextQuota } from './context-quota.js'
import { TaskContext } from './task-context.js'
import type { Context } from './worker-context.js'

/** The context of one message: the worker's, with the signal of the message. What its handler asks says for whom. */
export class MessageContext extends TaskContext {
  readonly #worker: Context
  readonly #job: Job

  constructor(worker: Context, job: Job) {
    super(worker, 0, null)
    this.#worker = worker
    this.#job = job
  }

  /** What it uses counts for the worker. */
  override get quota(): ContextQuota {
    return this.#worker.quota
  }

  override get signal(): AbortSignal {
    return this.#job.signal
  }

  override find<Messages extends MessageTypes<Messages> = AnyMessages>(id: string): WorkerRef<Messages> {
    return refer<Messages>(this.#worker.messenger, id, [...this.#job.path, this.#worker.id])
  }
}
