/** The end of a run for whoever waits for it: when it has come, and the report. */

import type { OpenSystem } from '../actors/system/opened.js'
import { systemStatus } from '../actors/system/status.js'
import type { Waker } from '../actors/system/wake-workers.js'
import type { Lifetime } from './lifetime.js'
import type { Outcome } from './outcome.js'
import type { RunReport } from './run-report.js'

export interface DoneMeans {
  system: OpenSystem
  lifetime: Lifetime
  outcomes: Outcome
  waker: Waker
}

export class Done {
  readonly #means: DoneMeans
  /** Those who wait: the store stays open until they have their reports. */
  readonly #waiting = new Set<Promise<unknown>>()
  /** Whether the program has asked for the end; once a signal came, whether it has since then, or did at that moment: then it is to close. */
  #awaited = false
  /** What is answered once nothing can be asked any more. */
  #last: RunReport | null = null

  constructor(means: DoneMeans) {
    this.#means = means
  }

  /** The program has asked for the end; after a signal: since then, or at that moment. */
  get isAwaited(): boolean {
    return this.#awaited
  }
  /** What is answered once nothing can be asked any more. */
  get last(): RunReport | null {
    return this.#last
  }

  asked(): void {
    this.#awaited = true
  }

  /** A signal has come: who waits now is asking still, and who has done so before is not. */
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

  /** Settles when those who wait were answered. */
  answered(): Promise<unknown> {
    return Promise.allSettled(this.#waiting)
  }

  /** Keeps the report for those who ask later. */
  async keepLast(): Promise<void> {
    this.#last = await this.#report().catch(() => null)
  }

  async #finish(): Promise<RunReport> {
    const { system, lifetime, outcomes, waker } = this.#means
    const isOver = (): boolean =>
      lifetime.isClosing || lifetime.interrupted ? lifetime.allSettled : system.loading.size === 0 && outcomes.isOver()
    const ended = outcomes.watch()
    try {
      do {
        await lifetime.until(isOver)
        await waker.refresh()
        await system.parts.quotas.lookAgain()
        // Somebody may have been woken meanwhile.
      } while (!isOver())
    } finally {
      ended()
    }
    return this.#report()
  }

  #report(): Promise<RunReport> {
    const { system, lifetime, outcomes } = this.#means
    const { done, dead } = systemStatus(system, lifetime.state)
    return outcomes.report({ done, dead, signalled: lifetime.interrupted !== null, closing: lifetime.isClosing })
  }
}
