/**
 * Writes transitions and events to the store in the background: collects those of one turn of the event loop and sends them
 * together. If the store cannot take them now (its disk is full, another process holds its lock), they are kept and sent again.
 */
import { DroverError, toErrorRecord } from '../errors.js'
import type { Log } from '../logs/logs.js'
import type { EngineClient } from '../store/contract/engine.js'
import type { EventRow, Transition } from '../store/contract/registry.js'
import { backoffDelay } from '../time/backoff.js'
import { shareOfTurn } from '../time/turns.js'
import type { DroverEvents, EventName } from './event-map.js'
import { storedEvents } from './stored-events.js'

const isStored: ReadonlySet<EventName> = new Set<EventName>(storedEvents)

/** Events kept while the store takes none; beyond that the oldest are dropped. States of workers are never dropped. */
export const keptEvents = 10_000

/** The most transitions and events in one message, because serialising it blocks the main thread. */
const mostAtOnce = 500

const retryWaits = { initialMs: 250, factor: 2, maxMs: 5_000, jitter: 0.2 }

export class Recorder {
  readonly #store: EngineClient
  readonly #host: string
  readonly #log: Log
  /** The latest of each worker. */
  #transitions = new Map<string, Transition>()
  #events: EventRow[] = []
  /** Events known to be plain data. */
  readonly #sound = new WeakSet<EventRow>()
  #seq = 0
  /** Numbers of calls given and stored. */
  #given = 0
  #stored = 0
  #waiting: { upTo: number; resolve: () => void }[] = []
  #scheduled = false
  /** Never rejects. */
  #sending: Promise<void> = Promise.resolve()
  /** Failures in a row. */
  #failures = 0
  #dropped = 0
  #retry: NodeJS.Timeout | null = null
  #ended: Error | null = null

  constructor(store: EngineClient, host: string, log: Log) {
    this.#store = store
    this.#host = host
    this.#log = log
  }

  /** Records a worker's new state. Only the latest is kept; the events have the others. */
  transition(transition: Transition): void {
    this.#transitions.delete(transition.worker)
    this.#transitions.set(transition.worker, transition)
    this.#schedule()
  }

  event<Name extends EventName>(type: Name, payload: DroverEvents[Name], at: number): void {
    if (!isStored.has(type)) return
    const worker = 'worker' in payload ? payload.worker : null
    this.#events.push({ seq: this.#seq++, at, type, worker, payload })
    this.#bound()
    this.#schedule()
  }

  /**
   * Settles when everything given so far is stored.
   *
   * @throws the store's error; unsaved data is kept and sent again
   */
  async flush(): Promise<void> {
    const upTo = this.#given
    while (this.#stored < upTo) await this.#send()
  }

  /** Settles when everything given so far is stored, after any time, or when it is certain that it never will be. */
  written(): Promise<void> {
    if (this.#stored >= this.#given || this.#ended) return Promise.resolve()
    return new Promise((resolve) => {
      this.#waiting.push({ upTo: this.#given, resolve })
    })
  }

  /** Tries once more, logs the data that is lost, and ends. */
  async close(): Promise<void> {
    try {
      await this.flush()
      this.end(new DroverError('CLOSED', 'the system is closed'))
    } catch (error) {
      this.end(error as Error)
    }
  }

  /** Ends for good: the store is gone. */
  end(error: Error): void {
    if (this.#ended) return
    this.#ended = error
    if (this.#retry) clearTimeout(this.#retry)
    for (const { resolve } of this.#waiting.splice(0)) resolve()
    const workers = [...this.#transitions.keys()]
    if (workers.length === 0 && this.#events.length === 0) return
    this.#log.error(`not in the store: the latest states of ${workers.length} workers, and ${this.#events.length} events`, {
      workers: workers.slice(0, 20),
      error: toErrorRecord(error),
    })
  }

  #schedule(): void {
    this.#given++
    if (this.#scheduled || this.#retry || this.#ended) return
    this.#scheduled = true
    setImmediate(() => void this.#send().catch(() => {}))
  }

  /** Sends all pending data once the message before was answered. */
  #send(): Promise<void> {
    const sent = this.#sending.then(() => this.#sendNow())
    // Without a value: otherwise every reply would be kept in memory.
    this.#sending = sent.catch(() => {})
    return sent
  }

  async #sendNow(): Promise<void> {
    if (this.#ended) throw this.#ended
    this.#scheduled = false
    const upTo = this.#given
    const transitions = [...this.#transitions.values()]
    const events = this.#events
    this.#transitions = new Map()
    this.#events = []
    for (let from = 0; from < Math.max(transitions.length, events.length); from += mostAtOnce) {
      const next = [transitions.slice(from, from + mostAtOnce), events.slice(from, from + mostAtOnce)] as const
      try {
        await this.#store.call('record', { host: this.#host, transitions: next[0], events: next[1] })
      } catch (error) {
        const left = transitions.slice(from).map((transition) => [transition.worker, transition] as const)
        this.#transitions = new Map([...left, ...this.#transitions])
        this.#events = [...events.slice(from), ...this.#events]
        this.#failed(error as Error)
        throw error
      }
    }
    this.#succeeded(upTo)
  }

  #succeeded(upTo: number): void {
    this.#stored = upTo
    if (this.#waiting.length > 0) {
      const stored = this.#waiting.filter((one) => one.upTo <= upTo)
      this.#waiting = this.#waiting.filter((one) => one.upTo > upTo)
      void this.#tell(stored)
    }
    if (this.#failures === 0) return
    this.#failures = 0
    if (this.#retry) clearTimeout(this.#retry)
    this.#retry = null
    this.#log.info(`the store can save events again${this.#dropped > 0 ? `; ${this.#dropped} events were dropped` : ''}`)
    this.#dropped = 0
    // Data given meanwhile waited for the timer.
    if (this.#stored < this.#given) void this.#send().catch(() => {})
  }

  /** Resolves waiting calls one by one, because several replies of the store may come in one turn. */
  async #tell(stored: readonly { resolve: () => void }[]): Promise<void> {
    for (const one of stored) {
      await shareOfTurn()
      one.resolve()
    }
  }

  #failed(error: Error): void {
    if (this.#ended) return
    this.#events = this.#events.filter((event) => this.#sound.has(event) || this.#makeSound(event))
    this.#bound()
    if (this.#failures === 0) {
      const { code = error.name } = error as { code?: string }
      this.#log.warn(
        `the store cannot save events (${code}: ${error.message}): they are kept, and drover tries again until they are stored`,
      )
    }
    if (this.#retry) clearTimeout(this.#retry)
    const retry = (): void => {
      this.#retry = null
      void this.#send().catch(() => {})
    }
    this.#retry = setTimeout(retry, backoffDelay(retryWaits, this.#failures++))
    this.#retry.unref()
  }

  /** An event that can never be stored must not block the others. */
  #makeSound(event: EventRow): boolean {
    try {
      event.payload = JSON.parse(JSON.stringify(event.payload))
      this.#sound.add(event)
      return true
    } catch (error) {
      this.#log.error(`an event ${event.type} cannot be stored`, { error: toErrorRecord(error) })
      return false
    }
  }

  #bound(): void {
    const over = this.#events.length - keptEvents
    if (over <= 0) return
    if (this.#dropped === 0) this.#log.warn(`more than ${keptEvents} events wait for the store: the oldest are dropped`)
    this.#dropped += over
    this.#events.splice(0, over)
  }
}
