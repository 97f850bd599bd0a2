/**
 * The pace of frames. After a quiet moment a change is sent at once, and so are a few in a row; after that, frames are spaced.
 * The spacing grows with the cost of a frame, so that half of the main thread's time is left for the system.
 */
export class Pace {
  readonly #leastMs: number
  readonly #inRow: number
  #everyMs: number
  /** When the budget is full again, on the caller's clock. */
  #wholeAt = Number.NEGATIVE_INFINITY

  /** @param inRow number of frames at once after a quiet moment, 1 or more */
  constructor(everyMs: number, inRow: number) {
    this.#leastMs = everyMs
    this.#everyMs = everyMs
    this.#inRow = inRow
  }

  /** Ms until the next may go. */
  wait(now: number): number {
    return Math.max(0, this.#wholeAt - this.#everyMs * (this.#inRow - 1) - now)
  }

  /** Notes a frame sent at `now` and the time it took. */
  went(now: number, tookMs: number): void {
    this.#everyMs = Math.max(this.#leastMs, tookMs * 2)
    this.#wholeAt = Math.max(this.#wholeAt, now) + this.#everyMs
  }
}
