/** Numbers, times and names for people: of all that the dashboard says. Pure. */
import { number as grouped, plural } from '../../values/count.js'
import { duration } from '../../values/duration.js'

export { duration, plural }

const units = ['B', 'kB', 'MB', 'GB', 'TB']

/** 12,345.6 */
export const number = (value: number | null | undefined): string => (value == null || !Number.isFinite(value) ? '–' : grouped(value))

/** 12.3 k, for where there is little room. */
export function short(value: number): string {
  if (Math.abs(value) < 10_000) return number(Math.round(value * 10) / 10)
  const [by, unit] = Math.abs(value) < 1_000_000 ? [1_000, 'k'] : Math.abs(value) < 1_000_000_000 ? [1_000_000, 'M'] : [1_000_000_000, 'G']
  return `${(value / (by as number)).toFixed(1)} ${unit}`
}

export function bytes(value: number | null | undefined): string {
  if (value == null) return '–'
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, value)) / 3))
  return `${(value / 1_000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`
}

/** `0.4 ms`, `1.3 s`: where a tenth of a millisecond counts. */
export const milliseconds = (ms: number | null): string => (ms === null ? '–' : ms < 9.95 ? `${Math.round(ms * 10) / 10} ms` : duration(ms))

/** 0.5 -> 50 %. Never 100 % before all is done, never 0 % once something is. */
export function percent(share: number): string {
  if (!Number.isFinite(share) || share <= 0) return '0 %'
  if (share >= 1) return '100 %'
  const of100 = share * 100
  if (of100 < 1) return '< 1 %'
  return `${Math.min(99, Math.round(of100))} %`
}

const steps = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
] as const

/** `3 min ago`, `in 2 h`, `now`. Coarse: one unit. */
export function ago(at: number, now: number): string {
  const distance = Math.abs(now - at)
  if (distance < 1_500) return 'now'
  const [size, unit] = steps.find(([step]) => distance >= step) ?? [1_000, 's']
  const text = `${Math.floor(distance / size)} ${unit}`
  return at > now ? `in ${text}` : `${text} ago`
}

/** Of something that is expected: `in 2 h`, or `now` once it is due. */
export const ahead = (at: number, now: number): string => ago(Math.max(at, now), now)

/** The time zone of all times that are shown: the reader's. */
export const timeZone = (): string => new Intl.DateTimeFormat().resolvedOptions().timeZone

/** Date and time to the second, with the time zone: `28 Nov 2026, 14:03:59 UTC`. */
export const absolute = (at: number): string => new Date(at).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'long' })

/** 14:03:59, in the same zone. */
export const clock = (at: number): string => new Date(at).toLocaleTimeString('en-GB')

const stamp = /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g

/** A text of the server as it is shown: its moments, which are in UTC, are told like all others. */
export const told = (text: string): string => text.replace(stamp, (moment) => absolute(Date.parse(moment)))
