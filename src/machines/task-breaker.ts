/**
 * The breaker of a lane's tasks. It opens when attempts keep failing, so that an endpoint that is down does not use up the
 * attempts of every task; after a wait it lets one task through, and closes if that succeeds. Pure: the caller brings the clock
 * and does the waiting.
 *
 * @see Nygard, "Release It!", on circuit breakers; this one is half open while it tries
 */
import type { CompiledBreaker } from '../options/breaker.js'

/** The least number of attempts for a share. */
const leastAttempts = 20
/** The most remembered attempts for a share. */
const mostAttempts = 1_000

/** Attempts in a row that failed with one error. */
export interface Streak {
  /** Of the error; see `ErrorKind`. */
  id: string
  count: number
}

export class TaskBreaker {
  readonly #options: CompiledBreaker | null
  readonly #now: () => number
  #state: 'closed' | 'open' | 'trying'
  #id: string | null
  /** Times of the streak's failures. Failures of an earlier thread count as failed now. */
  #failedAt: number[]
  /** For a share: all attempts that ended. */
  #ended: { at: number; failed: boolean }[] = []

  /**
   * @param options null: it never opens
   * @param carried the state from the worker's earlier thread: whether it was open, and its streak
   */
  constructor(options: CompiledBreaker | null, carried: { open: boolean; streak: Streak | null }, now: () => number) {
    this.#options = options
    this.#now = now
    this.#state = options && carried.open ? 'trying' : 'closed'
    this.#id = carried.streak?.id ?? null
    this.#failedAt = Array.from({ length: Math.min(carried.streak?.count ?? 0, this.#most) }, now)
  }

  /** No task may begin. */
  get isOpen(): boolean {
    return this.#state === 'open'
  }
  /** Only one task may begin at a time. */
  get isTrying(): boolean {
    return this.#state === 'trying'
  }
  get streak(): Streak | null {
    return this.#id === null ? null : { id: this.#id, count: this.#failedAt.length }
  }

  /** Ends the wait. */
  tryAgain(): void {
    if (this.#state === 'open') this.#state = 'trying'
  }

  /** An attempt succeeded. @returns whether this closes the breaker */
  succeeded(): boolean {
    this.#id = null
    this.#failedAt = []
    if (this.#state !== 'trying') {
      this.#note(false)
      return false
    }
    this.#state = 'closed'
    this.#ended = []
    return true
  }

  /**
   * An attempt failed.
   *
   * @param id of its error
   * @returns whether this opens the breaker. Attempts that began before and fail later have no effect
   */
  failed(id: string): boolean {
    if (this.#options === null || this.#state === 'open') return false
    if (id !== this.#id) this.#failedAt = []
    this.#id = id
    this.#failedAt = [...this.#failedAt, this.#now()].slice(-this.#most)
    this.#note(true)
    if (this.#state === 'closed' && !this.#isEnough(this.#options)) return false
    this.#state = 'open'
    return true
  }

  #isEnough({ failures, withinMs }: CompiledBreaker): boolean {
    const since = this.#now() - withinMs
    if (failures >= 1) return this.#failedAt.length >= failures && (this.#failedAt[0] as number) >= since
    const recent = this.#ended.filter(({ at }) => at >= since)
    return recent.length >= leastAttempts && recent.filter(({ failed }) => failed).length / recent.length >= failures
  }

  #note(failed: boolean): void {
    if (this.#options === null || this.#options.failures >= 1) return
    this.#ended.push({ at: this.#now(), failed })
    if (this.#ended.length > mostAttempts) this.#ended.splice(0, mostAttempts / 2)
  }

  get #most(): number {
    return Math.max(1, this.#options?.failures ?? 1)
  }
}
