/**
 * The number of tasks that a thread holds ready: enough to be busy while the store answers, and no more, because held tasks may
 * have to be given back.
 */

/** As many tasks as are done in this time, ... */
export const prefetchMs = 20
/** ... but at most this number, ... */
const most = 1_024
/** ... and at most this many characters of data. */
const mostChars = 4_000_000
/** The largest factor of growth at a time. */
const growth = 4
const firstStep = 8
/** How much the latest task weighs in the averages. */
const weight = 0.1

export class Prefetch {
  readonly #fixed: boolean
  readonly #concurrency: number
  #taskMs: number | null = null
  #taskChars = 0
  #target: number

  /** @param prefetch a number stays as it is; `'auto'` adapts, from 0 */
  constructor(prefetch: number | 'auto', concurrency: number) {
    this.#fixed = prefetch !== 'auto'
    this.#concurrency = concurrency
    this.#target = prefetch === 'auto' ? 0 : prefetch
  }

  get target(): number {
    return this.#target
  }

  /** Notes the time and the data of one task. */
  observe(ms: number, chars: number): void {
    this.#taskMs = this.#taskMs === null ? ms : this.#taskMs * (1 - weight) + ms * weight
    this.#taskChars = this.#taskChars * (1 - weight) + chars * weight
  }

  /** Takes what was observed into account. */
  adapt(): void {
    if (this.#fixed || this.#taskMs === null) return
    const byTime = (prefetchMs / Math.max(this.#taskMs, 0.001)) * this.#concurrency
    const bySize = mostChars / Math.max(this.#taskChars, 1)
    const aim = Math.floor(Math.min(byTime < 2 ? 0 : byTime, bySize, most))
    this.#target = Math.min(aim, Math.max(firstStep, this.#target * growth))
  }
}
