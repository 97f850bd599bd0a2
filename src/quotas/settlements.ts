/**
 * Tells the store what was used: one request after the other, each with a number of its own, so that the store does none twice. What it cannot take
 * now is sent again until it can.
 */

import type { EngineClient } from '../store/contract/engine.js'
import type { Amounts, QuotaSettlement } from '../store/contract/quotas.js'
import { addTo } from '../store/quotas/amounts.js'

/** What the store could not take is sent again after so long, until it can. */
const sendAgainMs = 1_000

export interface SettlementsOptions {
  store: EngineClient
  /** Nobody else on the store has this name. */
  client: string
  /** Whom usage beside tasks is counted for. @defaultValue nobody */
  worker?: string
}

export class Settlements {
  readonly #options: SettlementsOptions
  #lastRequest = 0
  #unsent: QuotaSettlement[] = []
  #usage: Amounts = {}
  #sendAgain: NodeJS.Timeout | null = null
  #sending: Promise<void> | null = null

  constructor(options: SettlementsOptions) {
    this.#options = options
  }

  /** Counts what was used beside tasks; it goes with what is sent next. */
  used(amounts: Amounts): void {
    addTo(this.#usage, amounts)
  }

  /** Settles when the store has it, and all that was told before. */
  send(settlement: QuotaSettlement | null): Promise<void> {
    if (settlement) this.#unsent.push(settlement)
    const before = this.#sending
    // Those that come while one is under way go together in the next.
    const sent = (before ?? Promise.resolve()).catch(() => {}).then(() => this.#sendAll())
    this.#sending = sent
    return sent
  }

  async #sendAll(): Promise<void> {
    const settlements = this.#unsent
    const amounts = this.#usage
    this.#unsent = []
    this.#usage = {}
    const { store, client, worker } = this.#options
    const usage = worker !== undefined && Object.keys(amounts).length > 0 ? { worker, amounts } : null
    if (settlements.length === 0 && !usage) return
    try {
      await store.call('settleQuota', { client, request: ++this.#lastRequest, settlements, usage })
    } catch (error) {
      // The store did nothing of it.
      const { code } = error as { code?: unknown }
      addTo(this.#usage, amounts)
      // One that it never takes (its quota is gone) must not keep the others back: it is found by sending each alone.
      if (code === 'QUOTA_INVALID') await this.#sendEach(settlements)
      else this.#unsent = [...settlements, ...this.#unsent]
      if (code !== 'CLOSED') this.#sendLater()
      throw error
    }
  }

  async #sendEach(settlements: readonly QuotaSettlement[]): Promise<void> {
    if (settlements.length < 2) return
    const { store, client } = this.#options
    for (const settlement of settlements) {
      try {
        await store.call('settleQuota', { client, request: ++this.#lastRequest, settlements: [settlement], usage: null })
      } catch (error) {
        if ((error as { code?: unknown }).code !== 'QUOTA_INVALID') this.#unsent.push(settlement)
      }
    }
  }

  /** A place in flight that nobody gives back would be taken for ever. */
  #sendLater(): void {
    if (this.#unsent.length === 0 && Object.keys(this.#usage).length === 0) return
    this.#sendAgain ??= setTimeout(() => {
      this.#sendAgain = null
      this.send(null).catch(() => {})
    }, sendAgainMs)
    this.#sendAgain.unref()
  }
}
