/**
 * Asks for quotas on behalf of a thread, or of a process of its own. A quota that is used fast is taken in small blocks ahead, so that most grants
 * cost no message; what of a block is not used in time goes back, and what a thread takes with it when it dies counts as used.
 *
 * A grant is used at once or not at all: one that comes too late (the machine was suspended, the thread was busy) is given back and asked for again, at
 * its old place in line. Otherwise grants that piled up would be used together. How long they take to come is told with each request, so that they do
 * not come too late again and again.
 */

import type { EngineClient } from '../store/contract/engine.js'
import type { Amounts, QuotaAnswer, QuotaGrant, QuotaReading, QuotaSettlement } from '../store/contract/quotas.js'
import { addTo } from '../store/quotas/amounts.js'
import { checkAmounts } from '../store/quotas/check-amounts.js'
import { machineMs } from '../time/machine-clock.js'
import { Ending } from './waiting-end.js'

/** A block is no larger. */
const largestBlock = 100_000
const growth = 4
/** Who wants what a block on its way may hold waits so long for it, then stands in line itself: the block may be long in coming. */
const blockPatienceMs = 20
/** A grant should be good for so many times as long as others took to come; that is forgotten by and by. */
const tripMargin = 1.5
const tripMemory = 0.95
/** What was used is told at the latest so long after. */
const tellUsageMs = 1_000
/** What the store could not take is sent again after so long, until it can. */
const sendAgainMs = 1_000

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

/** Grants that were taken ahead. */
interface Block {
  grant: QuotaGrant
  left: number
  expiry: NodeJS.Timeout
}

export interface QuotaClientOptions {
  store: EngineClient
  /** Nobody else on the store has this name. */
  client: string
  host: string
  /** Whom usage beside tasks is counted for. @defaultValue nobody */
  worker?: string
  /** @defaultValue {@link machineMs} */
  now?: () => number
}

export class QuotaClient {
  readonly #options: QuotaClientOptions
  readonly #now: () => number
  #lastTicket = 0
  #lastRequest = 0
  readonly #kept = new WeakMap<QuotaLease, Kept>()
  readonly #blocks = new Map<string, Block>()
  /** How many to take ahead next time. */
  readonly #ahead = new Map<string, number>()
  /** A block is on its way: others that want the same, with the same priority, wait for it. */
  readonly #coming = new Map<string, Promise<void>>()
  #unsent: QuotaSettlement[] = []
  /** How long grants take to come, with a margin, in ms. */
  #needsMs = 0
  #usage: Amounts = {}
  #usageTimer: NodeJS.Timeout | null = null
  #sendAgain: NodeJS.Timeout | null = null
  #sending: Promise<void> | null = null

  constructor(options: QuotaClientOptions) {
    this.#options = options
    this.#now = options.now ?? machineMs
  }

  /** Takes from a block that is here already; null: there is none. */
  take(choices: string[], amounts: Amounts): QuotaLease | null {
    return this.#blocks.size === 0 ? null : this.#fromBlock(keyOf(choices, amounts))
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
        const coming = this.#coming.get(same)
        const leftMs = until - performance.now()
        if (!coming || leftMs <= 0) break
        await ending.orAnswer(soon(coming, leftMs), () => {})
      }
      const times = this.#coming.has(same) ? 1 : (this.#ahead.get(key) ?? 1)
      if (times > 1) block = this.#announce(same)
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
        if (now <= grant.expiresAt) return this.#taken(key, grant, asked, times)
        place = grant.place
        this.#giveBack(answer, asked)
        ending.throwIfOver()
      }
    } finally {
      ending.stop()
      block?.settle()
    }
  }

  /** A block is on its way, until it is settled. */
  #announce(key: string): { settle(): void } {
    let resolve: () => void = () => {}
    const coming = new Promise<void>((settle) => (resolve = settle))
    this.#coming.set(key, coming)
    return {
      settle: () => {
        if (this.#coming.get(key) === coming) this.#coming.delete(key)
        resolve()
      },
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
    await this.#send({ quota: lease.quota, delta, booked: kept.booked, done })
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
    addTo(this.#usage, amounts)
    this.#usageTimer ??= setTimeout(() => void this.flush().catch(() => {}), tellUsageMs)
    this.#usageTimer.unref()
  }

  async penalize(name: string, forMs: number): Promise<void> {
    this.#dropBlocks(name)
    await this.#options.store.call('blockQuota', { name, forMs })
  }

  async observe(name: string, readings: QuotaReading[], outcome: 'ok' | 'refused' | 'failed' | null): Promise<void> {
    if (outcome === 'refused') this.#dropBlocks(name)
    await this.#options.store.call('observeQuota', { name, readings, outcome })
  }

  async retire(name: string, reason: string): Promise<boolean> {
    this.#dropBlocks(name)
    return (await this.#options.store.call('retireQuota', { name, reason })).changed
  }

  /** Gives back what was taken ahead, and settles when the store has all that was told. */
  async flush(): Promise<void> {
    for (const key of [...this.#blocks.keys()]) this.#dropBlock(key)
    if (this.#usageTimer) clearTimeout(this.#usageTimer)
    this.#usageTimer = null
    await this.#send(null)
  }

  #lease(grant: QuotaGrant, flight: number | null): QuotaLease {
    const lease: QuotaLease = Object.freeze({ quota: grant.quota, amounts: grant.amounts })
    this.#kept.set(lease, { booked: grant.booked, used: { ...grant.amounts }, flight, onSettled: null })
    return lease
  }

  /** The first of what was granted; the rest becomes a block. */
  #taken(key: string, grant: QuotaGrant, ticket: number, asked: number): QuotaLease {
    // One that somebody took who did not wait for this one.
    if (grant.times > 1) this.#dropBlock(key)
    // Fewer than were asked for: others want them too, or there are few left.
    if (!grant.inFlight) this.#aheadAfter(key, grant.times, grant.times === asked)
    if (grant.times > 1) {
      const expiry = setTimeout(() => this.#dropBlock(key), grant.expiresAt - this.#now())
      expiry.unref()
      this.#blocks.set(key, { grant, left: grant.times - 1, expiry })
    }
    return this.#lease(grant, grant.inFlight ? ticket : null)
  }

  #fromBlock(key: string): QuotaLease | null {
    const block = this.#blocks.get(key)
    if (!block) return null
    if (this.#now() > block.grant.expiresAt) {
      this.#dropBlock(key)
      return null
    }
    block.left--
    if (block.left === 0) {
      clearTimeout(block.expiry)
      this.#blocks.delete(key)
    }
    return this.#lease(block.grant, null)
  }

  #dropBlocks(quota: string): void {
    for (const [key, { grant }] of [...this.#blocks]) {
      // Those of quotas within it too.
      if (grant.quota === quota || Object.keys(grant.booked).some((window) => window.startsWith(`${quota} `))) this.#dropBlock(key)
    }
  }

  #dropBlock(key: string): void {
    const block = this.#blocks.get(key)
    if (!block) return
    this.#blocks.delete(key)
    clearTimeout(block.expiry)
    this.#aheadAfter(key, block.grant.times - block.left, false)
    this.#return(block.grant, block.left, null)
  }

  /** As much ahead as is used while a block is good: more when one was used up before, as much as was used when one was not. */
  #aheadAfter(key: string, used: number, usedUp: boolean): void {
    const ahead = Math.min(largestBlock, usedUp ? Math.max(used, this.#ahead.get(key) ?? 1) * growth : used)
    if (ahead > 1) this.#ahead.set(key, ahead)
    else this.#ahead.delete(key)
  }

  #giveBack(answer: QuotaAnswer, ticket: number): void {
    if (answer.granted) this.#return(answer.grant, answer.grant.times, answer.grant.inFlight ? ticket : null)
  }

  #return({ quota, amounts, booked }: QuotaGrant, times: number, flight: number | null): void {
    const delta = Object.fromEntries(Object.entries(amounts).map(([unit, amount]) => [unit, -amount * times]))
    this.#send({ quota, delta, booked, done: flight }).catch(() => {})
  }

  /** Sends settlements, one request after the other: each has a number, and the store does none twice. */
  #send(settlement: QuotaSettlement | null): Promise<void> {
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
      this.#send(null).catch(() => {})
    }, sendAgainMs)
    this.#sendAgain.unref()
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
