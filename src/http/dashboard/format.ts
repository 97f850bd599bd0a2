/** Numbers, times and names for people. Pure. */

const grouped = new Intl.NumberFormat('en', { maximumFractionDigits: 1 })
const units = ['B', 'kB', 'MB', 'GB', 'TB']

/** 12,345.6 */
export const number = (value: number | null | undefined): string => (value == null || !Number.isFinite(value) ? '–' : grouped.format(value))

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

/** The two largest units: 2 h 5 min. Below a minute, seconds; below 10 s with a tenth. */
export function duration(ms: number): string {
  const whole = Math.max(0, ms)
  if (whole < 1_000) return `${Math.round(whole)} ms`
  if (whole < 9_950) return `${(whole / 1_000).toFixed(1)} s`
  const seconds = Math.round(whole / 1_000) * 1_000
  const at = steps.findIndex(([size]) => seconds >= size)
  const [size, unit] = steps[at] ?? steps[3]
  const first = Math.floor(seconds / size)
  const next = steps[at + 1]
  const rest = next ? Math.floor((seconds % size) / next[0]) : 0
  return next && rest > 0 ? `${first} ${unit} ${rest} ${next[1]}` : `${first} ${unit}`
}

/** `3 min ago`, `in 2 h`, `now`. Coarse: one unit. */
export function ago(at: number, now: number): string {
  const distance = Math.abs(now - at)
  if (distance < 1_500) return 'now'
  const [size, unit] = steps.find(([step]) => distance >= step) ?? [1_000, 's']
  const text = `${Math.floor(distance / size)} ${unit}`
  return at > now ? `in ${text}` : `${text} ago`
}

/** Date and time to the second, in the reader's time zone. */
export const absolute = (at: number): string => new Date(at).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'medium' })

/** 14:03:59 */
export const clock = (at: number): string => new Date(at).toLocaleTimeString('en-GB')

export const plural = (n: number, one: string, many = `${one}s`): string => `${number(n)} ${n === 1 ? one : many}`
