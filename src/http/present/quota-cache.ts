/**
 * The status of quotas for all readers: the store is asked at most once a second.
 */

import type { QuotaReport } from '../../actors/system/quota-report.js'
import type { Drover } from '../../drover/drover.js'
import { piecewise } from '../../time/turns.js'
import type { Quota } from '../contract/quota.js'
import { type Tally, tallyOf } from './tally.js'

/** How long an answer is used, in ms. */
const goodForMs = 1_000

export class QuotaCache {
  readonly #drover: Drover
  readonly #goodForMs: number
  #reports: Promise<QuotaReport[]> | null = null
  #askedAt = Number.NEGATIVE_INFINITY

  constructor(drover: Drover, maxAgeMs = goodForMs) {
    this.#drover = drover
    this.#goodForMs = maxAgeMs
  }

  /**
   * All quotas for display, at most a second old; their data about workers is current.
   *
   * @throws DroverError CLOSED, STORE_FAILED
   */
  async quotas(): Promise<Quota[]> {
    return (await this.withTally()).quotas
  }

  /** The same with the workers of that moment; thousands are counted in several turns of the event loop. */
  async withTally(): Promise<{ quotas: Quota[]; tally: Tally }> {
    const reports = await this.#ask()
    const tally = await piecewise(tallyOf(this.#drover.view))
    return { quotas: tally.quotas(reports), tally }
  }

  /** A quota was changed: the next call asks again. */
  forget(): void {
    this.#reports = null
  }

  #ask(): Promise<QuotaReport[]> {
    const now = performance.now()
    if (this.#reports && now - this.#askedAt < this.#goodForMs) return this.#reports
    this.#askedAt = now
    const reports = this.#drover.quotas()
    this.#reports = reports
    // A failure is not kept for later calls.
    reports.catch(() => {
      if (this.#reports === reports) this.#reports = null
    })
    return reports
  }
}
