/**
 * How often frames go out. A change after a quiet moment goes at once, and so do a few in a row; for longer, they keep their distance,
 * which grows with what a frame costs: telling others never takes more than a quarter of the main thread's time.
 */
export class Pace {
  readonly #everyMs: number
  readonly #slackMs: number
  /** When the budget is whole again, on the caller's clock. */
  #wholeAt = Number.NEGATIVE_INFINITY

  /** @param inRow so many go at once after a quiet moment, 1 or more */
  constructor(everyMs: number, inRow: number) {
    this.#everyMs = everyMs
    this.#slackMs = everyMs * (inRow - 1)
  }

  /** Ms until the next may go. */
  wait(now: number): number {
    return Math.max(0, this.#wholeAt - this.#slackMs - now)
  }

  /** One went at `now`, and took the thread so long. */
  went(now: number, tookMs: number): void {
    this.#wholeAt = Math.max(this.#wholeAt, now) + Math.max(this.#everyMs, tookMs * 4)
  }
}
