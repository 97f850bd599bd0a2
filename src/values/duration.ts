/** A length of time in words. Loaded in every thread: no imports. */

const steps = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
] as const

/**
 * The two largest units: `2 h 5 min`. Below a minute, seconds; below 10 s with a tenth, if it has one.
 *
 * @example
 * duration(600_000) // '10 min'
 */
export function duration(ms: number): string {
  const whole = Math.max(0, ms)
  if (whole < 999.5) return `${Math.round(whole)} ms`
  if (whole < 9_950) return `${Math.round(whole / 100) / 10} s`
  const seconds = Math.round(whole / 1_000) * 1_000
  const at = steps.findIndex(([size]) => seconds >= size)
  const [size, unit] = steps[at] ?? steps[3]
  const first = Math.floor(seconds / size)
  const next = steps[at + 1]
  const rest = next ? Math.floor((seconds % size) / next[0]) : 0
  return next && rest > 0 ? `${first} ${unit} ${rest} ${next[1]}` : `${first} ${unit}`
}
