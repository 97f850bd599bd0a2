/**
 * Bounds of a calendar day or month in a time zone, in ms since the epoch. Days are 23, 24 or 25 hours long where clocks change,
 * some have no midnight, and one island skipped a whole day, so the bounds are searched, not computed.
 */

/** From `start`, up to but without `end`. */
export interface Period {
  start: number
  end: number
}

const hour = 3_600_000
/** Longer than any such period can be, clock changes included. */
const longest = { day: 49 * hour, month: 33 * 24 * hour }

const formats = new Map<string, Intl.DateTimeFormat>()
const latest = new Map<string, Period>()

/**
 * The day or month that `at` is in.
 *
 * @throws RangeError if there is no such time zone
 * @example
 * periodOf('day', 'America/Los_Angeles', Date.UTC(2025, 2, 9, 12)) // 23 hours long: clocks go forward that day
 */
export function periodOf(unit: 'day' | 'month', timeZone: string, at: number): Period {
  const name = `${unit} ${timeZone}`
  const known = latest.get(name)
  if (known && at >= known.start && at < known.end) return known
  const label = (time: number): string => labelOf(unit, timeZone, time)
  const here = label(at)
  const period = {
    start: firstWhere(at - longest[unit], at, (time) => label(time) === here),
    end: firstWhere(at, at + longest[unit], (time) => label(time) !== here),
  }
  latest.set(name, period)
  return period
}

/** The local date as text: equal within a period, different outside. */
function labelOf(unit: 'day' | 'month', timeZone: string, at: number): string {
  const name = `${unit} ${timeZone}`
  let format = formats.get(name)
  if (!format) {
    const parts: Intl.DateTimeFormatOptions = { year: 'numeric', month: 'numeric', ...(unit === 'day' && { day: 'numeric' }) }
    format = new Intl.DateTimeFormat('en-US', { timeZone, calendar: 'gregory', ...parts })
    formats.set(name, format)
  }
  return format.format(at)
}

/**
 * The first time after `from`, up to `to`, at which `holds` is true. It must be false at `from`, true at `to`, and change once in
 * between.
 */
function firstWhere(from: number, to: number, holds: (time: number) => boolean): number {
  let low = from
  let high = to
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (holds(middle)) high = middle
    else low = middle
  }
  return high
}
