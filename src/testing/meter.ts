/**
 * The use of one limit: room, wait, remaining amount. It shares no code with the store's windows on purpose: a provider with the
 * same code would have the same mistakes and not reveal them.
 */
import { periodOf } from '../time/calendar.js'
import type { Rule } from './limits.js'

/** Times are ms since the epoch and never go back from call to call. */
export interface Meter {
  /** The amount available at once; below 0 after a correction took more than there was. */
  room(now: number): number
  /** Whole ms until there is room for the amount if no other request takes any; 0: now; Infinity: never. */
  waitMs(amount: number, now: number): number
  take(amount: number, now: number): void
  /** Corrects an amount taken at `at` by `delta`. */
  correct(at: number, delta: number, now: number): void
  /** In how many ms all of it is free again. */
  resetMs(now: number): number
}

/** A smaller shortfall is only rounding. */
export const tolerance = 1e-6

export function createMeter(rule: Rule): Meter {
  switch (rule.kind) {
    case 'sliding':
      return new SlidingMeter(rule.limit, rule.perMs)
    case 'bucket':
      return new BucketMeter(rule.size, rule.limit / rule.perMs)
    case 'fixed':
      return new PeriodMeter(rule.limit, (at) => {
        const start = Math.floor(at / rule.perMs) * rule.perMs
        return { start, end: start + rule.perMs }
      })
    case 'calendar':
      return new PeriodMeter(rule.limit, (at) => periodOf(rule.calendar, rule.timeZone, Math.floor(at)))
  }
}

/** Remembers each amount with its time. An amount taken at `t` counts from `t` until before `t + perMs`. */
class SlidingMeter implements Meter {
  readonly #limit: number
  readonly #perMs: number
  #log: { at: number; amount: number }[] = []
  #first = 0
  #used = 0

  constructor(limit: number, perMs: number) {
    this.#limit = limit
    this.#perMs = perMs
  }

  room(now: number): number {
    this.#forget(now)
    return this.#limit - this.#used
  }

  waitMs(amount: number, now: number): number {
    if (amount > this.#limit) return Number.POSITIVE_INFINITY
    let missing = amount - this.room(now)
    for (let index = this.#first; missing > 0; index++) {
      const entry = this.#log[index]
      if (!entry) break
      missing -= entry.amount
      if (missing <= 0) return Math.ceil(entry.at + this.#perMs - now)
    }
    return 0
  }

  take(amount: number, now: number): void {
    this.#forget(now)
    const last = this.#log.at(-1)
    if (last?.at === now) last.amount += amount
    else this.#log.push({ at: now, amount })
    this.#used += amount
  }

  correct(at: number, delta: number, now: number): void {
    this.#forget(now)
    for (let index = this.#log.length - 1; index >= this.#first; index--) {
      const entry = this.#log[index]
      if (!entry || entry.at < at) return
      if (entry.at > at) continue
      entry.amount += delta
      this.#used += delta
      return
    }
  }

  resetMs(now: number): number {
    this.#forget(now)
    return this.#used > 0 ? (this.#log.at(-1)?.at ?? now) + this.#perMs - now : 0
  }

  #forget(now: number): void {
    for (let entry = this.#log[this.#first]; entry && entry.at <= now - this.#perMs; entry = this.#log[this.#first]) {
      this.#used -= entry.amount
      this.#first++
    }
    if (this.#first > 1_024 && this.#first > this.#log.length / 2) {
      this.#log = this.#log.slice(this.#first)
      this.#first = 0
    }
  }
}

/** Counts since a period began. */
class PeriodMeter implements Meter {
  readonly #limit: number
  readonly #periodAt: (at: number) => { start: number; end: number }
  #period = { start: 0, end: 0 }
  #used = 0

  constructor(limit: number, periodAt: (at: number) => { start: number; end: number }) {
    this.#limit = limit
    this.#periodAt = periodAt
  }

  room(now: number): number {
    this.#enter(now)
    return this.#limit - this.#used
  }

  waitMs(amount: number, now: number): number {
    if (amount > this.#limit) return Number.POSITIVE_INFINITY
    return this.room(now) >= amount ? 0 : Math.ceil(this.#period.end - now)
  }

  take(amount: number, now: number): void {
    this.#enter(now)
    this.#used += amount
  }

  correct(at: number, delta: number, now: number): void {
    this.#enter(now)
    if (at >= this.#period.start) this.#used += delta
  }

  resetMs(now: number): number {
    this.#enter(now)
    return this.#used > 0 ? this.#period.end - now : 0
  }

  #enter(now: number): void {
    if (now >= this.#period.start && now < this.#period.end) return
    this.#period = this.#periodAt(now)
    this.#used = 0
  }
}

/** Fills continuously up to its size. */
class BucketMeter implements Meter {
  readonly #size: number
  readonly #perMs: number
  #level: number
  #at = Number.NEGATIVE_INFINITY

  /** @param perMs what flows in within a ms */
  constructor(size: number, perMs: number) {
    this.#size = size
    this.#perMs = perMs
    this.#level = size
  }

  room(now: number): number {
    if (this.#level < this.#size) this.#level = Math.min(this.#size, this.#level + (now - this.#at) * this.#perMs)
    this.#at = now
    return this.#level
  }

  waitMs(amount: number, now: number): number {
    if (amount > this.#size) return Number.POSITIVE_INFINITY
    const missing = amount - this.room(now)
    return missing <= tolerance ? 0 : Math.ceil((missing - tolerance / 2) / this.#perMs)
  }

  take(amount: number, now: number): void {
    this.#level = this.room(now) - amount
  }

  correct(_at: number, delta: number, now: number): void {
    this.#level = Math.min(this.#size, this.room(now) - delta)
  }

  resetMs(now: number): number {
    return (this.#size - this.room(now)) / this.#perMs
  }
}
