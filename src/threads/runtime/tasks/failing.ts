/**
 * Sums up the attempts that fail in a thread, so that the main thread hears of them soon and a message for each would not be sent. The first one
 * is told at once, what comes within a second of that together.
 */

import type { ErrorKind, ErrorRecord } from '../../../errors.js'
import { kindOf, otherErrors } from '../../../failures/error-groups.js'
import type { Streak } from '../../../machines/task-breaker.js'
import type { FailedAttempts, ThreadReport } from '../../protocol/messages.js'

/** No more than one report comes in so long. */
const everyMs = 1_000
/** So many errors are told apart in one report. */
const mostKinds = 20

export class FailingReports {
  readonly #report: (report: ThreadReport) => void
  readonly #streak: () => Streak | null
  #toldStreak = 0
  readonly #failed = new Map<string, FailedAttempts>()
  #toldAt = Number.NEGATIVE_INFINITY
  #timer: NodeJS.Timeout | null = null

  /** @param streak what is known of attempts in a row that failed with one error */
  constructor(report: (report: ThreadReport) => void, streak: () => Streak | null) {
    this.#report = report
    this.#streak = streak
  }

  /**
   * An attempt failed.
   *
   * @param error with secrets struck out already
   * @param dead whether the task is given up with it
   * @returns of which kind the error is
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
    // After this turn: what fails together is told together.
    this.#timer ??= setTimeout(() => this.flush(), Math.max(0, waitMs))
    return own
  }

  /** Tells now what is to be told. */
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
