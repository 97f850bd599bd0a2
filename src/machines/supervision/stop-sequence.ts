/**
 * Stops workers one by one, the last one first, each when the one after it is down, as an OTP supervisor does.
 */

/** A worker that can be stopped. */
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
   * @param tell asks a worker to stop; without a thread it stops at once. Returns false to skip the worker without waiting
   */
  constructor(workers: readonly Worker[], tell: (worker: Worker) => boolean) {
    this.#left = [...workers]
    this.#tell = tell
  }

  /** Whether this sequence still has to stop the worker. */
  includes(worker: Worker): boolean {
    return this.#told === worker || this.#left.includes(worker)
  }

  /** Continues as far as possible without waiting; call it after each change of a worker's state. @returns whether all are down */
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
