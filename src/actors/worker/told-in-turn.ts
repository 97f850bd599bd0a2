/** Tells things one after another, each when the store has it where that is asked for. */
export class ToldInTurn {
  readonly #changed: () => void
  #last: Promise<void> | null = null

  /** @param changed called when something was told later than it happened */
  constructor(changed: () => void) {
    this.#changed = changed
  }

  /** Something is still to be told. */
  get isPending(): boolean {
    return this.#last !== null
  }

  /** Tells at once, or after that, and never before what is still to be told. */
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
