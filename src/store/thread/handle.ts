/**
 * The main thread's side of the store thread: starts it, connects worker threads to it, and replaces it when it dies. Unanswered
 * requests are sent again, so that callers only notice a delay.
 */
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads'
import { EventEmitter } from 'eventemitter3'
import { DroverError, fromErrorRecord } from '../../errors.js'
import { checkOwnFile } from '../../own-file.js'
import { duration } from '../../values/duration.js'
import type { StoreReply } from '../contract/engine.js'
import type { LaneCounts } from '../contract/registry.js'
import type { Durability } from '../sqlite/open.js'
import { StoreClient } from './client.js'
import type { StoreBoot, StoreCommand, StoreNotice } from './messages.js'
import { StoreMeter } from './meter.js'

/** Deaths within {@link deathsWithinMs} after which the thread is replaced; at one more the store has failed. */
const deathsAllowed = 5
const deathsWithinMs = 60_000
/** Time for a thread with a damaged store to end by itself before it is terminated. */
const endWithinMs = 20_000

export interface StoreThreadOptions {
  /** Path of the SQLite file, or `':memory:'`. */
  file: string
  durability: Durability
  /** How many events the store keeps. */
  keepEvents: number
  /** The thread's entry. @defaultValue `store-thread.js` beside this module */
  entry?: URL
}

export interface StoreThreadEvents {
  /** Lanes that changed, at most ten times a second. */
  counts: (counts: LaneCounts[]) => void
  /** Another process changed the store; emitted at most once a second. */
  changed: () => void
  /** The store thread died and was replaced; requests in flight are repeated. */
  restarted: (death: { error: Error }) => void
  /** The store thread died too often, or its data in memory is lost. Every call is rejected from now on. */
  failed: (failure: { error: Error }) => void
}

/** A store that cannot be written. */
export interface Unwritable {
  /** Ms since the epoch. */
  since: number
  why: string
}

/** One store thread. */
interface Incarnation {
  number: number
  thread: Worker
  port: MessagePort
  ready: boolean
  /** The reason for its end, if it sent one. */
  error: Error | null
}

export class StoreThread extends EventEmitter<StoreThreadEvents> {
  /** Calls the store from the main thread. */
  readonly client: StoreClient
  /** Called for each worker whose thread needs a new port ({@link connect}) after the store thread was replaced. */
  onReconnect: (worker: string) => void = () => {}

  readonly #options: StoreThreadOptions
  /** By worker: the incarnation that it is connected to. */
  readonly #connected = new Map<string, number>()
  /** Shared with the thread. */
  readonly #hurry = new Int32Array(new SharedArrayBuffer(4))
  /** What the thread is doing. */
  readonly meter = new StoreMeter()
  #unwritable: Unwritable | null = null
  #current: Incarnation
  #deaths: number[] = []
  #failure: DroverError | null = null
  #closed: Promise<void> | null = null
  /** Settles when the ending thread is gone. */
  #ending: Promise<void> | null = null
  #onGone: () => void = () => {}

  /** @throws DroverError BUNDLED if the thread's entry is not beside this code */
  static checkEntry(): void {
    checkOwnFile('./store-thread.js', import.meta.url)
  }

  /**
   * Starts the store thread and opens the file.
   *
   * @throws DroverError STORE_FOLDER_MISSING, STORE_READ_ONLY, STORE_NOT_A_DATABASE, STORE_TOO_NEW, STORE_FAILED, BUNDLED; then no
   * thread is left
   */
  static async open(options: StoreThreadOptions): Promise<StoreThread> {
    if (!options.entry) StoreThread.checkEntry()
    const store = new StoreThread(options)
    await store.#opened
    return store
  }

  /** Settles with the first incarnation's readiness. */
  readonly #opened: Promise<void>

  private constructor(options: StoreThreadOptions) {
    super()
    this.#options = options
    let settle: (error: Error | null) => void = () => {}
    this.#opened = new Promise((resolve, reject) => {
      settle = (error) => (error ? reject(error) : resolve())
    })
    this.#current = this.#start(1, settle)
    this.client = new StoreClient(this.#current.port)
  }

  /** Since when the store cannot be written, and why; null: it can, as far as known. */
  get unwritable(): Unwritable | null {
    return this.#unwritable
  }

  /** Whether the store has failed for good. */
  get hasFailed(): boolean {
    return this.#failure !== null
  }

  /** A port for a worker's thread, to be transferred to it and given to its {@link StoreClient}. Replaces an earlier one. */
  connect(worker: string): MessagePort {
    if (this.#failure) throw this.#failure
    if (this.#closed) throw new DroverError('CLOSED', 'the store is closing')
    const { port1, port2 } = new MessageChannel()
    this.#connected.set(worker, this.#current.number)
    this.#send({ type: 'attach', worker, port: port1 }, port1)
    return port2
  }

  /** The worker's thread is gone. Its sent requests are still done. */
  disconnect(worker: string): void {
    if (this.#connected.delete(worker)) this.#send({ type: 'detach', worker })
  }

  /** From now on only pending calls to the store keep the process alive. */
  unref(): void {
    this.#current.thread.unref()
    this.client.unref()
  }

  /**
   * Does all sent requests, closes the file and ends the thread. A second call returns the same promise.
   *
   * @param late settles when this takes too long: then requests that wait for another process's lock are dropped
   */
  close(late?: Promise<unknown>): Promise<void> {
    this.#closed ??= this.#close(late)
    return this.#closed
  }

  /** For tests: makes the store thread die, at once or between its next commit and the replies. */
  die(code: number, after?: 'commit'): void {
    this.#send({ type: 'exit', code, ...(after && { after }) })
  }

  async #close(late?: Promise<unknown>): Promise<void> {
    if (!this.#failure) this.#end('close')
    void late?.then(() => this.#hurryUp())
    await this.#ending
    this.client.close()
    this.removeAllListeners()
  }

  /** Asks the thread to end. It is not terminated, because SQLite's binding could crash the process. */
  #end(type: 'close' | 'abandon'): void {
    this.#current.thread.ref()
    this.#ending = new Promise((resolve) => {
      this.#onGone = resolve
    })
    this.#send({ type })
  }

  #hurryUp(): void {
    Atomics.store(this.#hurry, 0, 1)
  }

  #send(command: StoreCommand, ...transfer: MessagePort[]): void {
    this.#current.port.postMessage(command, transfer)
  }

  #start(number: number, settle: (error: Error | null) => void): Incarnation {
    const { port1, port2 } = new MessageChannel()
    const { entry = new URL('./store-thread.js', import.meta.url), ...options } = this.#options
    const workerData: StoreBoot = { ...options, port: port2, hurry: this.#hurry, meter: this.meter.memory }
    const thread = new Worker(entry, { workerData, transferList: [port2], name: 'drover store' })
    const incarnation: Incarnation = { number, thread, port: port1, ready: false, error: null }
    port1.on('message', (message: StoreNotice | StoreReply) => {
      // Replies are for the client, which listens too.
      if (!('type' in message)) return
      if (message.type === 'ready') {
        incarnation.ready = true
        this.#unwritable = null
        settle(null)
      } else if (message.type === 'refused') incarnation.error = fromErrorRecord(message.error)
      else if (message.type === 'damaged') this.damaged(fromErrorRecord(message.error))
      else if (message.type === 'unwritable') this.#unwritable = { since: message.since, why: message.error.message }
      else if (message.type === 'written') this.#unwritable = null
      else if (message.type === 'counts') this.emit('counts', message.counts)
      else this.emit('changed')
    })
    thread.on('error', (error) => {
      incarnation.error = error
    })
    thread.on('exit', (code) => {
      // Its last messages may arrive after its exit event.
      for (let left = receiveMessageOnPort(port1); left; left = receiveMessageOnPort(port1)) port1.emit('message', left.message)
      const error = incarnation.error ?? new Error(`the store thread ended with exit code ${code}`)
      if (number === 1 && !incarnation.ready) {
        port1.close()
        settle(
          DroverError.is(error)
            ? error
            : new DroverError('STORE_FAILED', `the store thread did not start: ${error.message}`, { cause: error }),
        )
      } else {
        this.#gone(error)
      }
    })
    return incarnation
  }

  /** The store is unusable: another try or another thread would find the same. */
  damaged(error: Error): void {
    if (this.#failure || this.#closed) return
    // Sent first, because a failure closes the port.
    this.#end('abandon')
    this.#hurryUp()
    this.#fail(error.message, error)
    const { thread } = this.#current
    const late = setTimeout(() => void thread.terminate(), endWithinMs)
    void this.#ending?.then(() => clearTimeout(late))
  }

  #gone(error: Error): void {
    this.#onGone()
    if (this.#failure || this.#closed) return
    const now = performance.now()
    this.#deaths = [...this.#deaths.filter((at) => at > now - deathsWithinMs), now]
    if (this.#options.file === ':memory:') {
      this.#fail('the store thread died, and the store in memory is lost', error)
    } else if (this.#deaths.length > deathsAllowed) {
      this.#fail(`the store thread died ${this.#deaths.length} times within ${duration(deathsWithinMs)}`, error)
    } else {
      this.#current = this.#start(this.#current.number + 1, () => this.#replaced(error))
      this.client.reattach(this.#current.port)
    }
  }

  #replaced(error: Error): void {
    if (this.#failure) return
    this.emit('restarted', { error })
    // While closing, no connection is needed.
    if (this.#closed) return
    for (const [worker, incarnation] of this.#connected) {
      if (incarnation < this.#current.number) this.onReconnect(worker)
    }
  }

  #fail(message: string, cause: Error): void {
    this.#failure = new DroverError('STORE_FAILED', message, { cause })
    this.client.close(this.#failure)
    this.emit('failed', { error: this.#failure })
  }
}
