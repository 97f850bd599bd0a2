/** Sends new events of the event log, read from the store, because events get their ids there. */
import type { Drover } from '../../drover/drover.js'
import { storedEvents } from '../../events/stored-events.js'
import { Pace } from '../../time/pace.js'
import type { StatusEvent } from '../contract/log.js'

/** Read at once. */
const pageSize = 500
/** After all events. */
const nowhere = Number.MAX_SAFE_INTEGER

export class EventFeed {
  readonly #drover: Drover
  readonly #tell: (events: StatusEvent[], after: number) => void
  #after: Promise<number> | null = null
  #reading = false
  /** A quiet log is read at once, and a busy one twenty times a second. */
  readonly #pace = new Pace(50, 4)
  #more = false
  /** The id up to which all events were told; null: it does not run, or the store does not say. */
  position: number | null = null

  constructor(drover: Drover, tell: (events: StatusEvent[], after: number) => void) {
    this.#drover = drover
    this.#tell = tell
  }

  /** @returns null: new events are sent from now on; else a promise for that moment */
  watch(wanted: boolean): Promise<unknown> | null {
    if (!wanted) {
      if (this.#after) for (const name of storedEvents) this.#drover.off(name, this.#look)
      this.#after = null
      this.position = null
      return null
    }
    if (this.#after) return null
    for (const name of storedEvents) this.#drover.on(name, this.#look)
    const after = this.#latest()
    this.#after = after
    return after.then((id) => {
      if (this.#after === after && id !== nowhere) this.position = id
    })
  }

  /** The id of the latest event; later ones are sent. */
  async #latest(): Promise<number> {
    try {
      return (await this.#drover.events({ after: nowhere, limit: 1 })).last
    } catch {
      // The store is gone: nothing is stored any more either.
      return nowhere
    }
  }

  readonly #look = (): void => {
    this.#more = true
    if (this.#reading) return
    this.#reading = true
    this.#readSoon()
  }

  /** Events of one turn are stored together; those that follow closely share a read and a frame. */
  #readSoon(): void {
    const wait = this.#pace.wait(performance.now())
    if (wait > 0) setTimeout(() => void this.#read(), wait).unref()
    else setImmediate(() => void this.#read())
  }

  async #read(): Promise<void> {
    this.#more = false
    this.#pace.went(performance.now(), 0)
    try {
      await this.#readPage()
    } catch {
      // As above.
    }
    if (this.#more && this.#after) this.#readSoon()
    else this.#reading = false
  }

  async #readPage(): Promise<void> {
    const began = this.#after
    if (!began) return
    const after = await began
    const { items } = await this.#drover.events({ after, limit: pageSize })
    const last = items.at(-1)
    // The feed may have been stopped and started again meanwhile.
    if (!last || this.#after !== began) return
    this.#after = Promise.resolve(last.id)
    this.position = last.id
    this.#tell(items as StatusEvent[], after)
    if (items.length === pageSize) this.#more = true
  }
}
