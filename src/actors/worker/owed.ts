/** What was asked of a worker together with many others, and waits for its turn. Whatever else comes to the worker, comes after that. */
export class Owed {
  readonly #acts: (() => void)[] = []
  #catchingUp = false

  add(act: () => void): void {
    this.#acts.push(act)
  }

  /** Does what is owed, first things first. */
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
