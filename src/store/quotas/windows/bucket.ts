import { longestWaitMs } from '../../../validation/arguments.js'
import type { Time } from '../../contract/basics.js'
import type { QuotaWindow } from '../../contract/quotas.js'
import { carriedOver, longestSlackMs, QuotaWindowMeter, rounding, sumOf, type WindowState } from './meter.js'

/** A bucket's time is a fraction of a ms since the epoch, of which a number keeps about four digits. */
const driftMs = 0.01

/** Those that are taken at the same moment are booked so far apart. */
const apartMs = 2 ** -10

/** Of how low a bucket's use has been, no more is remembered. */
const mostLows = 32

/** A token bucket (GCRA: one number, the time at which the bucket is full again). */
export class BucketWindow extends QuotaWindowMeter {
  readonly slackMs: number
  readonly #perMs: number
  readonly #size: number
  #fullAt: Time
  /** How much was used just before something was taken, oldest first; those that were no lower than a later one are left out. */
  #lows: [at: Time, used: number][]

  constructor(window: QuotaWindow, perMs: number, size: number, state: WindowState | null, at: Time, share: number) {
    super(window, share)
    this.#perMs = perMs
    this.#size = size
    this.slackMs = Math.min(longestSlackMs, ((size < 2 ? 0.02 : 0.05) * size * perMs) / this.base)
    const bucket = state && 'fullAt' in state ? state : null
    const carried = sumOf(carriedOver(state, this.base, perMs, at))
    const stored = bucket ? this.#asTime(bucket, at) : at + Math.min(size, carried) * this.#unitMs
    // A bucket is overdrawn by one window at most, also after the clock was set back.
    this.#fullAt = Math.min(stored, at + size * this.#unitMs + perMs)
    this.#lows = (bucket?.lows ?? []).map(([date, used]) => [date, used])
  }

  /** How long one unit takes to run in. */
  get #unitMs(): number {
    return this.#perMs / this.limit
  }

  override get capacity(): number {
    return this.#size
  }

  override scale(share: number, at: Time): void {
    if (share === this.share) return
    const before = { fullAt: this.#fullAt, unitMs: this.#unitMs }
    if (share < this.share) this.changed = true
    this.share = share
    this.#fullAt = this.#asTime(before, at)
  }

  /** What is in use is kept as a time, and must not become more or less of it when it runs in faster or slower. */
  #asTime({ fullAt, unitMs = this.#unitMs }: { fullAt: Time; unitMs?: number }, at: Time): Time {
    return fullAt <= at || unitMs === this.#unitMs ? fullAt : at + ((fullAt - at) / unitMs) * this.#unitMs
  }

  used(at: Time): number {
    return Math.max(0, this.#fullAt - at - driftMs) / this.#unitMs
  }

  override room(at: Time): number {
    return Math.max(0, this.#size - this.used(at))
  }

  override timesNow(amount: number, at: Time, slackMs = this.slackMs): number {
    if (amount <= 0) return Number.POSITIVE_INFINITY
    const used = this.used(at)
    if (used + amount > this.#size + amount * rounding) return 0
    return Math.max(1, Math.floor((this.#size - Math.max(used, slackMs / this.#unitMs)) / amount + rounding))
  }

  /**
   * One that goes now may be used now, when all before it were used at the latest: {@link take} booked them so. In any span the provider then sees
   * at most what it allows, wherever in its slack each call falls.
   */
  protected waitFor(amount: number, at: Time): number {
    const over = this.used(at) + amount - this.#size
    return over <= amount * rounding ? 0 : Math.ceil(Math.max(0, over * this.#unitMs - driftMs))
  }

  /** Nothing runs in at the provider's while its bucket is full, and that it may be until the latest moment. */
  take(amount: number, at: Time, slackMs = this.slackMs): Time {
    const latest = at + slackMs
    const before = Math.max(0, this.#fullAt - latest - driftMs) / this.#unitMs
    // Also those of one moment in order: one that may be used for longer may find less in use than the one before it took.
    const booked = Math.max(at, (this.#lows.at(-1)?.[0] ?? 0) + apartMs)
    while ((this.#lows.at(-1)?.[1] ?? -1) >= before) this.#lows.pop()
    this.#lows.push([booked, before])
    // Two that are next to each other: the lower, for as long as the later was there.
    if (this.#lows.length > mostLows) this.#lows.splice(0, 2, [(this.#lows[1] as [Time, number])[0], (this.#lows[0] as [Time, number])[1]])
    const fullAt = Math.max(this.#fullAt, latest) + amount * this.#unitMs
    // What is settled may be any amount; nobody waits longer for it to run in.
    this.#fullAt = Math.min(fullAt, at + Math.max(longestWaitMs, this.#size * this.#unitMs + slackMs))
    this.changed = true
    return booked
  }

  /** Not more than was in use at all times since: what has run in after the bucket was full was never kept. */
  give(amount: number, booked: Time, at: Time): void {
    const later = this.#lows.filter(([date]) => date > booked)
    const back = Math.min(amount, this.used(at), ...later.map(([, used]) => used))
    if (back <= 0) return
    for (const low of later) low[1] -= back
    this.#fullAt -= back * this.#unitMs
    this.changed = true
  }

  tighten(remaining: number, _resetsAt: Time | null, at: Time): void {
    const fullAt = at + (this.#size - Math.min(this.#size, Math.max(0, remaining))) * this.#unitMs
    if (fullAt <= this.#fullAt) return
    this.#fullAt = fullAt
    this.changed = true
  }

  resetsAt(at: Time): Time | null {
    return this.used(at) > 0 ? Math.ceil(this.#fullAt) : null
  }

  /** Until it would be full if it were empty now. */
  counts(inMs: number, at: Time): boolean {
    return inMs < Math.max(this.#size, this.used(at)) * this.#unitMs + this.slackMs
  }

  save(): WindowState {
    return { fullAt: this.#fullAt, unitMs: this.#unitMs, lows: this.#lows }
  }
}
