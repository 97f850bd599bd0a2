import { type HeaderMap, sentAt } from '../../values/headers.js'
import { parseDuration, until, wholeMs } from './durations.js'

/** The wait that an answer asks for, in ms; null: none. Read from `retry-after-ms` (OpenAI, Azure), or `retry-after` in seconds or as a date. */
export function retryAfterMs(headers: HeaderMap, now: number): number | null {
  const ms = headers.get('retry-after-ms')?.trim() ?? ''
  if (/^\d+(\.\d+)?$/.test(ms)) return wholeMs(Number(ms))
  const after = headers.get('retry-after')
  if (after === undefined) return null
  const at = /[a-z]{3}, /i.test(after) ? Date.parse(after) : Number.NaN
  return Number.isNaN(at) ? parseDuration(after) : until(at, sentAt(headers, now))
}
