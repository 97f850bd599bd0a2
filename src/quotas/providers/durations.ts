/**
 * Durations as providers write them: `6m0s`, `1h2m3.5s`, `120ms` (OpenAI, Groq), `36s`, `36.5s` (Gemini), `16` (seconds, in `retry-after`
 * and Azure's resets).
 */

const unitMs: Readonly<Record<string, number>> = {
  d: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1_000,
  ms: 1,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ns: 1e-6,
}
const form = /^(?:\d+(?:\.\d+)?(?:ms|[uµμn]s|[dhms]))+$/
const part = /(\d+(?:\.\d+)?)(ms|[uµμn]s|[dhms])/g

/** No provider limits by more than a month: a longer duration is a mistake that would block the quota for good. */
const longestMs = 31 * 86_400_000

/** Longer than any written duration; keeps long texts from the patterns. */
const longestText = 60

/**
 * A duration in whole milliseconds, rounded up; null if the text is not a duration or is longer than 31 days. A bare number is
 * seconds.
 *
 * @example
 * parseDuration('1h2m3.5s') // 3_723_500
 */
export function parseDuration(text: unknown): number | null {
  if (typeof text !== 'string' || text.length > longestText) return null
  const plain = text.trim()
  if (/^\d+(\.\d+)?$/.test(plain)) return wholeMs(Number(plain) * 1_000)
  if (!form.test(plain)) return null
  let ms = 0
  for (const [, amount, unit] of plain.matchAll(part)) ms += Number(amount) * (unitMs[unit as string] as number)
  return wholeMs(ms)
}

/** The time from one moment to another in whole milliseconds; 0 if it is past. */
export function until(at: number, from: number): number | null {
  return wholeMs(Math.max(0, at - from))
}

/** Rounds up to whole milliseconds, but ignores rounding errors; null if it is not a duration. */
export function wholeMs(ms: number): number | null {
  // Without the maximum, 0 would become -0.
  return ms >= 0 && ms <= longestMs ? Math.max(0, Math.ceil(ms - 1e-6)) : null
}
