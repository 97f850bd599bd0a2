/**
 * Reports usage to the store: one request after the other, each with its own number, so that none has effect twice. A request
 * that the store cannot take now is sent again until it can.
 */

import type { EngineClient } from '../store/contract/engine.js'
import type { Amounts, QuotaSettlement } from '../store/contract/quotas.js'
import { addTo } from '../store/quotas/amounts.js'

/** Wait before a request that the store could not take is sent again. */
const sendAgainMs = 1_000

export interface SettlementsOptions {
  store: EngineClient
  /** The client's name, unique on the store. */
  client: string
  /** The worker for which usage outside tasks is counted. @defaultValue none */
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

  /** Counts amounts used outside tasks, which are sent with the next request. */
  used(amounts: Amounts): void {
    addTo(this.#usage, amounts)
  }

  /** Settles when the store has this settlement and all earlier ones. */
  send(settlement: QuotaSettlement | null): Promise<void> {
    if (settlement) this.#unsent.push(settlement)
    const before = this.#sending
    // Settlements that come during a request go together in the next.
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
      // The store has done nothing of the request.
      const { code } = error as { code?: unknown }
      addTo(this.#usage, amounts)
      // An invalid settlement (its quota is gone) must not block the others: it is found by sending each alone.
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

  /** Sends again later: otherwise a place in flight would be taken for ever. */
  #sendLater(): void {
    if (this.#unsent.length === 0 && Object.keys(this.#usage).length === 0) return
    this.#sendAgain ??= setTimeout(() => {
      this.#sendAgain = null
      this.send(null).catch(() => {})
    }, sendAgainMs)
    this.#sendAgain.unref()
  }
}
