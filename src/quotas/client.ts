/**
 * Asks for quotas on behalf of a thread, or of a process of its own. A quota that is used fast is taken in small blocks ahead, so that most grants
 * cost no message; what of a block is not used in time goes back, and what a thread takes with it when it dies counts as used.
 *
 * A grant is used at once or not at all: one that comes too late (the machine was suspended, the thread was busy) is given back and asked for again, at
 * its old place in line. Otherwise grants that piled up would be used together. How long they take to come is told with each request, so that they do
 * not come too late again and again.
 */

import type { Amounts, QuotaAnswer, QuotaGrant, QuotaReading } from '../store/contract/quotas.js'
import { checkAmounts } from '../store/quotas/check-amounts.js'
import { machineMs } from '../time/machine-clock.js'
import { Blocks } from './blocks.js'
import { Settlements, type SettlementsOptions } from './settlements.js'
import { Ending } from './waiting-end.js'

/** Who wants what a block on its way may hold waits so long for it, then stands in line itself: the block may be long in coming. */
const blockPatienceMs = 20
/** A grant should be good for so many times as long as others took to come; that is forgotten by and by. */
const tripMargin = 1.5
const tripMemory = 0.95
/** What was used is told at the latest so long after. */
const tellUsageMs = 1_000

/** What is asked for. */
export interface QuotaAsk {
  /** One is taken, whichever can go first. */
  choices: string[]
  /** `requests` is 1 unless given. */
  amounts: Amounts
  priority: number
  /** Answers with the wait, instead of waiting, where the quota itself keeps it back for longer. */
  patienceMs: number
  /** Ms; Infinity: as long as it takes. */
  timeoutMs: number
  signal: AbortSignal | null
}

/** What was granted. */
export interface QuotaLease {
  /** Which quota it is from. */
  readonly quota: string
  /** What it was granted, by unit. */
  readonly amounts: Amounts
}

/** It was not granted: the quota is spent for so long; Infinity: its budget is. */
export interface QuotaSpent {
  quota: string
  window: string
  inMs: number
}

interface Kept {
  booked: QuotaGrant['booked']
  /** What counts as used by now, by unit: what was granted, until it is settled otherwise. */
  used: Amounts
  /** The request that is in flight, if it counts as that. */
  flight: number | null
  /** Told of what it used beyond what was granted. */
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
  /** How long grants take to come, with a margin, in ms. */
  #needsMs = 0
  #usageTimer: NodeJS.Timeout | null = null

  constructor(options: QuotaClientOptions) {
    this.#options = options
    this.#now = options.now ?? machineMs
    this.#settlements = new Settlements(options)
    this.#blocks = new Blocks(this.#now, (grant, times) => this.#return(grant, times, null))
  }

  /** Takes from a block that is here already; null: there is none. */
  take(choices: string[], amounts: Amounts): QuotaLease | null {
    return this.#blocks.isEmpty ? null : this.#fromBlock(keyOf(choices, amounts))
  }

  /**
   * Waits its turn and takes.
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
        // Each has a number of its own: what becomes of a grant that came too late is not to be taken for that of the next.
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
   * What a lease has used by now, by unit: the last word on a unit counts, other units stay as they were. The first one also ends its being in flight.
   * Settles when the store has it; what the store cannot take now is sent again by itself.
   *
   * @throws DroverError ARGUMENT_INVALID if an amount is not a number of 0 or more: nothing of it is settled then
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

  /** Tells what a lease uses beyond its amounts, once that is settled. */
  onSettled(lease: QuotaLease, listener: (delta: Amounts) => void): void {
    const kept = this.#kept.get(lease)
    if (kept) kept.onSettled = listener
  }

  /** Counts what was used beside tasks. */
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

  /** Gives back what was taken ahead, and settles when the store has all that was told. */
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

/** Settles with a promise, or after so many ms. */
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
