/** One quota at run time: its windows, its calls in flight, and its provider's answers. Pure: the caller brings the clocks. */

import { longestWaitMs } from '../../validation/arguments.js'
import type { Time } from '../contract/basics.js'
import type { Amounts, QuotaReading, QuotaSettlement, QuotaSpec, QuotaStatus, QuotaWindow } from '../contract/quotas.js'
import { longestSlackMs, type Moment, openWindow, perOf, type QuotaWindowMeter, type WindowState } from './windows/open-window.js'

/** Weight of the latest answer in the health. */
const weight = 0.2

/** Refusals within this time (ms) have the same cause, because their calls were in flight together. */
const sameCauseMs = 5_000

/** A request that waits for a place in flight looks again after this time, unless it is woken before. */
const lookAgainMs = 2_000

const usualMs = { day: 86_400_000, month: 2_678_400_000 } as const

/** The reason of a wait for a place in flight. */
export const inFlight = 'in flight'

/** The stored state of a quota besides its windows. */
export interface QuotaRecord {
  blockedUntil: Time
  retired: { reason: string; at: Time } | null
  health: number
  /** The share of the limits at a time, from which it grows. */
  pace: { share: number; at: Time }
  granted: number
}

export const freshRecord: QuotaRecord = { blockedUntil: 0, retired: null, health: 1, pace: { share: 1, at: 0 }, granted: 0 }

/** The reason and the length of a request's wait. */
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
  /** Places in flight reserved for requests ahead, during one pass through the line. */
  reserved = 0

  constructor(spec: QuotaSpec, record: QuotaRecord, states: ReadonlyMap<string, WindowState>, at: Moment) {
    this.spec = spec
    this.record = record
    // Stored by an earlier version without checks.
    if (!(record.blockedUntil <= at.now + longestWaitMs)) this.unblock()
    const share = this.pace(at)
    this.windows = spec.windows.map((window) => openWindow(window, states.get(`${window.unit}/${perOf(window)}`) ?? null, at, share))
  }

  get name(): string {
    return this.spec.name
  }

  /** The current share of its limits. */
  pace({ now }: Moment): number {
    const { adapt } = this.spec
    if (!adapt) return 1
    const { share, at } = this.record.pace
    return Math.min(1, share + (adapt.increasePerMinute * Math.max(0, now - at)) / 60_000)
  }

  /** How long its grants may be used, in ms, unless the request needs longer. */
  get slackMs(): number {
    return Math.min(longestSlackMs, ...this.windows.map(({ slackMs }) => slackMs))
  }

  /** The longest wait for these amounts, beside reserved ones; null: no wait. */
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

  /** How often these amounts could be taken now, each to be used within `slackMs`. */
  timesNow(amounts: Amounts, at: Moment, slackMs: number): number {
    return Math.min(...this.windows.map((window) => window.timesNow(amounts[window.unit] ?? 0, at[window.clock], slackMs)))
  }

  /** A window that can never grant these amounts, or null. */
  tooSmallFor(amounts: Amounts): QuotaWindowMeter | null {
    return this.windows.find((window) => (amounts[window.unit] ?? 0) > window.capacity) ?? null
  }

  /** Takes the amounts `times` times, to be used within `slackMs`; notes the booked times. */
  take(amounts: Amounts, times: number, at: Moment, slackMs: number, booked: Record<string, Time>): void {
    for (const window of this.windows) {
      const amount = (amounts[window.unit] ?? 0) * times
      const time = at[window.clock]
      // Noted also without an amount: a later settlement is booked from this time on.
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
      // Nothing was taken from a window of a later configuration.
      if (taken !== undefined) window.give(-amount, taken, time)
    }
    const requests = delta.requests ?? 0
    if (requests !== 0) this.record.granted = Math.max(0, this.record.granted + requests)
    this.changed = true
  }

  /**
   * Reserves amounts for a request ahead in line, in the windows where amounts taken now would still count at its turn.
   *
   * @param inMs expected time until its turn
   * @param place whether to reserve a place in flight too
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

  /** Applies the provider's readings; a limit that is lower than the configured one reduces the remaining amount. */
  tighten(readings: readonly QuotaReading[], at: Moment): void {
    for (const reading of readings) {
      const window = this.#windowOf(reading)
      const remaining = reading.remaining
      if (!window || remaining === null) continue
      const time = at[window.clock]
      window.tighten(remaining, reading.resetsInMs === null ? null : time + reading.resetsInMs, time)
    }
  }

  /** The window of a provider's reading: that of its length, or the shortest of its unit if no length is given. */
  #windowOf({ unit, per }: QuotaReading): QuotaWindowMeter | null {
    const own = this.windows.filter((window) => window.unit === unit && window.window.per !== 'ever')
    if (per === null) return own.sort((a, b) => lengthOf(a.window.per) - lengthOf(b.window.per))[0] ?? null
    return own.find((window) => lengthOf(window.window.per) === lengthOf(per)) ?? null
  }

  /** Notes an answer: `refused` because of a limit, `failed` otherwise. */
  answered(outcome: 'ok' | 'refused' | 'failed', at: Moment): void {
    const { record } = this
    const { adapt } = this.spec
    record.health = record.health * (1 - weight) + (outcome === 'ok' ? weight : 0)
    if (record.health > 0.999) record.health = 1
    this.changed = true
    if (outcome !== 'refused' || !adapt || at.now < record.pace.at + sameCauseMs) return
    record.pace = { share: Math.max(adapt.least, this.pace(at) * adapt.decrease), at: at.now }
    // Together with the windows, because a bucket stores its use as a time, which depends on the pace.
    this.#adapt(at)
  }

  /** @returns whether anything changed */
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
    // Times for users are on the wall clock.
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

/** The length of a window; the usual length for a day or a month. */
function lengthOf(per: QuotaWindow['per'] | 'day' | 'month'): number {
  if (typeof per === 'number') return per
  if (per === 'ever') return Number.POSITIVE_INFINITY
  return usualMs[typeof per === 'string' ? per : per.calendar]
}
