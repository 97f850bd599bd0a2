/**
 * Writes what happened into the store without anyone waiting for it: collects transitions and events of one turn of the event
 * loop and sends them together.
 */
import type { DroverEvents, EventName } from './events.js'
import type { EngineClient, EventRow, Transition } from './store/engine.js'
import { storedEvents } from './stored-events.js'

export class Recorder {
  readonly #store: EngineClient
  readonly #host: string
  readonly #onError: (error: unknown) => void
  #transitions: Transition[] = []
  #events: EventRow[] = []
  #seq = 0
  #scheduled = false
  #sending: Promise<unknown> = Promise.resolve()

  constructor(store: EngineClient, host: string, onError: (error: unknown) => void) {
    this.#store = store
    this.#host = host
    this.#onError = onError
  }

  /** A worker's new state; only the latest of a turn is kept, the events tell of the others. */
  transition(transition: Transition): void {
    this.#transitions = this.#transitions.filter(({ worker }) => worker !== transition.worker)
    this.#transitions.push(transition)
    this.#schedule()
  }

  event<Name extends EventName>(type: Name, payload: DroverEvents[Name], at: number): void {
    if (!storedEvents.includes(type)) return
    const worker = 'worker' in payload ? payload.worker : null
    this.#events.push({ seq: this.#seq++, at, type, worker, payload })
    this.#schedule()
  }

  /** Settles when all that was given is in the store (or was refused and reported). */
  async flush(): Promise<void> {
    this.#send()
    await this.#sending
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => this.#send())
  }

  #send(): void {
    this.#scheduled = false
    const transitions = this.#transitions
    const events = this.#events
    if (transitions.length === 0 && events.length === 0) return
    this.#transitions = []
    this.#events = []
    const before = this.#sending
    const sent = this.#store.call('record', { host: this.#host, transitions, events }).catch(this.#onError)
    // Without a value: as the values of Promise.all, every reply there ever was would be kept.
    this.#sending = sent.then(() => before)
  }
}
