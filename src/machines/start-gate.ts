/**
 * Decides which worker may try to start while resources are missing. Many tries at once would take resources from each other and
 * from running workers, so one worker tries at a time, each as soon as the one before is up. Pure.
 */
import { backoffDelay } from '../time/backoff.js'

/** Waits after tries that failed. */
const waits = { initialMs: 200, factor: 2, maxMs: 5_000, jitter: 0 }

export class StartGate {
  readonly #wake: (worker: string) => void
  /** Workers that could not be started and are not up since; oldest first. */
  readonly #waiting = new Set<string>()
  #trying: string | null = null
  #failures = 0
  #notBefore = Number.NEGATIVE_INFINITY
  #shortAt = Number.NEGATIVE_INFINITY
  #why = ''

  /** @param wake called with a waiting worker that may try now */
  constructor(wake: (worker: string) => void) {
    this.#wake = wake
  }

  /** null: the worker may try now; else the reason for its wait. */
  enter(worker: string, now: number): { why: string } | null {
    if (this.#waiting.size === 0) return null
    if ((this.#trying !== null && this.#trying !== worker) || now < this.#notBefore) {
      this.#waiting.add(worker)
      return { why: this.#why }
    }
    this.#trying = worker
    return null
  }

  /** A worker's start failed for lack of resources. */
  short(worker: string, why: string, at: number): void {
    if (this.#trying === worker || this.#waiting.size === 0) this.#notBefore = at + backoffDelay(waits, this.#failures++)
    if (this.#trying === worker) this.#trying = null
    this.#waiting.add(worker)
    this.#shortAt = at
    this.#why = why
  }

  /** A worker is up or no longer wants to start. `makesRoom`: it has released its resources. */
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

  /** The reason of a start that failed at or after a time, if any: a start from that time may hang for the same reason. */
  shortSince(at: number): string | null {
    return this.#shortAt >= at ? this.#why : null
  }
}
