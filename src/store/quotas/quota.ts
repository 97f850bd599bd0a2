/** One quota at work: its windows, what is in flight, and what its provider said of it. Pure: the caller brings the clocks. */

import { longestWaitMs } from '../../validation/arguments.js'
import type { Time } from '../contract/basics.js'
import type { Amounts, QuotaReading, QuotaSettlement, QuotaSpec, QuotaStatus, QuotaWindow } from '../contract/quotas.js'
import { longestSlackMs, type Moment, openWindow, perOf, type QuotaWindowMeter, type WindowState } from './windows/open-window.js'

/** How much the latest answer weighs in the health. */
const weight = 0.2

/** Refusals that come within so many ms of each other have one cause: calls that were under way. */
const sameCauseMs = 5_000

/** Who waits for one that is in flight looks again after so long, unless it is told before. */
const lookAgainMs = 2_000

const usualMs = { day: 86_400_000, month: 2_678_400_000 } as const

/** What keeps back who waits for that. */
export const inFlight = 'in flight'

/** What is kept of a quota besides its windows. */
export interface QuotaRecord {
  blockedUntil: Time
  retired: { reason: string; at: Time } | null
  health: number
  /** The share of the limits at a time; it grows from there. */
  pace: { share: number; at: Time }
  granted: number
}

export const freshRecord: QuotaRecord = { blockedUntil: 0, retired: null, health: 1, pace: { share: 1, at: 0 }, granted: 0 }

/** What keeps a request back. */
export interface QuotaWait {
  quota: string
  /** A window's label, or `blocked`, `in flight`. */
  window: string
  inMs: number
}

export class Quota {
  readonly spec: QuotaSpec
  readonly windows: QuotaWindowMeter[]
  record: QuotaRecord
  /** Whether the record has changed since it was saved. */
  changed = false
  inFlight = 0
  /** Places in flight that are set aside for those ahead in line, during one look at it. */
  reserved = 0

  constructor(spec: QuotaSpec, record: QuotaRecord, states: ReadonlyMap<string, WindowState>, at: Moment) {
    this.spec = spec
    this.record = record
    // Kept by an earlier version, which checked nothing.
    if (!(record.blockedUntil <= at.now + longestWaitMs)) this.unblock()
    const share = this.pace(at)
    this.windows = spec.windows.map((window) => openWindow(window, states.get(`${window.unit}/${perOf(window)}`) ?? null, at, share))
  }

  get name(): string {
    return this.spec.name
  }

  /** The share of its limits that it goes by now. */
  pace({ now }: Moment): number {
    const { adapt } = this.spec
    if (!adapt) return 1
    const { share, at } = this.record.pace
    return Math.min(1, share + (adapt.increasePerMinute * Math.max(0, now - at)) / 60_000)
  }

  /** How long its grants may be used, in ms, unless whoever asks needs longer. */
  get slackMs(): number {
    return Math.min(longestSlackMs, ...this.windows.map(({ slackMs }) => slackMs))
  }

  /** What keeps these amounts back longest, beside what is set aside; null: nothing does. */
  wait(amounts: Amounts, at: Moment): QuotaWait | null {
    const longest: QuotaWait = { quota: this.name, window: '', inMs: 0 }
    const consider = (window: string, inMs: number): void => {
      if (inMs > longest.inMs) Object.assign(longest, { window, inMs })
    }
    consider('blocked', this.record.blockedUntil - at.now)
    const { concurrency } = this.spec
    if (concurrency !== null && this.inFlight + this.reserved >= concurrency) consider(inFlight, lookAgainMs)
    this.#adapt(at)
    for (const window of this.windows) consider(window.label, window.waitMs(amounts[window.unit], at[window.clock]))
    return longest.inMs > 0 ? longest : null
  }

  /** How often these amounts could be taken at once, each to be used within so many ms. */
  timesNow(amounts: Amounts, at: Moment, slackMs: number): number {
    return Math.min(...this.windows.map((window) => window.timesNow(amounts[window.unit] ?? 0, at[window.clock], slackMs)))
  }

  /** The window that can never grant these amounts, if there is one. */
  tooSmallFor(amounts: Amounts): QuotaWindowMeter | null {
    return this.windows.find((window) => (amounts[window.unit] ?? 0) > window.capacity) ?? null
  }

  /** Takes the amounts so many times, to be used within so many ms; notes under which times. */
  take(amounts: Amounts, times: number, at: Moment, slackMs: number, booked: Record<string, Time>): void {
    for (const window of this.windows) {
      const amount = (amounts[window.unit] ?? 0) * times
      const time = at[window.clock]
      // Also where nothing is taken yet: what is settled later, and corrected then, is given back from here on.
      booked[`${this.name} ${window.label}`] = amount > 0 ? window.take(amount, time, slackMs) : time
    }
    this.record.granted += (amounts.requests ?? 0) * times
    this.changed = true
  }

  settle({ delta, booked }: Pick<QuotaSettlement, 'delta' | 'booked'>, at: Moment): void {
    for (const window of this.windows) {
      const amount = delta[window.unit] ?? 0
      const time = at[window.clock]
      if (amount > 0) window.take(amount, time)
      if (amount >= 0) continue
      const taken = booked[`${this.name} ${window.label}`]
      // A window that came with a later configuration was taken nothing from.
      if (taken !== undefined) window.give(-amount, taken, time)
    }
    const requests = delta.requests ?? 0
    if (requests !== 0) this.record.granted = Math.max(0, this.record.granted + requests)
    this.changed = true
  }

  /**
   * Sets amounts aside for one who is ahead in line, in the windows where what others take now would still count when that one can go.
   *
   * @param inMs how long until then, by what is known now
   * @param place whether a place in flight is set aside too
   */
  reserve(amounts: Amounts, inMs: number, place: boolean, at: Moment): void {
    for (const window of this.windows) {
      const amount = amounts[window.unit] ?? 0
      if (amount > 0 && window.counts(inMs, at[window.clock])) window.reserved += amount
    }
    if (place) this.reserved++
  }

  unreserve(): void {
    this.reserved = 0
    for (const window of this.windows) window.reserved = 0
  }

  block(forMs: number, { now }: Moment): void {
    const until = Math.ceil(now + forMs)
    if (until <= this.record.blockedUntil) return
    this.record.blockedUntil = until
    this.changed = true
  }

  unblock(): void {
    if (this.record.blockedUntil === 0) return
    this.record.blockedUntil = 0
    this.changed = true
  }

  /** Takes in what the provider said of its limits; a limit of its own that is lower than ours leaves as much less. */
  tighten(readings: readonly QuotaReading[], at: Moment): void {
    for (const reading of readings) {
      const window = this.#windowOf(reading)
      const remaining = reading.remaining
      if (!window || remaining === null) continue
      const time = at[window.clock]
      window.tighten(remaining, reading.resetsInMs === null ? null : time + reading.resetsInMs, time)
    }
  }

  /** The window that a provider means: of that length, or the shortest of its unit where it does not say. */
  #windowOf({ unit, per }: QuotaReading): QuotaWindowMeter | null {
    const own = this.windows.filter((window) => window.unit === unit && window.window.per !== 'ever')
    if (per === null) return own.sort((a, b) => lengthOf(a.window.per) - lengthOf(b.window.per))[0] ?? null
    return own.find((window) => lengthOf(window.window.per) === lengthOf(per)) ?? null
  }

  /** How an answer was: `refused` because of a limit, `failed` otherwise. */
  answered(outcome: 'ok' | 'refused' | 'failed', at: Moment): void {
    const { record } = this
    const { adapt } = this.spec
    record.health = record.health * (1 - weight) + (outcome === 'ok' ? weight : 0)
    if (record.health > 0.999) record.health = 1
    this.changed = true
    if (outcome !== 'refused' || !adapt || at.now < record.pace.at + sameCauseMs) return
    record.pace = { share: Math.max(adapt.least, this.pace(at) * adapt.decrease), at: at.now }
    // Together with it: what a bucket has in use is kept as a time, which goes by the pace.
    this.#adapt(at)
  }

  /** Answers whether anything changed. */
  retire(reason: string | null, { wall }: Moment): boolean {
    if ((reason === null) === (this.record.retired === null)) return false
    this.record.retired = reason === null ? null : { reason, at: wall }
    if (reason === null) this.record.health = 1
    this.changed = true
    return true
  }

  /** @param wait what one request would wait now */
  status(at: Moment, wait: QuotaWait | null, waiting: number): Omit<QuotaStatus, 'backlogAt'> {
    this.#adapt(at)
    const { record, spec } = this
    // Users read times by the wall clock.
    const ahead = at.wall - at.now
    return {
      name: this.name,
      windows: this.windows.map((window) => {
        const reset = window.resetsAt(at[window.clock])
        return {
          unit: window.unit,
          per: perOf(window.window),
          limit: window.limit,
          burst: window.window.burst,
          used: Math.ceil(window.used(at[window.clock]) * 1e6 - 1e-3) / 1e6,
          resetsAt: reset === null || window.clock === 'wall' ? reset : reset + ahead,
        }
      }),
      within: spec.within,
      waitMs: wait?.inMs ?? 0,
      waitsFor: wait?.window ?? null,
      blockedUntil: record.blockedUntil > at.now ? record.blockedUntil + ahead : null,
      inFlight: this.inFlight,
      concurrency: spec.concurrency,
      waiting,
      retired: record.retired,
      health: Math.round(record.health * 1_000) / 1_000,
      pace: this.pace(at),
      granted: record.granted,
    }
  }

  #adapt(at: Moment): void {
    if (!this.spec.adapt) return
    const share = this.pace(at)
    for (const window of this.windows) if (window.clock === 'now') window.scale(share, at.now)
  }
}

/** How long a window is, a day or a month by its usual length. */
function lengthOf(per: QuotaWindow['per'] | 'day' | 'month'): number {
  if (typeof per === 'number') return per
  if (per === 'ever') return Number.POSITIVE_INFINITY
  return usualMs[typeof per === 'string' ? per : per.calendar]
}
