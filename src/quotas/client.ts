/**
 * The quota client of a thread or process. Grants of a quota that is used fast are taken ahead in small blocks, so that most
 * grants need no message. Unused grants of a block go back in time; grants held by a thread that dies count as used.
 *
 * A grant is used at once or not at all. A late grant (the machine was suspended, the thread was busy) is given back and
 * requested again at its old place in line; otherwise delayed grants would be used together. Each request includes the expected
 * delay, so that grants are not late again and again.
 */

import type { Amounts, QuotaAnswer, QuotaGrant, QuotaReading } from '../store/contract/quotas.js'
import { checkAmounts } from '../store/quotas/check-amounts.js'
import { machineMs } from '../time/machine-clock.js'
import { Blocks } from './blocks.js'
import { Settlements, type SettlementsOptions } from './settlements.js'
import { Ending } from './waiting-end.js'

/** How long a request waits for a requested block before it joins the line itself. */
const blockPatienceMs = 20
/** A grant should be valid for this multiple of the recent delays. */
const tripMargin = 1.5
const tripMemory = 0.95
/** The longest time until usage is reported. */
const tellUsageMs = 1_000

/** A request for a grant. */
export interface QuotaAsk {
  /** Quotas to choose from: the first that can grant is used. */
  choices: string[]
  /** `requests` is 1 unless given. */
  amounts: Amounts
  priority: number
  /** If the quota itself would hold the request back longer than this (ms), the answer is the wait instead of a grant. */
  patienceMs: number
  /** Ms; Infinity: as long as it takes. */
  timeoutMs: number
  signal: AbortSignal | null
}

/** A grant of a quota. */
export interface QuotaLease {
  /** The quota's name. */
  readonly quota: string
  /** The granted amounts, by unit. */
  readonly amounts: Amounts
}

/** The request was not granted: the quota is spent for `inMs`; Infinity: its budget is spent. */
export interface QuotaSpent {
  quota: string
  window: string
  inMs: number
}

interface Kept {
  booked: QuotaGrant['booked']
  /** The amounts that count as used, by unit: the grant, until it is settled. */
  used: Amounts
  /** The request in flight, if the quota counts these. */
  flight: number | null
  /** Called with the amounts used beyond the grant. */
  onSettled: ((delta: Amounts) => void) | null
}

export interface QuotaClientOptions extends SettlementsOptions {
  host: string
  /** @defaultValue {@link machineMs} */
  now?: () => number
}

export class QuotaClient {
  readonly #options: QuotaClientOptions
  readonly #now: () => number
  #lastTicket = 0
  readonly #kept = new WeakMap<QuotaLease, Kept>()
  readonly #blocks: Blocks
  readonly #settlements: Settlements
  /** Expected delay of grants with a margin, in ms. */
  #needsMs = 0
  #usageTimer: NodeJS.Timeout | null = null

  constructor(options: QuotaClientOptions) {
    this.#options = options
    this.#now = options.now ?? machineMs
    this.#settlements = new Settlements(options)
    this.#blocks = new Blocks(this.#now, (grant, times) => this.#return(grant, times, null))
  }

  /** Takes a grant from a block; null: there is none. */
  take(choices: string[], amounts: Amounts): QuotaLease | null {
    return this.#blocks.isEmpty ? null : this.#fromBlock(keyOf(choices, amounts))
  }

  /**
   * Waits its turn and takes a grant.
   *
   * @throws QuotaError QUOTA_INVALID, QUOTA_RETIRED, TIMEOUT; the signal's reason
   */
  async ask({ choices, amounts, priority, patienceMs, timeoutMs, signal }: QuotaAsk): Promise<QuotaLease | QuotaSpent> {
    signal?.throwIfAborted()
    const key = keyOf(choices, amounts)
    const here = this.#fromBlock(key)
    if (here) return here
    const { store, client, host } = this.#options
    let ticket = 0
    const ending = new Ending(timeoutMs, signal, choices[0] ?? '', () => {
      if (ticket > 0) store.call('cancelQuota', { client, ticket }).catch(() => {})
    })
    const same = `${priority} ${key}`
    let block: { settle(): void } | null = null
    try {
      const until = performance.now() + blockPatienceMs
      for (;;) {
        const ready = this.#fromBlock(key)
        if (ready) return ready
        const coming = this.#blocks.coming(same)
        const leftMs = until - performance.now()
        if (!coming || leftMs <= 0) break
        await ending.orAnswer(soon(coming, leftMs), () => {})
      }
      const times = this.#blocks.coming(same) ? 1 : this.#blocks.ahead(key)
      if (times > 1) block = this.#blocks.announce(same)
      for (let place: number | null = null; ; ) {
        // Each request has its own number, so that a late grant is not mistaken for that of the next.
        const asked = ++this.#lastTicket
        ticket = asked
        const needsMs = this.#needsMs
        const request = { client, ticket, host, choices, amounts, times, priority, place, wait: true, patienceMs, needsMs }
        const answer: QuotaAnswer = await ending.orAnswer(store.call('acquireQuota', request), (late) => this.#giveBack(late, asked))
        if (!answer.granted) return { quota: answer.quota, window: answer.window, inMs: answer.inMs }
        const grant: QuotaGrant = answer.grant
        const now = this.#now()
        const tookMs = now - (grant.expiresAt - grant.slackMs)
        this.#needsMs = Math.max(tookMs * tripMargin, this.#needsMs * tripMemory)
        if (now <= grant.expiresAt) {
          this.#blocks.put(key, grant, times)
          return this.#lease(grant, grant.inFlight ? asked : null)
        }
        place = grant.place
        this.#giveBack(answer, asked)
        ending.throwIfOver()
      }
    } finally {
      ending.stop()
      block?.settle()
    }
  }

  /**
   * Sets the amounts used by a lease: for each unit the last value counts; other units stay as they are. The first settlement
   * also ends the call in flight. Resolves when the settlement is stored; if the store cannot take it now, it is sent again by
   * itself.
   *
   * @throws DroverError ARGUMENT_INVALID if an amount is not a number of 0 or more; then nothing is settled
   */
  async settle(lease: QuotaLease, actual: Amounts): Promise<void> {
    const kept = this.#kept.get(lease)
    if (!kept) return
    const amounts = checkAmounts('actual', actual)
    const delta: Amounts = {}
    for (const [unit, amount] of Object.entries(amounts)) {
      const more = amount - (kept.used[unit] ?? 0)
      if (more !== 0) delta[unit] = more
    }
    const done = kept.flight
    kept.flight = null
    Object.assign(kept.used, amounts)
    kept.onSettled?.(delta)
    if (Object.keys(delta).length === 0 && done === null) return
    await this.#settlements.send({ quota: lease.quota, delta, booked: kept.booked, done })
  }

  /** Gives all of it back. */
  refund(lease: QuotaLease): Promise<void> {
    return this.settle(lease, Object.fromEntries(Object.keys(this.#kept.get(lease)?.used ?? {}).map((unit) => [unit, 0])))
  }

  /** Whether a lease counts as in flight until it is settled. */
  isInFlight(lease: QuotaLease): boolean {
    return (this.#kept.get(lease)?.flight ?? null) !== null
  }

  /** Calls the listener with the amounts used beyond the grant, at each settlement. */
  onSettled(lease: QuotaLease, listener: (delta: Amounts) => void): void {
    const kept = this.#kept.get(lease)
    if (kept) kept.onSettled = listener
  }

  /** Counts amounts used outside tasks. */
  used(amounts: Amounts): void {
    this.#settlements.used(amounts)
    this.#usageTimer ??= setTimeout(() => void this.flush().catch(() => {}), tellUsageMs)
    this.#usageTimer.unref()
  }

  async penalize(name: string, forMs: number): Promise<void> {
    this.#blocks.dropOf(name)
    await this.#options.store.call('blockQuota', { name, forMs })
  }

  async observe(name: string, readings: QuotaReading[], outcome: 'ok' | 'refused' | 'failed' | null): Promise<void> {
    if (outcome === 'refused') this.#blocks.dropOf(name)
    await this.#options.store.call('observeQuota', { name, readings, outcome })
  }

  async retire(name: string, reason: string): Promise<boolean> {
    this.#blocks.dropOf(name)
    return (await this.#options.store.call('retireQuota', { name, reason })).changed
  }

  /** Gives back all blocks. Settles when all settlements are stored. */
  async flush(): Promise<void> {
    this.#blocks.dropAll()
    if (this.#usageTimer) clearTimeout(this.#usageTimer)
    this.#usageTimer = null
    await this.#settlements.send(null)
  }

  #lease(grant: QuotaGrant, flight: number | null): QuotaLease {
    const lease: QuotaLease = Object.freeze({ quota: grant.quota, amounts: grant.amounts })
    this.#kept.set(lease, { booked: grant.booked, used: { ...grant.amounts }, flight, onSettled: null })
    return lease
  }

  #fromBlock(key: string): QuotaLease | null {
    const grant = this.#blocks.take(key)
    return grant && this.#lease(grant, null)
  }

  #giveBack(answer: QuotaAnswer, ticket: number): void {
    if (answer.granted) this.#return(answer.grant, answer.grant.times, answer.grant.inFlight ? ticket : null)
  }

  #return({ quota, amounts, booked }: QuotaGrant, times: number, flight: number | null): void {
    const delta = Object.fromEntries(Object.entries(amounts).map(([unit, amount]) => [unit, -amount * times]))
    this.#settlements.send({ quota, delta, booked, done: flight }).catch(() => {})
  }
}

export function isSpent(answer: QuotaLease | QuotaSpent): answer is QuotaSpent {
  return 'inMs' in answer
}

/** Settles with the promise, or after `ms`. */
function soon(promise: Promise<void>, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    void promise.then(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}

function keyOf(choices: readonly string[], amounts: Amounts): string {
  return `${choices.join('\n')}\n${JSON.stringify(amounts)}`
}
