import type { Time } from '../../contract/basics.js'
import type { QuotaWindow } from '../../contract/quotas.js'
import { carriedOver, longestSlackMs, QuotaWindowMeter, roundedOff, rounding, sumOf, type WindowState } from './meter.js'

/** Number of steps of a sliding window. */
const steps = 512

/** Strict: no span of its length ever holds more than the limit. Stored as a log of taken amounts with their times. */
export class SlidingWindow extends QuotaWindowMeter {
  readonly slackMs: number
  readonly #perMs: number
  readonly #stepMs: number
  #log: [at: Time, amount: number][] = []
  #sum = 0

  constructor(window: QuotaWindow, perMs: number, state: WindowState | null, at: Time, share: number) {
    super(window, share)
    this.#perMs = perMs
    this.slackMs = Math.min(longestSlackMs, perMs * 0.015)
    this.#stepMs = Math.max(perMs / steps, this.slackMs / 8)
    // A clock that was set back leaves entries in the future; they were taken before now.
    for (const [booked, amount] of carriedOver(state, this.base, perMs, at)) this.#add(amount, Math.min(booked, at + longestSlackMs))
    this.changed = false
  }

  used(at: Time): number {
    this.#drop(at)
    return this.#sum
  }

  protected waitFor(amount: number, at: Time): number {
    this.#drop(at)
    let missing = amount - (this.limit - this.#sum)
    const little = roundedOff(amount, this.limit)
    if (missing <= little) return 0
    // The limit is reduced and the request is larger than it: it goes when the window is empty.
    if (this.#sum <= 0 && amount <= this.base && this.share < 1) return 0
    for (const [booked, taken] of this.#log) {
      missing -= taken
      if (missing <= little) return Math.ceil(booked + this.#perMs - at)
    }
    const last = this.#log.at(-1)?.[0] ?? at
    if (amount <= this.base && this.share < 1) return Math.ceil(last + this.#perMs - at)
    // Together, requests want more than the limit: wait for as many window lengths as needed.
    return Math.ceil(last + this.#perMs * (1 + Math.ceil(missing / this.limit - rounding)) - at)
  }

  /** Booked at the latest moment of use, so that it leaves this window no sooner than the provider's. */
  take(amount: number, at: Time, slackMs = this.slackMs): Time {
    this.#drop(at)
    // In order, even if an earlier grant has more slack.
    const booked = Math.max(at + slackMs, this.#log.at(-1)?.[0] ?? 0)
    this.#add(amount, booked)
    return booked
  }

  give(amount: number, booked: Time, at: Time): void {
    this.#drop(at)
    // An amount that has left the window gives no room; the found entry would be another one.
    if (booked <= at - this.#perMs) return
    const first = this.#log.findIndex(([date]) => date >= booked)
    if (first === -1) return
    // An amount that was settled beyond its grant was booked later. Giving from the earliest on keeps the window strict.
    const isOwn = this.#stepOf((this.#log[first] as [Time, number])[0]) === this.#stepOf(booked)
    let left = amount
    for (const entry of this.#log.slice(first, isOwn ? undefined : first + 1)) {
      const part = Math.min(entry[1], left)
      entry[1] -= part
      left -= part
    }
    this.#log = this.#log.filter(([, part]) => part > 0)
    this.#count()
    this.changed = true
  }

  tighten(remaining: number, resetsAt: Time | null, at: Time): void {
    this.#drop(at)
    const extra = this.limit - Math.max(0, remaining) - this.#sum
    if (extra <= 0) return
    const booked = Math.min(at + this.slackMs, Math.max(at - this.#perMs + 1, (resetsAt ?? at + this.#perMs) - this.#perMs))
    const place = this.#log.findIndex(([date]) => date > booked)
    this.#log.splice(place === -1 ? this.#log.length : place, 0, [booked, extra])
    this.#count()
    this.changed = true
  }

  counts(inMs: number): boolean {
    return inMs < this.#perMs + this.slackMs
  }

  resetsAt(at: Time): Time | null {
    this.#drop(at)
    const last = this.#log.at(-1)
    return last ? Math.ceil(last[0] + this.#perMs) : null
  }

  save(): WindowState {
    return { log: this.#log }
  }

  /** An entry only moves to a later time, so that the window stays strict, and by at most one step. */
  #add(amount: number, booked: Time): void {
    const last = this.#log.at(-1)
    if (last && this.#stepOf(last[0]) === this.#stepOf(booked)) {
      last[0] = Math.max(last[0], booked)
      last[1] += amount
    } else {
      this.#log.push([booked, amount])
    }
    this.#sum += amount
    this.changed = true
  }

  #stepOf(time: Time): number {
    return Math.floor(time / this.#stepMs)
  }

  #drop(at: Time): void {
    let over = 0
    while (over < this.#log.length && (this.#log[over] as [Time, number])[0] <= at - this.#perMs) over++
    if (over === 0) return
    // Not saved as a change: a later read drops the same entries.
    this.#log.splice(0, over)
    this.#count()
  }

  /** A new sum keeps rounding errors from adding up. */
  #count(): void {
    this.#sum = sumOf(this.#log)
  }
}
