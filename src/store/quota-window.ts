/**
 * One window of a quota: how much it has room for, how long to wait, what it is after a grant. Pure: the caller brings the clock
 * and keeps the state, which is plain JSON.
 *
 * Three kinds: strict sliding windows (a log of what was taken when), token buckets (GCRA: one number, the time at which the
 * bucket is full again), and calendar windows (a count since midnight).
 */
import { periodOf } from './calendar.js'
import type { QuotaSpec, QuotaWindow, Time } from './engine.js'

/** When a token bucket's size is given, it is one of calls: windows of other units stay strict. */
const burstUnit = 'requests'

const lengths = new Map([
  [1_000, 'second'],
  [60_000, 'minute'],
  [3_600_000, 'hour'],
])

/** A bucket's time is a fraction of a ms since the epoch, of which a number keeps about four digits. */
const slackMs = 0.01

/** What is short of an amount by no more than such a share is short by rounding only. */
const rounding = 1e-6

/** A log may have so many entries before those that are close together are merged. */
const longestLog = 1024

export type WindowState =
  /** What was taken and when, oldest first. */
  | { log: [at: Time, amount: number][] }
  /** When the bucket is full again ("theoretical arrival time"). */
  | { fullAt: Time }
  /** What was taken since the period's start. */
  | { start: Time; used: number }

/** A window as its quota makes it work. */
export type WindowRule =
  | { kind: 'sliding'; label: string; unit: string; limit: number; perMs: number }
  | { kind: 'bucket'; label: string; unit: string; limit: number; perMs: number; size: number }
  | { kind: 'calendar'; label: string; unit: string; limit: number; calendar: 'day' | 'month'; timeZone: string }

/** The rules of a quota's windows; each label names its window within the quota. */
export function rulesOf(spec: QuotaSpec): WindowRule[] {
  return spec.windows.map((window) => {
    const { unit, limit, per } = window
    const label = labelOf(window)
    if (typeof per !== 'number') return { kind: 'calendar', label, unit, limit, calendar: per.calendar, timeZone: per.timeZone }
    if (spec.burst === null || unit !== burstUnit) return { kind: 'sliding', label, unit, limit, perMs: per }
    return { kind: 'bucket', label, unit, limit, perMs: per, size: spec.burst }
  })
}

/** The length of a window in words. */
export function perOf({ per }: QuotaWindow): string {
  if (typeof per !== 'number') return `${per.calendar} ${per.timeZone}`
  return lengths.get(per) ?? `${per} ms`
}

function labelOf(window: QuotaWindow): string {
  return `${window.unit}/${perOf(window)}`
}

/** The most a single grant can ever be. */
export function capacity(rule: WindowRule): number {
  return rule.kind === 'bucket' ? rule.size : rule.limit
}

/**
 * The state as of now: what is over is dropped. `stored` may be null (never used) or of another kind (the quota was configured
 * anew): what was used then counts as used now.
 */
export function current(rule: WindowRule, stored: WindowState | null, now: Time): WindowState {
  if (rule.kind === 'sliding') {
    const log = stored && 'log' in stored ? stored.log : carriedOver(stored, rule, now)
    // A clock that was set back leaves entries in the future; they were taken by now at the latest.
    return { log: log.filter(([at]) => at > now - rule.perMs).map(([at, amount]) => [Math.min(at, now), amount]) }
  }
  if (rule.kind === 'bucket') {
    const perUnit = rule.perMs / rule.limit
    // A bucket is overdrawn by one window at most, also after the clock was set back.
    if (stored && 'fullAt' in stored) return { fullAt: Math.min(Math.max(stored.fullAt, now), now + rule.size * perUnit + rule.perMs) }
    return { fullAt: now + Math.min(rule.size, sum(carriedOver(stored, rule, now))) * perUnit }
  }
  const { start } = periodOf(rule.calendar, rule.timeZone, now)
  // A period still to come was begun before the clock was set back: it goes on.
  if (stored && 'start' in stored) return stored.start >= start ? stored : { start, used: 0 }
  return { start, used: sum(carriedOver(stored, rule, now)) }
}

/** How often `amount` could be taken at once. Not 0 exactly where {@link waitMs} is 0. */
export function timesNow(rule: WindowRule, state: WindowState, amount: number, now: Time): number {
  return amount <= 0 ? Number.POSITIVE_INFINITY : Math.floor(room(rule, state, now) / amount + rounding)
}

/** How much could be taken at once. `state` as {@link current} gave it. */
export function room(rule: WindowRule, state: WindowState, now: Time): number {
  return Math.max(0, capacity(rule) - used(rule, state, now))
}

/** How much counts as used now. */
export function used(rule: WindowRule, state: WindowState, now: Time): number {
  if ('log' in state) return sum(state.log)
  if ('fullAt' in state) return Math.max(0, state.fullAt - now - slackMs) / (rule.kind === 'bucket' ? rule.perMs / rule.limit : 1)
  return state.used
}

/** How long until `amount` can be taken, in whole ms; 0: at once. The amount must not exceed {@link capacity}. */
export function waitMs(rule: WindowRule, state: WindowState, amount: number, now: Time): number {
  if (amount <= 0) return 0
  if (timesNow(rule, state, amount, now) >= 1) return 0
  let missing = amount - room(rule, state, now)
  if (rule.kind === 'bucket') return Math.ceil((missing * rule.perMs) / rule.limit)
  if (rule.kind === 'calendar') return periodOf(rule.calendar, rule.timeZone, now).end - now
  if ('log' in state) {
    // More may be in use than the limit allows: a settled grant took more than it had asked for.
    missing = amount - (rule.limit - sum(state.log))
    for (const [at, taken] of state.log) {
      missing -= taken
      if (missing <= amount * rounding) return at + rule.perMs - now
    }
  }
  return rule.perMs
}

/** The state after `amount` was taken; a negative amount is given back. */
export function taken(rule: WindowRule, state: WindowState, amount: number, now: Time): WindowState {
  if (amount === 0) return state
  if ('log' in state) return { log: amount > 0 ? added(rule, state.log, amount, now) : reduced(state.log, -amount) }
  if ('fullAt' in state) {
    const perUnit = rule.kind === 'bucket' ? rule.perMs / rule.limit : 1
    return { fullAt: Math.max(now, state.fullAt + amount * perUnit) }
  }
  return { start: state.start, used: Math.max(0, state.used + amount) }
}

/** When all of it is free again; null when nothing is used. */
export function resetsAt(rule: WindowRule, state: WindowState, now: Time): Time | null {
  if (used(rule, state, now) <= 0) return null
  if ('fullAt' in state) return Math.ceil(state.fullAt)
  if ('log' in state) return (state.log.at(-1)?.[0] ?? now) + (rule.kind === 'sliding' ? rule.perMs : 0)
  return rule.kind === 'calendar' ? periodOf(rule.calendar, rule.timeZone, now).end : now
}

type Log = [at: Time, amount: number][]

function added(rule: WindowRule, log: Log, amount: number, now: Time): Log {
  const last = log.at(-1)
  const longer: Log = last && last[0] === now ? [...log.slice(0, -1), [now, last[1] + amount]] : [...log, [now, amount]]
  if (longer.length <= longestLog || rule.kind !== 'sliding') return longer
  // An entry only ever moves to a later time, so that the window stays strict.
  const width = (2 * rule.perMs) / longestLog
  const merged: Log = []
  for (const [at, part] of longer) {
    const previous = merged.at(-1)
    if (previous && Math.floor(previous[0] / width) === Math.floor(at / width)) merged[merged.length - 1] = [at, previous[1] + part]
    else merged.push([at, part])
  }
  return merged
}

/** Gives back from the oldest entries: today's sum is right, and no later window counts less than was taken in it. */
function reduced(log: Log, amount: number): Log {
  let left = amount
  const rest: Log = []
  for (const [at, part] of log) {
    const back = Math.min(left, part)
    left -= back
    if (part > back) rest.push([at, part - back])
  }
  return rest
}

function carriedOver(stored: WindowState | null, rule: WindowRule, now: Time): Log {
  if (!stored) return []
  if ('log' in stored) return stored.log
  if ('used' in stored) return stored.used > 0 ? [[now, stored.used]] : []
  const amount = rule.kind === 'calendar' ? 0 : (Math.max(0, stored.fullAt - now) * rule.limit) / rule.perMs
  return amount > 0 ? [[now, amount]] : []
}

function sum(log: Log): number {
  let total = 0
  for (const [, amount] of log) total += amount
  return total
}
