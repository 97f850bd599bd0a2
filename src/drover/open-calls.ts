/** Counts running calls and open iterations of a system. */
export class OpenCalls {
  #open = 0
  /** The end of the last call or iteration. */
  #since = performance.now()

  async during<T>(call: Promise<T>): Promise<T> {
    this.#open++
    try {
      return await call
    } finally {
      this.#leave()
    }
  }

  async *over<Row>(rows: AsyncGenerator<Row, void, void>): AsyncGenerator<Row, void, void> {
    this.#open++
    try {
      yield* rows
    } finally {
      this.#leave()
    }
  }

  /** Resolves after this time without a call or iteration. Does not keep the process alive. */
  async quiet(ms: number): Promise<void> {
    for (;;) {
      const left = this.#open > 0 ? ms : this.#since + ms - performance.now()
      if (left <= 0) return
      await new Promise<void>((resolve) => setTimeout(resolve, left).unref())
    }
  }

  #leave(): void {
    this.#open--
    this.#since = performance.now()
  }
}
