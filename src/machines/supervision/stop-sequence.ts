/**
 * Brings workers down one by one, the last one first, each when the one after it is down: as an OTP supervisor ends its children.
 */

/** A worker that can be told to go down. */
export interface Stoppable {
  /** Whether it has a thread, or is about to. */
  readonly live: boolean
}

export class StopSequence<Worker extends Stoppable> {
  readonly #left: Worker[]
  readonly #tell: (worker: Worker) => boolean
  #told: Worker | null = null

  /**
   * @param workers in the order of starting
   * @param tell asks one to go down; also one without a thread, which does so at once. Answers false to leave it out: it is not waited
   * for then
   */
  constructor(workers: readonly Worker[], tell: (worker: Worker) => boolean) {
    this.#left = [...workers]
    this.#tell = tell
  }

  /** Whether the worker is still to be brought down by this. */
  includes(worker: Worker): boolean {
    return this.#told === worker || this.#left.includes(worker)
  }

  /** Goes on as far as it can without waiting; to be called whenever a worker has moved. Answers whether all are down. */
  advance(): boolean {
    while (this.#told === null || !this.#told.live) {
      const next = this.#left.pop()
      this.#told = next ?? null
      if (!next) return true
      if (!this.#tell(next)) this.#told = null
    }
    return false
  }
}
