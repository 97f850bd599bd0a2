/**
 * Grants that were taken ahead, in blocks: as many as are used while a block is good. What of a block is not used in time goes back.
 */

import type { QuotaGrant } from '../store/contract/quotas.js'

/** A block is no larger. */
const largestBlock = 100_000
const growth = 4

/** By what is asked for: the same quotas and amounts. */
interface Block {
  grant: QuotaGrant
  left: number
  expiry: NodeJS.Timeout
}

export class Blocks {
  readonly #now: () => number
  readonly #unused: (grant: QuotaGrant, times: number) => void
  readonly #blocks = new Map<string, Block>()
  /** How many to take ahead next time. */
  readonly #ahead = new Map<string, number>()
  /** A block is on its way: others that want the same, with the same priority, wait for it. */
  readonly #coming = new Map<string, Promise<void>>()

  /** @param unused takes what goes back */
  constructor(now: () => number, unused: (grant: QuotaGrant, times: number) => void) {
    this.#now = now
    this.#unused = unused
  }

  get isEmpty(): boolean {
    return this.#blocks.size === 0
  }

  /** Takes one off a block that is here. */
  take(key: string): QuotaGrant | null {
    const block = this.#blocks.get(key)
    if (!block) return null
    if (this.#now() > block.grant.expiresAt) {
      this.#drop(key)
      return null
    }
    block.left--
    if (block.left === 0) {
      clearTimeout(block.expiry)
      this.#blocks.delete(key)
    }
    return block.grant
  }

  /** One of these is used at once; the rest becomes a block. */
  put(key: string, grant: QuotaGrant, asked: number): void {
    // One that somebody took who did not wait for this one.
    if (grant.times > 1) this.#drop(key)
    // Fewer than were asked for: others want them too, or there are few left.
    if (!grant.inFlight) this.#aheadAfter(key, grant.times, grant.times === asked)
    if (grant.times <= 1) return
    const expiry = setTimeout(() => this.#drop(key), grant.expiresAt - this.#now())
    expiry.unref()
    this.#blocks.set(key, { grant, left: grant.times - 1, expiry })
  }

  /** How many to ask for. */
  ahead(key: string): number {
    return this.#ahead.get(key) ?? 1
  }

  /** Settles when a block comes that is on its way. */
  coming(key: string): Promise<void> | undefined {
    return this.#coming.get(key)
  }

  /** A block is on its way, until it is settled. */
  announce(key: string): { settle(): void } {
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

  /** Gives back what was taken ahead of a quota. */
  dropOf(quota: string): void {
    for (const [key, { grant }] of [...this.#blocks]) {
      // Those of quotas within it too.
      if (grant.quota === quota || Object.keys(grant.booked).some((window) => window.startsWith(`${quota} `))) this.#drop(key)
    }
  }

  dropAll(): void {
    for (const key of [...this.#blocks.keys()]) this.#drop(key)
  }

  #drop(key: string): void {
    const block = this.#blocks.get(key)
    if (!block) return
    this.#blocks.delete(key)
    clearTimeout(block.expiry)
    this.#aheadAfter(key, block.grant.times - block.left, false)
    this.#unused(block.grant, block.left)
  }

  /** As much ahead as is used while a block is good: more when one was used up before, as much as was used when one was not. */
  #aheadAfter(key: string, used: number, usedUp: boolean): void {
    const ahead = Math.min(largestBlock, usedUp ? Math.max(used, this.#ahead.get(key) ?? 1) * growth : used)
    if (ahead > 1) this.#ahead.set(key, ahead)
    else this.#ahead.delete(key)
  }
}
