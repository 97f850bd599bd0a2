/**
 * One window of a quota: how much it has room for, how long to wait, what it is after a grant. Pure: the caller brings the clock,
 * and what is to be kept is plain JSON.
 *
 * A grant is used up to its slack after it was given, and no one knows when exactly. So that the provider never counts more than its limit, whenever
 * within that time the call is made, each kind accounts for the latest and the earliest moment. {@link QuotaWindowMeter.slackMs} is what costs
 * little; who needs longer is given longer.
 */
import type { QuotaWindow, Time } from '../store/engine.js'
import { periodOf } from './calendar.js'

/** A grant may be used for so long at most. */
export const longestSlackMs = 250

/** A bucket's time is a fraction of a ms since the epoch, of which a number keeps about four digits. */
const driftMs = 0.01

/** What is short of an amount by no more than such a share is short by rounding only. */
const rounding = 1e-6

/** Such a share of a window counts as the amount where none was said: more than {@link rounding}, so that a spent window is noticed. */
const trace = 1e-5

/** A sliding window is kept in so many steps. */
const steps = 512

/** Of how low a bucket's use has been, no more is remembered. */
const mostLows = 32

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

/** Strict: no span of its length ever holds more than the limit. Kept as a log of what was taken when. */
class SlidingWindow extends QuotaWindowMeter {
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
    // A clock that was set back leaves entries in the future; they were taken by now at the latest.
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
    const little = amount * rounding
    if (missing <= little) return 0
    // The limit is lower than usual for now, and the request is larger: it goes when nothing else does.
    if (this.#sum <= 0 && amount <= this.base && this.share < 1) return 0
    for (const [booked, taken] of this.#log) {
      missing -= taken
      if (missing <= little) return Math.ceil(booked + this.#perMs - at)
    }
    const last = this.#log.at(-1)?.[0] ?? at
    if (amount <= this.base && this.share < 1) return Math.ceil(last + this.#perMs - at)
    // More than the limit is wanted by several together: as many lengths as that takes.
    return Math.ceil(last + this.#perMs * (1 + Math.ceil(missing / this.limit - rounding)) - at)
  }

  /** Booked when it may be used at the latest: it leaves the window no sooner than the provider's. */
  take(amount: number, at: Time, slackMs = this.slackMs): Time {
    this.#drop(at)
    // In order, also where one before may be used for longer.
    const booked = Math.max(at + slackMs, this.#log.at(-1)?.[0] ?? 0)
    this.#add(amount, booked)
    return booked
  }

  give(amount: number, booked: Time, at: Time): void {
    this.#drop(at)
    // What has left the window already gives no room: the entry that is found then is another's.
    if (booked <= at - this.#perMs) return
    const own = this.#log.find(([date]) => date >= booked)
    if (!own) return
    own[1] = Math.max(0, own[1] - amount)
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

  /** An entry only ever moves to a later time, so that the window stays strict, and by no more than a step. */
  #add(amount: number, booked: Time): void {
    const last = this.#log.at(-1)
    if (last && Math.floor(last[0] / this.#stepMs) === Math.floor(booked / this.#stepMs)) {
      last[0] = Math.max(last[0], booked)
      last[1] += amount
    } else {
      this.#log.push([booked, amount])
    }
    this.#sum += amount
    this.changed = true
  }

  #drop(at: Time): void {
    let over = 0
    while (over < this.#log.length && (this.#log[over] as [Time, number])[0] <= at - this.#perMs) over++
    if (over === 0) return
    // Not a change to be saved: whoever reads it later drops the same.
    this.#log.splice(0, over)
    this.#count()
  }

  /** Adding up afresh keeps rounding from piling up. */
  #count(): void {
    this.#sum = sumOf(this.#log)
  }
}

/** A token bucket (GCRA: one number, the time at which the bucket is full again). */
class BucketWindow extends QuotaWindowMeter {
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
    while ((this.#lows.at(-1)?.[1] ?? -1) >= before) this.#lows.pop()
    this.#lows.push([at, before])
    // Two that are next to each other: the lower, for as long as the later was there.
    if (this.#lows.length > mostLows) this.#lows.splice(0, 2, [(this.#lows[1] as [Time, number])[0], (this.#lows[0] as [Time, number])[1]])
    this.#fullAt = Math.max(this.#fullAt, latest) + amount * this.#unitMs
    this.changed = true
    return at
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

/** What was used since local midnight, or since the month began. */
class CalendarWindow extends QuotaWindowMeter {
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

  /** What is granted shortly before the end might be used, and counted, after it. */
  protected waitFor(amount: number, wall: Time): number {
    this.#turn(wall)
    const { end } = periodOf(this.#calendar, this.#timeZone, wall)
    const fits = this.#used + amount <= this.limit * (1 + rounding)
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
   * The next period was begun before the clock was set back: it goes on. One that is further ahead was begun by a clock that was wrong: what was
   * used counts for this one.
   */
  #turn(wall: Time): void {
    const { start, end } = periodOf(this.#calendar, this.#timeZone, wall)
    if (start === this.#start || this.#start === end) return
    if (start > this.#start) this.#used = 0
    this.#start = start
    this.changed = true
  }
}

/** A budget: what was used ever. */
class TotalWindow extends QuotaWindowMeter {
  readonly slackMs = longestSlackMs
  #used: number

  constructor(window: QuotaWindow, state: WindowState | null) {
    super(window)
    this.#used = state && 'used' in state ? state.used : 0
  }

  used(): number {
    return this.#used
  }

  protected waitFor(amount: number): number {
    return this.#used + amount <= this.limit * (1 + rounding) ? 0 : Number.POSITIVE_INFINITY
  }

  take(amount: number, at: Time): Time {
    this.#used += amount
    this.changed = true
    return at
  }

  give(amount: number): void {
    this.#used = Math.max(0, this.#used - amount)
    this.changed = true
  }

  /** A provider knows nothing of our budget. */
  tighten(): void {}

  resetsAt(): null {
    return null
  }

  counts(inMs: number): boolean {
    return Number.isFinite(inMs)
  }

  save(): WindowState {
    return { start: null, used: this.#used }
  }
}

/**
 * A window as its quota is configured, with what is kept of it.
 *
 * @param state null if it was never used; of another kind if the quota was configured anew: what was used then counts as used now
 * @param share the share of the limit that it goes by; calendars and budgets always go by all of it
 */
export function openWindow(window: QuotaWindow, state: WindowState | null, { now, wall }: Moment, share = 1): QuotaWindowMeter {
  const { per } = window
  if (per === 'ever') return new TotalWindow(window, state)
  if (typeof per !== 'number') return new CalendarWindow(window, per.calendar, per.timeZone, state, wall)
  if (window.burst === null) return new SlidingWindow(window, per, state, now, share)
  return new BucketWindow(window, per, window.burst, state, now, share)
}

/** The length of a window in words. */
export function perOf({ per }: Pick<QuotaWindow, 'per'>): string {
  if (per === 'ever') return per
  if (typeof per !== 'number') return `${per.calendar} ${per.timeZone}`
  return lengths.get(per) ?? `${per} ms`
}

function carriedOver(state: WindowState | null, limit: number, perMs: number, at: Time): [at: Time, amount: number][] {
  if (!state) return []
  if ('log' in state) return state.log
  if ('used' in state) return state.used > 0 ? [[at, state.used]] : []
  const amount = perMs === 0 ? 0 : Math.max(0, state.fullAt - at) / (state.unitMs ?? perMs / limit)
  return amount > 0 ? [[at, amount]] : []
}

function sumOf(log: readonly [at: Time, amount: number][]): number {
  return log.reduce((sum, [, amount]) => sum + amount, 0)
}
