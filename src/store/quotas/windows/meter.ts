/**
 * One window of a quota: how much it has room for, how long to wait, what it is after a grant. Pure: the caller brings the clock,
 * and what is to be kept is plain JSON.
 *
 * A grant is used up to its slack after it was given, and no one knows when exactly. So that the provider never counts more than its limit, whenever
 * within that time the call is made, each kind accounts for the latest and the earliest moment. {@link QuotaWindowMeter.slackMs} is what costs
 * little; who needs longer is given longer.
 */
import type { Time } from '../../contract/basics.js'
import type { QuotaWindow } from '../../contract/quotas.js'
/** A grant may be used for so long at most. */
export const longestSlackMs = 250

/** What is short of an amount by no more than such a share is short by rounding only. */
export const rounding = 1e-6

/**
 * What is short by no more than that is short by rounding only: adding up loses a share of the whole, far less than the smallest amount that is
 * asked for.
 */
export function roundedOff(amount: number, limit: number): number {
  return Math.min(amount * 1e-3, limit * 1e-10)
}

/** Such a share of a window counts as the amount where none was said: more than {@link rounding}, so that a spent window is noticed. */
const trace = 1e-5

const lengths = new Map([
  [1_000, 'second'],
  [60_000, 'minute'],
  [3_600_000, 'hour'],
])

/** What is kept of a window. */
export type WindowState =
  /** What was taken and when, oldest first. */
  | { log: [at: Time, amount: number][] }
  /**
   * When the bucket is full again ("theoretical arrival time"), at how many ms for a unit; how low its use has been since what was booked before,
   * oldest first. An earlier version kept only the time.
   */
  | { fullAt: Time; unitMs?: number; lows?: [at: Time, used: number][] }
  /** What was taken since the period's start; without a start: ever. */
  | { start: Time | null; used: number }

/** A moment on the two clocks. */
export interface Moment {
  /** The store's clock. */
  now: Time
  /** The wall clock, which calendars go by. */
  wall: Time
}

/** What a window does, whatever its kind. */
export abstract class QuotaWindowMeter {
  /** As configured. */
  readonly window: QuotaWindow
  readonly label: string
  readonly unit: string
  /** Of which clock its times are. */
  readonly clock: keyof Moment = 'now'
  /** For so long after it was given a grant may be used, unless whoever asks needs longer. */
  abstract readonly slackMs: number
  /** Set aside for those who are ahead in line, during one look at it. */
  reserved = 0
  /** Whether it has changed since it was saved. */
  changed = false
  protected readonly base: number
  /** The share of the limit that is used for now. */
  protected share: number

  constructor(window: QuotaWindow, share = 1) {
    this.window = window
    this.label = `${window.unit}/${perOf(window)}`
    this.unit = window.unit
    this.base = window.limit
    this.share = share
  }

  /** The limit as it is now: the configured one, or less of it after refusals. */
  get limit(): number {
    return this.share === 1 ? this.base : Math.max(Math.min(1, this.base), Math.floor(this.base * this.share))
  }

  /** The most a single grant can ever be. */
  get capacity(): number {
    return this.base
  }

  /** Goes by a share of the limit, above 0 and up to 1. What is used stays used. */
  scale(share: number, _at: Time): void {
    this.share = share
  }

  /** How much counts as used now. */
  abstract used(at: Time): number
  /** How long until `amount` can be taken, in whole ms; 0: at once; Infinity: never by itself. */
  protected abstract waitFor(amount: number, at: Time): number
  /**
   * Takes an amount, whether there is room or not. Answers the time it was booked under, for {@link give}.
   *
   * @param slackMs for how long after `at` it may be used. @defaultValue {@link slackMs}
   */
  abstract take(amount: number, at: Time, slackMs?: number): Time
  /** Gives back what was booked at a time, as far as it still counts. */
  abstract give(amount: number, booked: Time, at: Time): void
  /** No more than that is left, says the provider, and all of it is back then. Never gives more room than there was. */
  abstract tighten(remaining: number, resetsAt: Time | null, at: Time): void
  /** When all of it is free again; null when nothing is used. */
  abstract resetsAt(at: Time): Time | null
  /** Whether what is taken now still counts in so many ms. */
  abstract counts(inMs: number, at: Time): boolean
  abstract save(): WindowState

  /** How much could be taken at once. */
  room(at: Time): number {
    return Math.max(0, this.limit - this.used(at))
  }

  /**
   * How long until an amount can be taken beside what is set aside.
   *
   * @param amount undefined where the request did not name the unit: it waits only while the window is spent
   */
  waitMs(amount: number | undefined, at: Time): number {
    if (amount !== undefined) return amount <= 0 ? 0 : this.waitFor(amount + this.reserved, at)
    return this.used(at) < this.capacity * (1 - rounding) ? 0 : this.waitFor(this.capacity * trace, at)
  }

  /** How often `amount` could be taken at once, beside nobody, if each may be used for so long. */
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

/** What a window of another kind, or of the same, takes over as used. */
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
