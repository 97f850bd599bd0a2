/**
 * Grants taken ahead in blocks, sized to be used while a block is valid. Unused grants go back in time.
 */

import type { QuotaGrant } from '../store/contract/quotas.js'

/** The largest block. */
const largestBlock = 100_000
const growth = 4

/** Blocks by request: the same quotas and amounts. */
interface Block {
  grant: QuotaGrant
  left: number
  expiry: NodeJS.Timeout
}

export class Blocks {
  readonly #now: () => number
  readonly #unused: (grant: QuotaGrant, times: number) => void
  readonly #blocks = new Map<string, Block>()
  /** Size of the next block. */
  readonly #ahead = new Map<string, number>()
  /** Requested blocks: other requests for the same, with the same priority, wait for them. */
  readonly #coming = new Map<string, Promise<void>>()

  /** @param unused called with unused grants */
  constructor(now: () => number, unused: (grant: QuotaGrant, times: number) => void) {
    this.#now = now
    this.#unused = unused
  }

  get isEmpty(): boolean {
    return this.#blocks.size === 0
  }

  /** Takes one grant of a block; null: there is no block. */
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

  /** Keeps new grants: one is used at once, the rest becomes a block. */
  put(key: string, grant: QuotaGrant, asked: number): void {
    // Drops a block of a request that did not wait for this one.
    if (grant.times > 1) this.#drop(key)
    // Fewer grants than requested: other requests wait, or few are left.
    if (!grant.inFlight) this.#aheadAfter(key, grant.times, grant.times === asked)
    if (grant.times <= 1) return
    const expiry = setTimeout(() => this.#drop(key), grant.expiresAt - this.#now())
    expiry.unref()
    this.#blocks.set(key, { grant, left: grant.times - 1, expiry })
  }

  /** The number of grants to request. */
  ahead(key: string): number {
    return this.#ahead.get(key) ?? 1
  }

  /** Settles when a requested block arrives. */
  coming(key: string): Promise<void> | undefined {
    return this.#coming.get(key)
  }

  /** Announces a requested block, until it is settled. */
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

  /** Gives back the blocks of a quota. */
  dropOf(quota: string): void {
    for (const [key, { grant }] of [...this.#blocks]) {
      // Also blocks of quotas within it.
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

  /** Adapts the size of blocks: larger after a block was used up, else as large as the used part. */
  #aheadAfter(key: string, used: number, usedUp: boolean): void {
    const ahead = Math.min(largestBlock, usedUp ? Math.max(used, this.#ahead.get(key) ?? 1) * growth : used)
    if (ahead > 1) this.#ahead.set(key, ahead)
    else this.#ahead.delete(key)
  }
}
