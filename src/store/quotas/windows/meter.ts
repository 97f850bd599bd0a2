/**
 * One window of a quota: its room, its wait, and its state after a grant. Pure: the caller brings the clock, and the stored state
 * is plain JSON.
 *
 * A grant is used at an unknown moment within its slack. Each kind of window accounts for the latest and the earliest moment, so
 * that the provider never counts more than its limit. {@link QuotaWindowMeter.slackMs} costs little; a request that needs longer
 * gets longer.
 */
import type { Time } from '../../contract/basics.js'
import type { QuotaWindow } from '../../contract/quotas.js'
/** The longest validity of a grant. */
export const longestSlackMs = 250

/** A smaller relative shortfall is only rounding. */
export const rounding = 1e-6

/** A smaller shortfall is only rounding: sums lose a share of the whole, far less than the smallest requested amount. */
export function roundedOff(amount: number, limit: number): number {
  return Math.min(amount * 1e-3, limit * 1e-10)
}

/** Share of a window that stands for an amount that is not given: more than {@link rounding}, so that a spent window is noticed. */
const trace = 1e-5

const lengths = new Map([
  [1_000, 'second'],
  [60_000, 'minute'],
  [3_600_000, 'hour'],
])

/** The stored state of a window. */
export type WindowState =
  /** Taken amounts with their times, oldest first. */
  | { log: [at: Time, amount: number][] }
  /**
   * When the bucket is full again ("theoretical arrival time"), the ms for a unit, and the low points of its use since earlier
   * bookings, oldest first. An earlier version stored only the time.
   */
  | { fullAt: Time; unitMs?: number; lows?: [at: Time, used: number][] }
  /** The amount taken since the period's start; without a start: ever. */
  | { start: Time | null; used: number }

/** A moment on the two clocks. */
export interface Moment {
  /** The store's clock. */
  now: Time
  /** The wall clock, which calendars go by. */
  wall: Time
}

/** The common part of all kinds of window. */
export abstract class QuotaWindowMeter {
  /** As configured. */
  readonly window: QuotaWindow
  readonly label: string
  readonly unit: string
  /** The clock of its times. */
  readonly clock: keyof Moment = 'now'
  /** How long a grant may be used, unless the request needs longer. */
  abstract readonly slackMs: number
  /** Amount reserved for requests ahead, during one pass through the line. */
  reserved = 0
  /** Whether it has changed since it was saved. */
  changed = false
  protected readonly base: number
  /** The current share of the limit. */
  protected share: number

  constructor(window: QuotaWindow, share = 1) {
    this.window = window
    this.label = `${window.unit}/${perOf(window)}`
    this.unit = window.unit
    this.base = window.limit
    this.share = share
  }

  /** The current limit: the configured one, or less after refusals. */
  get limit(): number {
    return this.share === 1 ? this.base : Math.max(Math.min(1, this.base), Math.floor(this.base * this.share))
  }

  /** The largest possible grant. */
  get capacity(): number {
    return this.base
  }

  /** Sets the share of the limit, above 0 and up to 1. Used amounts stay used. */
  scale(share: number, _at: Time): void {
    this.share = share
  }

  /** The amount that counts as used now. */
  abstract used(at: Time): number
  /** Whole ms until `amount` can be taken; 0: at once; Infinity: never by itself. */
  protected abstract waitFor(amount: number, at: Time): number
  /**
   * Takes an amount, even without room. @returns the booked time, for {@link give}
   *
   * @param slackMs how long after `at` it may be used. @defaultValue {@link slackMs}
   */
  abstract take(amount: number, at: Time, slackMs?: number): Time
  /** Gives back an amount booked at a time, as far as it still counts. */
  abstract give(amount: number, booked: Time, at: Time): void
  /** Applies the provider's remaining amount and reset. Never adds room. */
  abstract tighten(remaining: number, resetsAt: Time | null, at: Time): void
  /** When all of it is free again; null if nothing is used. */
  abstract resetsAt(at: Time): Time | null
  /** Whether an amount taken now still counts in `inMs`. */
  abstract counts(inMs: number, at: Time): boolean
  abstract save(): WindowState

  /** The amount that could be taken now. */
  room(at: Time): number {
    return Math.max(0, this.limit - this.used(at))
  }

  /**
   * Time until an amount can be taken beside the reserved one, in ms.
   *
   * @param amount undefined if the request does not name the unit: it waits only while the window is spent
   */
  waitMs(amount: number | undefined, at: Time): number {
    if (amount !== undefined) return amount <= 0 ? 0 : this.waitFor(amount + this.reserved, at)
    return this.used(at) < this.capacity * (1 - rounding) ? 0 : this.waitFor(this.capacity * trace, at)
  }

  /** How often `amount` could be taken now without other requests, if each may be used for `slackMs`. */
  timesNow(amount: number, at: Time, _slackMs = this.slackMs): number {
    return amount <= 0 ? Number.POSITIVE_INFINITY : Math.floor(this.room(at) / amount + rounding)
  }
}

/** The length of a window in words. */
export function perOf({ per }: Pick<QuotaWindow, 'per'>): string {
  if (per === 'ever') return per
  if (typeof per !== 'number') return `${per.calendar} ${per.timeZone}`
  return lengths.get(per) ?? `${per} ms`
}

/** The used amounts that a window takes over from an earlier state of any kind. */
export function carriedOver(state: WindowState | null, limit: number, perMs: number, at: Time): [at: Time, amount: number][] {
  if (!state) return []
  if ('log' in state) return state.log
  if ('used' in state) return state.used > 0 ? [[at, state.used]] : []
  const amount = perMs === 0 ? 0 : Math.max(0, state.fullAt - at) / (state.unitMs ?? perMs / limit)
  return amount > 0 ? [[at, amount]] : []
}

export function sumOf(log: readonly [at: Time, amount: number][]): number {
  return log.reduce((sum, [, amount]) => sum + amount, 0)
}
