/** Listeners that cannot affect each other: an error of one is rethrown later, on its own. */

export class Listeners<T> {
  readonly #all = new Set<(value: T) => void>()

  /** @returns a function that removes the listener */
  add(listener: (value: T) => void): () => void {
    // Wrapped, so that a function added twice is called twice and removed once.
    const own = (value: T): void => listener(value)
    this.#all.add(own)
    return () => {
      this.#all.delete(own)
    }
  }

  tell(value: T): void {
    for (const listener of [...this.#all]) {
      try {
        listener(value)
      } catch (error) {
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }
}
