/**
 * Calls the store thread over a port. A call outlives the thread: when the thread is replaced, all unanswered requests are sent
 * again, in order and unchanged, without a second effect. Worker threads import this module, so it must not import SQLite.
 */
import { DroverError, fromErrorRecord } from '../../errors.js'
import type { Port } from '../../ports/port.js'
import type { EngineClient, EngineOp, EngineReply, EngineRequest, StoreReply, StoreRequest } from '../contract/engine.js'

interface Pending {
  message: StoreRequest
  resolve: (value: unknown) => void
  reject: (error: Error) => void
}

export class StoreClient implements EngineClient {
  /** In the order of sending. */
  readonly #pending = new Map<number, Pending>()
  #port: Port
  #lastId = 0
  /** The reason why calls are refused. */
  #ended: Error | null = null
  /** Whether only pending calls keep the process alive. */
  #unreferenced = false

  constructor(port: Port) {
    this.#port = port
    this.#listen()
  }

  /** Number of calls that are not yet answered. */
  get pending(): number {
    return this.#pending.size
  }

  /**
   * Calls the store. Settles when the store has answered, even if its thread is replaced meanwhile.
   *
   * @throws DroverError with the engine's code; CLOSED after {@link close}
   */
  call<Op extends EngineOp>(op: Op, request: EngineRequest<Op>): Promise<EngineReply<Op>> {
    if (this.#ended) return Promise.reject(this.#ended)
    return new Promise<EngineReply<Op>>((resolve, reject) => {
      const id = ++this.#lastId
      const message: StoreRequest<Op> = { id, op, request }
      // Throws, and so rejects, if the request cannot be cloned; it is not pending then.
      this.#port.postMessage(message)
      this.#pending.set(id, { message, resolve: resolve as (value: unknown) => void, reject })
      this.#hold()
    })
  }

  /** Continues over another port, because the store thread was replaced. */
  reattach(port: Port): void {
    if (this.#ended) {
      port.close()
      return
    }
    this.#port.off('message', this.#onMessage)
    this.#port.close()
    this.#port = port
    for (const { message } of this.#pending.values()) port.postMessage(message)
    this.#listen()
    this.#hold()
  }

  /** From now on only pending calls keep the process alive. */
  unref(): void {
    this.#unreferenced = true
    this.#hold()
  }

  /** Rejects pending and later calls with `error`; closes the port. */
  close(error: Error = new DroverError('CLOSED', 'the connection to the store is closed')): void {
    if (this.#ended) return
    this.#ended = error
    this.#port.close()
    for (const { reject } of this.#pending.values()) reject(error)
    this.#pending.clear()
  }

  #listen(): void {
    this.#port.on('message', this.#onMessage)
  }

  #hold(): void {
    if (!this.#unreferenced) return
    if (this.#pending.size > 0) this.#port.ref?.()
    else this.#port.unref?.()
  }

  #onMessage = (message: StoreReply | { type: string }): void => {
    // The main thread's port also carries notices for the handle.
    if (!('id' in message)) return
    const pending = this.#pending.get(message.id)
    if (!pending) return
    this.#pending.delete(message.id)
    this.#hold()
    if (message.ok) pending.resolve(message.value)
    else pending.reject(fromErrorRecord(message.error))
  }
}
