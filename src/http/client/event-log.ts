/**
 * The events of a client, each once and in order. What did not come over the connection (it was broken, or the client read too
 * slowly) is read from the event log, page by page: nothing piles up meanwhile, because what comes live is read from there too.
 */
import type { StatusEvent } from '../contract/log.js'
import type { Api } from './api.js'
import { backoffMs } from './backoff.js'

/** Events that were not told, by their ids, from the first to the last. */
export interface EventGap {
  from: number
  to: number
  count: number
}

interface Handlers {
  event: (event: StatusEvent) => void
  gap: (gap: EventGap) => void
}

/** Of a message `events`. An older server does not say `after`. */
interface Came {
  data: readonly StatusEvent[]
  after?: number
}

interface Page {
  items: StatusEvent[]
  /** The lowest id that is kept; 0: none is. */
  first: number
  last: number
}

/** Read at once. */
const pageSize = 1_000

export class EventLog {
  readonly #api: Api
  readonly #handlers: Handlers
  readonly #reads: boolean
  /** The id up to which everything was told; null: it begins with the next message. */
  #last: number | null = null
  /** The highest id that is known to be in the log. */
  #highest = 0
  /** Changes when reading has to end. */
  #round = 0
  #reading = false
  #retry: ReturnType<typeof setTimeout> | undefined

  /** @param reads whether missed events are read; else they are told as a gap */
  constructor(api: Api, reads: boolean, handlers: Handlers) {
    this.#api = api
    this.#reads = reads
    this.#handlers = handlers
  }

  take({ data, after }: Came): void {
    const before = after ?? this.#last ?? (data[0]?.id ?? 1) - 1
    this.#last ??= before
    if (data.length === 0 && before < this.#last) this.#startOver(before)
    this.#highest = Math.max(this.#highest, data.at(-1)?.id ?? before)
    if (this.#reading) return
    if (before > this.#last && this.#reads) {
      this.#reading = true
      void this.#read(this.#round, 0)
      return
    }
    this.#skip(before)
    for (const event of data) this.#tell(event)
  }

  /** Without a connection: asks for what is new. */
  async poll(): Promise<void> {
    if (!this.#reads) return
    const { last } = await this.#api.request<Page>('GET', '/events?order=desc&limit=1')
    this.take({ data: [], after: last })
  }

  /** The connection has ended. The next one says where the log is at. */
  pause(): void {
    this.#round++
    this.#reading = false
    clearTimeout(this.#retry)
  }

  /** Events are no longer followed. */
  reset(): void {
    this.pause()
    this.#last = null
    this.#highest = 0
  }

  /** The store is another one, with ids of its own. */
  #startOver(at: number): void {
    this.pause()
    this.#last = 0
    this.#highest = at
    this.#skip(at)
  }

  async #read(round: number, failures: number): Promise<void> {
    try {
      for (let after = this.#last ?? 0; after < this.#highest; after = this.#last ?? 0) {
        const { items, first } = await this.#api.request<Page>('GET', `/events?after=${after}&limit=${pageSize}`)
        if (round !== this.#round) return
        failures = 0
        // An id within the log without an event was never given.
        this.#skip(Math.min(this.#highest, first === 0 || items.length === 0 ? this.#highest : first - 1))
        for (const event of items) if (event.id <= this.#highest) this.#tell(event)
      }
      this.#reading = false
    } catch {
      if (round !== this.#round) return
      this.#retry = setTimeout(() => void this.#read(round, failures + 1), backoffMs(failures + 1, Math.random()))
    }
  }

  #tell(event: StatusEvent): void {
    if (event.id <= (this.#last ?? 0)) return
    this.#last = event.id
    this.#handlers.event(event)
  }

  /** Goes on after this id. */
  #skip(to: number): void {
    const from = (this.#last ?? 0) + 1
    if (to < from) return
    this.#last = to
    this.#handlers.gap({ from, to, count: to - from + 1 })
  }
}
