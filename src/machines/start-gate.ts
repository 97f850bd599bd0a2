/**
 * Who may try to start while the machine is short of what starts need. All at once they would only take it from each other, and from
 * those that run: so one tries at a time, each as soon as the one before is up, until none is left that waits. Pure.
 */
import { backoffDelay } from '../time/backoff.js'

/** Waits after tries that failed. */
const waits = { initialMs: 200, factor: 2, maxMs: 5_000, jitter: 0 }

export class StartGate {
  readonly #wake: (worker: string) => void
  /** Those that could not be started, and have not come up since; oldest first. */
  readonly #waiting = new Set<string>()
  #trying: string | null = null
  #failures = 0
  #notBefore = Number.NEGATIVE_INFINITY
  #shortAt = Number.NEGATIVE_INFINITY
  #why = ''

  /** @param wake one that waits may try now */
  constructor(wake: (worker: string) => void) {
    this.#wake = wake
  }

  /** Whether a worker may try now; if not, why it waits. */
  enter(worker: string, now: number): { why: string } | null {
    if (this.#waiting.size === 0) return null
    if ((this.#trying !== null && this.#trying !== worker) || now < this.#notBefore) {
      this.#waiting.add(worker)
      return { why: this.#why }
    }
    this.#trying = worker
    return null
  }

  /** A worker could not be started for want of something. */
  short(worker: string, why: string, at: number): void {
    if (this.#trying === worker || this.#waiting.size === 0) this.#notBefore = at + backoffDelay(waits, this.#failures++)
    if (this.#trying === worker) this.#trying = null
    this.#waiting.add(worker)
    this.#shortAt = at
    this.#why = why
  }

  /** A worker is up, or does not want to be any more. `makesRoom`: it has given up what it had. */
  leave(worker: string, makesRoom: boolean): void {
    this.#waiting.delete(worker)
    const tried = this.#trying === worker
    if (tried) this.#trying = null
    if (this.#trying !== null || !(tried || makesRoom)) return
    this.#failures = 0
    this.#notBefore = Number.NEGATIVE_INFINITY
    const [next] = this.#waiting
    if (next !== undefined) this.#wake(next)
  }

  /** Why somebody could not be started at a time or after, if that was so: whoever began to start then may hang for the same reason. */
  shortSince(at: number): string | null {
    return this.#shortAt >= at ? this.#why : null
  }
}
