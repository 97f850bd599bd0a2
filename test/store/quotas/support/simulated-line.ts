/** A line of those who ask for quotas, with a clock that goes from one grant to the next. */

import type { Amounts, QuotaSpec, QuotaWindow } from '../../../../src/store/contract/quotas.js'
import { Limiter } from '../../../../src/store/quotas/limiter.js'
import { freshRecord, Quota } from '../../../../src/store/quotas/quota.js'
import type { Waiter } from '../../../../src/store/quotas/waiter.js'

/** One who was granted. */
export interface Turn {
  name: string
  quota: string
  at: number
  /** Since it stood in line. */
  waitedMs: number
}

export function windowOf(limit: number, per: QuotaWindow['per'], more: Partial<QuotaWindow> = {}): QuotaWindow {
  return { unit: 'requests', limit, per, burst: null, ...more }
}

export class SimulatedLine {
  now: number
  readonly turns: Turn[] = []
  readonly #limiter = new Limiter()
  readonly #since = new Map<string, number>()
  #last = 0

  constructor(specs: Partial<QuotaSpec>[], now = Date.UTC(2025, 5, 15, 12)) {
    this.now = now
    for (const spec of specs) {
      const whole = { name: 'key', windows: [], concurrency: null, within: [], adapt: null, ...spec }
      this.#limiter.put(new Quota(whole, { ...freshRecord }, new Map(), { now, wall: now }))
    }
  }

  get waiting(): number {
    return this.#limiter.line.length
  }

  /** Names have to be of those who do not wait. */
  ask(name: string, amounts: Amounts = {}, { quota = 'key', priority = 0 } = {}): void {
    const waiter: Waiter = {
      client: name,
      ticket: 0,
      host: 'host',
      choices: [quota],
      amounts: this.#limiter.check({ choices: [quota], amounts }),
      priority,
      seq: ++this.#last,
      own: true,
      times: 1,
      patienceMs: Number.POSITIVE_INFINITY,
      wait: null,
    }
    this.#since.set(name, this.now)
    this.#limiter.join(waiter)
  }

  /** Looks at the line once. */
  serve(): Turn[] {
    const turns: Turn[] = []
    for (const { client, outcome } of this.#limiter.serve({ now: this.now, wall: this.now }, this.now)) {
      if ('error' in outcome || !outcome.answer.granted) throw new Error(`${client} was refused`)
      const { quota } = outcome.answer.grant
      turns.push({ name: client, quota, at: this.now, waitedMs: this.now - (this.#since.get(client) ?? 0) })
    }
    this.turns.push(...turns)
    return turns
  }

  /** Goes on until then; `granted` is told of each turn, and may ask again. */
  run(until: number, granted: (turn: Turn) => void = () => {}): void {
    for (;;) {
      for (let turns = this.serve(); turns.length > 0; turns = this.serve()) turns.forEach(granted)
      const next = this.#limiter.nextInMs()
      if (next === null || this.now + next > until) break
      this.now += next
    }
    this.now = until
  }
}
