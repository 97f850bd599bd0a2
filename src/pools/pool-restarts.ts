/**
 * What follows when a thread of a pool fails without a task, by the restart policy of workers. Its clock stands still in the waits
 * between restarts, so that long waits cannot keep a pool from being given up. Pure.
 */
import type { Failure } from '../failure.js'
import { decideRestart } from '../machines/lifecycle/decide-restart.js'
import type { Restart } from '../options/restart.js'
import type { FilledPolicy } from '../options/restart-policies.js'

export class PoolRestarts {
  readonly #policy: FilledPolicy
  #restarts: Restart[] = []
  /** Time spent waiting, in ms. */
  #waitedMs = 0
  #lastAt = Number.NEGATIVE_INFINITY

  constructor(policy: FilledPolicy) {
    this.#policy = policy
  }

  /** @returns the wait before the next thread, or why there is none */
  judge(failure: Failure, now: number): { delayMs: number } | { why: string } {
    const { startup, parole, ...policy } = this.#policy
    const active = now - this.#waitedMs
    if (active - this.#lastAt >= policy.resetAfterMs) this.#restarts = []
    this.#lastAt = active
    const { verdict } = decideRestart(failure, { restarts: this.#restarts, now: active, uses: {} }, policy)
    if (verdict.do !== 'restart') return { why: 'why' in verdict ? verdict.why : failure.message }
    this.#restarts.push({ at: active, startup: failure.uptimeMs === null })
    this.#restarts = this.#restarts.slice(-1_000)
    return { delayMs: verdict.delayMs }
  }

  waited(ms: number): void {
    this.#waitedMs += ms
  }

  forget(): void {
    this.#restarts = []
    this.#lastAt = Number.NEGATIVE_INFINITY
  }
}
