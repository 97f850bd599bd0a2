import { periodOf } from '../../../time/calendar.js'
import type { Time } from '../../contract/basics.js'
import type { QuotaWindow } from '../../contract/quotas.js'
import { carriedOver, longestSlackMs, QuotaWindowMeter, roundedOff, sumOf, type WindowState } from './meter.js'

/** The amount used since local midnight or since the beginning of the month. */
export class CalendarWindow extends QuotaWindowMeter {
  override readonly clock = 'wall'
  readonly slackMs = longestSlackMs
  readonly #calendar: 'day' | 'month'
  readonly #timeZone: string
  #start: Time
  #used: number

  constructor(window: QuotaWindow, calendar: 'day' | 'month', timeZone: string, state: WindowState | null, wall: Time) {
    super(window)
    this.#calendar = calendar
    this.#timeZone = timeZone
    const kept = state && 'start' in state && state.start !== null
    this.#start = kept ? (state.start as Time) : periodOf(calendar, timeZone, wall).start
    this.#used = state && 'used' in state ? state.used : sumOf(carriedOver(state, this.base, 0, wall))
  }

  used(wall: Time): number {
    this.#turn(wall)
    return this.#used
  }

  /** A grant shortly before the end could be used, and counted, after it. */
  protected waitFor(amount: number, wall: Time): number {
    this.#turn(wall)
    const { end } = periodOf(this.#calendar, this.#timeZone, wall)
    const fits = this.#used + amount <= this.limit + roundedOff(amount, this.limit)
    return fits && wall + this.slackMs < end ? 0 : Math.max(1, end - wall)
  }

  take(amount: number, wall: Time): Time {
    this.#turn(wall)
    this.#used += amount
    this.changed = true
    return wall
  }

  give(amount: number, booked: Time, wall: Time): void {
    this.#turn(wall)
    if (booked < this.#start) return
    this.#used = Math.max(0, this.#used - amount)
    this.changed = true
  }

  tighten(remaining: number, _resetsAt: Time | null, wall: Time): void {
    this.#turn(wall)
    const used = this.limit - Math.max(0, remaining)
    if (used <= this.#used) return
    this.#used = used
    this.changed = true
  }

  resetsAt(wall: Time): Time | null {
    return this.used(wall) > 0 ? periodOf(this.#calendar, this.#timeZone, wall).end : null
  }

  counts(inMs: number, wall: Time): boolean {
    return wall + inMs < periodOf(this.#calendar, this.#timeZone, wall).end
  }

  save(): WindowState {
    return { start: this.#start, used: this.#used }
  }

  /**
   * If the clock was set back into the earlier period, the begun period continues. A period further ahead was begun by a wrong
   * clock: its use counts for the current one.
   */
  #turn(wall: Time): void {
    const { start, end } = periodOf(this.#calendar, this.#timeZone, wall)
    if (start === this.#start || this.#start === end) return
    if (start > this.#start) this.#used = 0
    this.#start = start
    this.changed = true
  }
}
