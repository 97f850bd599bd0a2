/**
 * How often frames go out. A change after a quiet moment goes at once, and so do a few in a row; for longer, they keep their distance,
 * which grows with what a frame costs: however many are told, half of the main thread's time is left for the system.
 */
export class Pace {
  readonly #leastMs: number
  readonly #inRow: number
  #everyMs: number
  /** When the budget is whole again, on the caller's clock. */
  #wholeAt = Number.NEGATIVE_INFINITY

  /** @param inRow so many go at once after a quiet moment, 1 or more */
  constructor(everyMs: number, inRow: number) {
    this.#leastMs = everyMs
    this.#everyMs = everyMs
    this.#inRow = inRow
  }

  /** Ms until the next may go. */
  wait(now: number): number {
    return Math.max(0, this.#wholeAt - this.#everyMs * (this.#inRow - 1) - now)
  }

  /** One went at `now`, and took the thread so long. */
  went(now: number, tookMs: number): void {
    this.#everyMs = Math.max(this.#leastMs, tookMs * 2)
    this.#wholeAt = Math.max(this.#wholeAt, now) + this.#everyMs
  }
}
