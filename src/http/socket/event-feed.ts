/** Sends new events of the event log, read from the store, because events get their ids there. */
import type { Drover } from '../../drover/drover.js'
import { storedEvents } from '../../events/stored-events.js'
import type { StatusEvent } from '../contract/log.js'

/** Read at once. */
const pageSize = 500

export class EventFeed {
  readonly #drover: Drover
  readonly #tell: (events: StatusEvent[]) => void
  #after: Promise<number> | null = null
  #reading = false
  #more = false

  constructor(drover: Drover, tell: (events: StatusEvent[]) => void) {
    this.#drover = drover
    this.#tell = tell
  }

  /** @returns null: new events are sent from now on; else a promise for that moment */
  watch(wanted: boolean): Promise<unknown> | null {
    if (!wanted) {
      if (this.#after) for (const name of storedEvents) this.#drover.off(name, this.#look)
      this.#after = null
      return null
    }
    if (this.#after) return null
    for (const name of storedEvents) this.#drover.on(name, this.#look)
    this.#after = this.#latest()
    return this.#after
  }

  /** The id of the latest event; later ones are sent. */
  async #latest(): Promise<number> {
    try {
      return (await this.#drover.events({ after: Number.MAX_SAFE_INTEGER, limit: 1 })).last
    } catch {
      // The store is gone: nothing is stored any more either.
      return Number.MAX_SAFE_INTEGER
    }
  }

  readonly #look = (): void => {
    this.#more = true
    if (this.#reading) return
    this.#reading = true
    // Events of one turn are stored together.
    setImmediate(() => void this.#read())
  }

  async #read(): Promise<void> {
    try {
      while (this.#more && this.#after) {
        this.#more = false
        const began = this.#after
        const { items } = await this.#drover.events({ after: await began, limit: pageSize })
        const last = items.at(-1)
        // The feed may have been stopped and started again meanwhile.
        if (!last || this.#after !== began) continue
        this.#after = Promise.resolve(last.id)
        this.#tell(items)
        if (items.length === pageSize) this.#more = true
      }
    } catch {
      // As above.
    } finally {
      this.#reading = false
    }
  }
}
