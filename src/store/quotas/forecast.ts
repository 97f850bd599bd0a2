/** When a number of tasks could be done, by the limits alone: the amount that each window has now, then its rate, day by day. */

import { periodOf } from '../../time/calendar.js'
import type { Time } from '../contract/basics.js'
import type { Amounts } from '../contract/quotas.js'
import type { Quota } from './quota.js'
import { rounding } from './windows/meter.js'
import type { Moment } from './windows/open-window.js'

/** The most periods to look ahead. */
const mostPeriods = 4_000

/** A limit by the calendar, in tasks. */
interface Allowance {
  left: number
  limit: number
  end: Time
  calendar: 'day' | 'month'
  timeZone: string
}

/** A limit that moves with time, in tasks. */
interface Rate {
  perMs: number
  atOnce: number
  /** The largest amount available after a pause. */
  afterPause: number
}

/**
 * @param scopes a quota and all quotas that it is within
 * @param amounts the amounts of each task
 * @returns ms since the epoch on the wall clock; null: a budget is spent before, or it is too far ahead
 */
export function backlogAt(scopes: readonly Quota[], amounts: Amounts, tasks: number, at: Moment): Time | null {
  const allowances: Allowance[] = []
  const rates: Rate[] = []
  for (const quota of scopes) {
    for (const window of quota.windows) {
      const amount = amounts[window.unit] ?? 0
      const { per } = window.window
      if (amount <= 0) continue
      const left = window.room(at[window.clock]) / amount
      // Rounding must not move a task to another period.
      const whole = left + rounding
      if (per === 'ever') {
        if (whole < tasks) return null
      } else if (typeof per === 'number') {
        rates.push({ perMs: window.limit / per / amount, atOnce: left, afterPause: window.capacity / amount })
      } else {
        const { end } = periodOf(per.calendar, per.timeZone, at.wall)
        allowances.push({ left: whole, limit: window.limit / amount + rounding, end, calendar: per.calendar, timeZone: per.timeZone })
      }
    }
  }
  const blocked = Math.max(0, ...scopes.map(({ record }) => record.blockedUntil - at.now))
  let now = at.wall + blocked
  let left = tasks
  for (let period = 0; period < mostPeriods; period++) {
    const end = Math.min(Number.POSITIVE_INFINITY, ...allowances.map((allowance) => allowance.end))
    const during = Math.max(0, end - now)
    const most = Math.min(
      ...allowances.map((allowance) => allowance.left),
      ...rates.map(({ atOnce, perMs }) => (during === 0 ? atOnce : atOnce + perMs * during)),
    )
    if (left <= most) return Math.ceil(now + Math.max(0, ...rates.map(({ atOnce, perMs }) => (left - atOnce) / perMs)))
    left -= most
    now = end
    for (const rate of rates) rate.atOnce = Math.min(rate.afterPause, rate.atOnce + rate.perMs * during - most)
    for (const allowance of allowances) {
      allowance.left -= most
      if (allowance.end > end) continue
      allowance.left = allowance.limit
      allowance.end = periodOf(allowance.calendar, allowance.timeZone, end).end
    }
  }
  return null
}
