/** Emits events in order; on request each only after the store has it. */
export class Announcements {
  readonly #changed: () => void
  #last: Promise<void> | null = null

  /** @param changed called when an event was emitted later than it happened */
  constructor(changed: () => void) {
    this.#changed = changed
  }

  /** Whether events are still to be emitted. */
  get isPending(): boolean {
    return this.#last !== null
  }

  /** Emits at once or after the promise, and never before earlier events. */
  tell(tell: () => void, after: Promise<void> | null): void {
    if (after === null && this.#last === null) {
      tell()
      return
    }
    const telling = Promise.all([this.#last, after]).then(() => {
      if (this.#last === telling) this.#last = null
      tell()
      this.#changed()
    })
    this.#last = telling
  }
}
