/** One who asks an engine for quotas, and sees which of its requests are answered. */

import type { Amounts, QuotaAnswer, QuotaGrant, QuotaRequest } from '../../../src/store/contract/quotas.js'
import type { Desk } from './desk.js'

export interface Asked {
  ticket: number
  answer: Promise<QuotaAnswer>
  /** Null as long as it stands in line. */
  outcome: QuotaAnswer | Error | null
}

export class Asker {
  readonly client: string
  readonly #desk: Desk
  readonly #usual: Partial<QuotaRequest>
  #tickets = 0
  #settled = 0

  constructor(desk: Desk, client: string, usual: Partial<QuotaRequest> = {}) {
    this.#desk = desk
    this.client = client
    this.#usual = usual
  }

  request(amounts: Amounts, more: Partial<QuotaRequest>): QuotaRequest {
    return {
      client: this.client,
      ticket: more.ticket ?? ++this.#tickets,
      host: 'host-1',
      choices: ['key'],
      amounts,
      times: 1,
      priority: 0,
      place: null,
      wait: true,
      patienceMs: Number.POSITIVE_INFINITY,
      ...this.#usual,
      ...more,
    }
  }

  /** Stands in line if it has to. */
  ask(amounts: Amounts = {}, more: Partial<QuotaRequest> = {}): Asked {
    const request = this.request(amounts, more)
    const asked: Asked = { ticket: request.ticket, answer: this.#desk.call('acquireQuota', request), outcome: null }
    asked.answer.then(
      (answer) => (asked.outcome = answer),
      (error: Error) => (asked.outcome = error),
    )
    return asked
  }

  /** Takes it now or not at all. */
  try(amounts: Amounts = {}, more: Partial<QuotaRequest> = {}): Promise<QuotaAnswer> {
    return this.#desk.call('acquireQuota', this.request(amounts, { wait: false, ...more }))
  }

  async settle(grant: QuotaGrant, delta: Amounts, { done = null as number | null, request = ++this.#settled } = {}): Promise<void> {
    const settlements = [{ quota: grant.quota, delta, booked: grant.booked, done }]
    await this.#desk.call('settleQuota', { client: this.client, request, settlements, usage: null })
  }
}

/** What was granted; fails the test if it was not. */
export async function granted(answer: Promise<QuotaAnswer> | QuotaAnswer): Promise<QuotaGrant> {
  const settled = await answer
  if (!settled.granted) throw new Error(`not granted: ${JSON.stringify(settled)}`)
  return settled.grant
}

/** Why and how long it has to wait; fails the test if it was granted. */
export async function kept(answer: Promise<QuotaAnswer>): Promise<[window: string, inMs: number]> {
  const settled = await answer
  if (settled.granted) throw new Error('granted')
  return [settled.window, settled.inMs]
}

/** Lets the engine look at those in line. Twice, since answers to them come after the one to what made it look. */
export async function look(desk: Desk): Promise<void> {
  for (let times = 0; times < 2; times++) await desk.call('quotas', { names: [] })
}

/** How each request stands, in a word: `waits`, `granted`, `refused`, `failed`. */
export function standing(...asked: Asked[]): string {
  const letter = ({ outcome }: Asked): string =>
    outcome === null ? 'waits' : outcome instanceof Error ? 'failed' : outcome.granted ? 'granted' : 'refused'
  return asked.map(letter).join(' ')
}
