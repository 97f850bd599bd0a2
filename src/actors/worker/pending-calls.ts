/** Calls to many workers that wait for this worker's turn. Later calls to the worker come after them. */
export class PendingCalls {
  readonly #acts: (() => void)[] = []
  #catchingUp = false

  add(act: () => void): void {
    this.#acts.push(act)
  }

  /** Runs the owed calls in order. */
  catchUp(): void {
    if (this.#catchingUp) return
    this.#catchingUp = true
    try {
      for (let act = this.#acts.shift(); act; act = this.#acts.shift()) act()
    } finally {
      this.#catchingUp = false
    }
  }
}
