/**
 * The records of a source, one at a time, until it is stopped. A source may stall for ever inside `next()` or `return()`; `stop`
 * waits for neither.
 */
export class Records<Item> {
  readonly #next: () => IteratorResult<Item> | Promise<IteratorResult<Item>>
  readonly #return: () => unknown
  /** Rejects the step under way. */
  #reject: (reason: unknown) => void = () => {}
  #stopped: { reason: unknown } | null = null
  #over = false

  constructor(source: Iterable<Item> | AsyncIterable<Item>) {
    if (Symbol.asyncIterator in source) {
      const iterator = source[Symbol.asyncIterator]()
      this.#next = () => iterator.next()
      this.#return = () => iterator.return?.()
    } else {
      const iterator = source[Symbol.iterator]()
      this.#next = () => settled(iterator.next())
      this.#return = () => iterator.return?.()
    }
  }

  /**
   * @returns null at the end
   * @throws what the source throws, or the reason of {@link stop}
   */
  async next(): Promise<{ record: Item } | null> {
    if (this.#stopped) throw this.#stopped.reason
    try {
      // No `Promise.race`: a promise that lives as long as the source would keep a reaction for every record.
      const { done, value } = await new Promise<IteratorResult<Item>>((resolve, reject) => {
        this.#reject = reject
        Promise.resolve(this.#next()).then(resolve, reject)
      })
      if (!done) return { record: value }
      this.#over = true
      return null
    } catch (error) {
      this.#over = !this.#stopped
      throw error
    }
  }

  /** From now on every `next` is refused, including a pending one. */
  stop(reason: unknown): void {
    this.#stopped ??= { reason }
    this.#reject(this.#stopped.reason)
  }

  /** Closes a source that is not at its end; waits for its answer unless it was stopped. Never throws. */
  async close(): Promise<void> {
    if (this.#over) return
    const closed = Promise.resolve()
      .then(this.#return)
      .catch(() => {})
    if (!this.#stopped) await closed
  }
}

/** As in `for await`: a synchronous source may yield promises. */
function settled<Item>(step: IteratorResult<Item>): IteratorResult<Item> | Promise<IteratorResult<Item>> {
  return !step.done && step.value instanceof Promise ? step.value.then((value: Item) => ({ done: false, value })) : step
}
