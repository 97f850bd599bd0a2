/**
 * The concurrency slots: how many workers may have a thread at once, and who is next. Pure bookkeeping; the grant is told by
 * callback.
 */

interface Waiting {
  worker: string
  priority: number
  /** Order of asking. */
  turn: number
}

export class Slots {
  #limit: number
  readonly #holders = new Set<string>()
  #queue: Waiting[] = []
  #turn = 0
  readonly #grant: (worker: string) => void

  /**
   * @param limit at least 1
   * @param grant told of each worker that gets a slot
   */
  constructor(limit: number, grant: (worker: string) => void) {
    this.#limit = limit
    this.#grant = grant
  }

  get limit(): number {
    return this.#limit
  }
  get used(): number {
    return this.#holders.size
  }
  get queued(): number {
    return this.#queue.length
  }
  get free(): number {
    return Math.max(0, this.#limit - this.#holders.size - this.#queue.length)
  }

  /** Asks for a slot; one that is held already is granted again at once. Higher priority first, then who asked first. */
  request(worker: string, priority: number): void {
    if (this.#holders.has(worker)) {
      this.#grant(worker)
      return
    }
    if (this.#queue.some((waiting) => waiting.worker === worker)) return
    const entry = { worker, priority, turn: this.#turn++ }
    const place = this.#queue.findIndex((waiting) => waiting.priority < priority)
    this.#queue.splice(place < 0 ? this.#queue.length : place, 0, entry)
    this.#fill()
  }

  /** Gives a slot, or a place in the queue, back. */
  release(worker: string): void {
    this.#queue = this.#queue.filter((waiting) => waiting.worker !== worker)
    if (this.#holders.delete(worker)) this.#fill()
  }

  /** The worker's slot stays taken by a thread that did not end. Answers the name under which it can be released, should it end after all. */
  lose(worker: string): string {
    const name = `${worker} (unkillable ${this.#turn++})`
    if (this.#holders.delete(worker)) this.#holders.add(name)
    return name
  }

  /** Fills at once when raised; when lowered, nobody is thrown out. */
  set limit(limit: number) {
    this.#limit = limit
    this.#fill()
  }

  #fill(): void {
    while (this.#holders.size < this.#limit) {
      const next = this.#queue.shift()
      if (!next) return
      this.#holders.add(next.worker)
      this.#grant(next.worker)
    }
  }
}
