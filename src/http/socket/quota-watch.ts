/** Reads the status of quotas at intervals while a connection wants it. */

import type { QuotaReport } from '../../actors/system/quota-report.js'
import type { Drover } from '../../drover/drover.js'
import { every } from '../../time/every.js'

const everyMs = 2_000
/** The longest wait for the first answer. */
const patienceMs = 500

export class QuotaWatch {
  readonly #drover: Drover
  readonly #onNews: () => void
  #stop: (() => void) | null = null
  #asking: Promise<void> | null = null
  latest: readonly QuotaReport[] = []

  constructor(drover: Drover, onNews: () => void) {
    this.#drover = drover
    this.#onNews = onNews
  }

  /** @returns null: the data is current; else a promise for that moment */
  watch(wanted: boolean): Promise<unknown> | null {
    if (wanted === (this.#stop !== null)) return null
    this.#stop?.()
    this.#stop = wanted ? every(everyMs, () => void this.ask()) : null
    if (!wanted) return null
    const late = new Promise((resolve) => setTimeout(resolve, patienceMs).unref())
    return Promise.race([this.ask(), late])
  }

  /** Asks now, unless a request is pending. Never rejects: without an answer of the store, the old data stays. */
  ask(): Promise<void> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = null
    })
    return this.#asking
  }

  async #ask(): Promise<void> {
    try {
      this.latest = await this.#drover.quotas()
      this.#onNews()
    } catch {
      // The system is closing or its store is gone; the state shows this.
    }
  }
}
