import { longestWaitMs } from '../../../validation/arguments.js'
import type { Time } from '../../contract/basics.js'
import type { QuotaWindow } from '../../contract/quotas.js'
import { carriedOver, longestSlackMs, QuotaWindowMeter, rounding, sumOf, type WindowState } from './meter.js'

/** Precision of a bucket's time: a number keeps about four digits of a ms since the epoch. */
const driftMs = 0.01

/** Distance between the booked times of grants at the same moment. */
const apartMs = 2 ** -10

/** The most remembered low points of a bucket's use. */
const mostLows = 32

/** A token bucket (GCRA: one number, the time at which the bucket is full again). */
export class BucketWindow extends QuotaWindowMeter {
  readonly slackMs: number
  readonly #perMs: number
  readonly #size: number
  #fullAt: Time
  /** The use just before each take, oldest first, without entries that are not lower than a later one. */
  #lows: [at: Time, used: number][]

  constructor(window: QuotaWindow, perMs: number, size: number, state: WindowState | null, at: Time, share: number) {
    super(window, share)
    this.#perMs = perMs
    this.#size = size
    this.slackMs = Math.min(longestSlackMs, ((size < 2 ? 0.02 : 0.05) * size * perMs) / this.base)
    const bucket = state && 'fullAt' in state ? state : null
    const carried = sumOf(carriedOver(state, this.base, perMs, at))
    const stored = bucket ? this.#asTime(bucket, at) : at + Math.min(size, carried) * this.#unitMs
    // A bucket is overdrawn by at most one window, even after the clock was set back.
    this.#fullAt = Math.min(stored, at + size * this.#unitMs + perMs)
    this.#lows = (bucket?.lows ?? []).map(([date, used]) => [date, used])
  }

  /** Time in which one unit flows in. */
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

  /** The use is stored as a time; a change of the rate must not change the used amount. */
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
   * A new grant may be used at once, while all earlier ones are used as late as possible ({@link take} booked them so). So in any
   * span the provider sees at most its limit, at any moments of use within the slack.
   */
  protected waitFor(amount: number, at: Time): number {
    const over = this.used(at) + amount - this.#size
    return over <= amount * rounding ? 0 : Math.ceil(Math.max(0, over * this.#unitMs - driftMs))
  }

  /** The provider's bucket may be full until the latest moment of use; nothing flows in while it is full. */
  take(amount: number, at: Time, slackMs = this.slackMs): Time {
    const latest = at + slackMs
    const before = Math.max(0, this.#fullAt - latest - driftMs) / this.#unitMs
    // Keeps grants of one moment in order, because a grant with more slack may find less in use than the one before it.
    const booked = Math.max(at, (this.#lows.at(-1)?.[0] ?? 0) + apartMs)
    while ((this.#lows.at(-1)?.[1] ?? -1) >= before) this.#lows.pop()
    this.#lows.push([booked, before])
    // Merges two neighbours: the lower use until the later time.
    if (this.#lows.length > mostLows) this.#lows.splice(0, 2, [(this.#lows[1] as [Time, number])[0], (this.#lows[0] as [Time, number])[1]])
    const fullAt = Math.max(this.#fullAt, latest) + amount * this.#unitMs
    // A settled amount may be of any size; bounds the wait for it.
    this.#fullAt = Math.min(fullAt, at + Math.max(longestWaitMs, this.#size * this.#unitMs + slackMs))
    this.changed = true
    return booked
  }

  /** Gives back at most the lowest use since then, because inflow into a full bucket is lost. */
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

  /** True until the time at which an empty bucket would be full. */
  counts(inMs: number, at: Time): boolean {
    return inMs < Math.max(this.#size, this.used(at)) * this.#unitMs + this.slackMs
  }

  save(): WindowState {
    return { fullAt: this.#fullAt, unitMs: this.#unitMs, lows: this.#lows }
  }
}
