/** Listeners that cannot harm each other: what one throws is thrown on its own, later. */

export class Listeners<T> {
  readonly #all = new Set<(value: T) => void>()

  /** @returns takes it away again */
  add(listener: (value: T) => void): () => void {
    // Wrapped, so that the same function given twice is told twice and taken away once.
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
