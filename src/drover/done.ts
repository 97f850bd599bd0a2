/** `done()`: waits for the end of the run and makes its report. */

import type { OpenSystem } from '../actors/system/contract.js'
import type { Waker } from '../actors/system/wake-workers.js'
import type { Lifetime } from './lifetime.js'
import type { RunEnding } from './run-end.js'
import type { RunReport } from './run-report.js'

export interface DoneMeans {
  system: OpenSystem
  lifetime: Lifetime
  runEnd: RunEnding
  waker: Waker
}

export class Done {
  readonly #means: DoneMeans
  /** Calls that wait. The store stays open until they have their reports. */
  readonly #waiting = new Set<Promise<unknown>>()
  /**
   * Whether the program has called `done()`. After a signal: whether a call was waiting then, or came since. Such a program is
   * expected to close.
   */
  #awaited = false
  /** The report for calls after the close. */
  #last: RunReport | null = null

  constructor(means: DoneMeans) {
    this.#means = means
  }

  /** Whether the program has called `done()`; after a signal: whether a call was waiting then, or came since. */
  get isAwaited(): boolean {
    return this.#awaited
  }
  /** The report for calls after the close. */
  get last(): RunReport | null {
    return this.#last
  }

  asked(): void {
    this.#awaited = true
  }

  /** Notes a signal: from now on only calls that are waiting or come later count. */
  signalled(): void {
    this.#awaited = this.#waiting.size > 0
  }

  async wait(): Promise<RunReport> {
    const finishing = this.#finish()
    this.#waiting.add(finishing)
    try {
      return await finishing
    } finally {
      this.#waiting.delete(finishing)
    }
  }

  /** Settles when all waiting calls were answered. */
  answered(): Promise<unknown> {
    return Promise.allSettled(this.#waiting)
  }

  /** Keeps the report for later calls. */
  async keepLast(): Promise<void> {
    this.#last = await this.#report().catch(() => null)
  }

  async #finish(): Promise<RunReport> {
    const { system, lifetime, runEnd, waker } = this.#means
    const isOver = (): boolean =>
      lifetime.isClosing || lifetime.interrupted ? lifetime.allSettled : system.loading.size === 0 && runEnd.isOver()
    const ended = runEnd.watch()
    try {
      do {
        await lifetime.until(isOver)
        await waker.refresh()
        await system.parts.quotas.lookAgain()
        // A worker may have been woken meanwhile.
      } while (!isOver())
    } finally {
      ended()
    }
    return this.#report()
  }

  #report(): Promise<RunReport> {
    const { lifetime, runEnd } = this.#means
    return runEnd.report({ signalled: lifetime.interrupted !== null, closing: lifetime.isClosing })
  }
}
