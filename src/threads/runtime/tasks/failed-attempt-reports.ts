/**
 * Sums up failed attempts in a thread, so that the main thread does not get a message for each. The first one is reported at
 * once, those within the next second together.
 */

import type { ErrorKind, ErrorRecord } from '../../../errors.js'
import { kindOf, otherErrors } from '../../../failures/error-groups.js'
import type { Streak } from '../../../machines/task-breaker.js'
import type { FailedAttempts, ThreadReport } from '../../protocol/messages.js'

/** Least time between two reports. */
const everyMs = 1_000
/** The most kinds of error in one report. */
const mostKinds = 20

export class FailedAttemptReports {
  readonly #report: (report: ThreadReport) => void
  readonly #streak: () => Streak | null
  #toldStreak = 0
  readonly #failed = new Map<string, FailedAttempts>()
  #toldAt = Number.NEGATIVE_INFINITY
  #timer: NodeJS.Timeout | null = null

  /** @param streak the current row of attempts that failed with one error */
  constructor(report: (report: ThreadReport) => void, streak: () => Streak | null) {
    this.#report = report
    this.#streak = streak
  }

  /**
   * Adds a failed attempt.
   *
   * @param error already redacted
   * @param dead whether the task is given up with it
   * @returns the error's kind
   */
  add(error: ErrorRecord, key: string, dead: boolean): ErrorKind {
    const own = kindOf(error)
    const kind = this.#failed.size < mostKinds || this.#failed.has(own.id) ? own : otherErrors
    const failed = this.#failed.get(kind.id) ?? { ...kind, count: 0, dead: 0, key, at: 0 }
    failed.count++
    if (dead) failed.dead++
    failed.at = Date.now()
    this.#failed.set(kind.id, failed)
    const waitMs = this.#toldAt + everyMs - performance.now()
    // After this turn, so that attempts that fail together are reported together.
    this.#timer ??= setTimeout(() => this.flush(), Math.max(0, waitMs))
    return own
  }

  /** Sends the pending report now. */
  flush(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
    const streak = this.#streak()
    if (this.#failed.size === 0 && (streak?.count ?? 0) === this.#toldStreak) return
    this.#toldAt = performance.now()
    this.#toldStreak = streak?.count ?? 0
    this.#report({ type: 'failing', errors: [...this.#failed.values()], streak })
    this.#failed.clear()
  }
}
