/** Counts dead letters, and tells of at most ten kinds of them a second, so that a flood of them cannot become a flood of events. */
import type { DeadLetter } from './contract.js'

const mostInPeriod = 10
const periodMs = 1_000
/** Kinds that are told apart while they wait; others are counted under the name `...`. */
const mostKinds = 1_000

export class DeadLetters {
  readonly #tell: (letters: DeadLetter[]) => void
  readonly #waiting = new Map<string, DeadLetter>()
  #toldInPeriod = 0
  #period: NodeJS.Timeout | null = null

  /** @param tell gets at most ten in a second, the first ones at once */
  constructor(tell: (letters: DeadLetter[]) => void) {
    this.#tell = tell
  }

  add(letter: DeadLetter): void {
    const { from, to, why, message, count } = letter
    let key = `${why} ${from} ${to} ${message}`
    if (!this.#waiting.has(key) && this.#waiting.size >= mostKinds) key = `${why} ${from} ${to}`
    const same = this.#waiting.get(key)
    if (same) {
      same.count += count
      return
    }
    // The shorter key is not that of any name.
    this.#waiting.set(key, key.length < `${why} ${from} ${to} ${message}`.length ? { ...letter, message: '...' } : { ...letter })
    if (this.#toldInPeriod < mostInPeriod) this.flush(mostInPeriod - this.#toldInPeriod)
  }

  /** Tells of what waits, now. */
  flush(most = Number.POSITIVE_INFINITY): void {
    const letters: DeadLetter[] = []
    for (const [key, letter] of this.#waiting) {
      if (letters.length >= most) break
      letters.push(letter)
      this.#waiting.delete(key)
    }
    if (letters.length === 0) return
    this.#toldInPeriod += letters.length
    this.#period ??= setInterval(() => this.#next(), periodMs).unref()
    this.#tell(letters)
  }

  #next(): void {
    this.#toldInPeriod = 0
    if (this.#waiting.size > 0) this.flush(mostInPeriod)
    else {
      if (this.#period !== null) clearInterval(this.#period)
      this.#period = null
    }
  }
}
