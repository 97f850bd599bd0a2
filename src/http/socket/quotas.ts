/** Where the quotas stand, asked again every so often while somebody wants to know. */
import type { Drover } from '../../drover.js'
import { every } from '../../every.js'
import type { Quota } from '../contract/quota.js'
import { presentQuota } from '../present/quota.js'

const everyMs = 2_000

export class QuotaWatch {
  readonly #drover: Drover
  readonly #onNews: () => void
  #stop: (() => void) | null = null
  #asking: Promise<void> | null = null
  latest: readonly Quota[] = []

  constructor(drover: Drover, onNews: () => void) {
    this.#drover = drover
    this.#onNews = onNews
  }

  /** @returns when the first answer is there */
  watch(wanted: boolean): Promise<void> {
    if (!wanted) {
      this.#stop?.()
      this.#stop = null
      return Promise.resolve()
    }
    if (this.#stop) return this.#asking ?? Promise.resolve()
    this.#stop = every(everyMs, () => void this.ask())
    return this.ask()
  }

  /** Asks now, unless an answer is on its way. Never rejects: a store that does not answer leaves what was known. */
  ask(): Promise<void> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = null
    })
    return this.#asking
  }

  async #ask(): Promise<void> {
    try {
      const reports = await this.#drover.quotas()
      this.latest = reports.map((report) => presentQuota(report, []))
      this.#onNews()
    } catch {
      // The system is closing, or its store is gone: which its state says.
    }
  }
}
