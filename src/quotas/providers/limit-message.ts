/**
 * Reads the message of a refusal by OpenAI or Groq: "... on tokens per day (TPD): Limit 100000, Used 97050, Requested 3619.
 * Please try again in 9m38.016s." It names the window, which the headers do not, and for Groq it is the only sign of tokens per
 * day. Some refusals of OpenAI have no headers at all (https://github.com/openai/openai-node/issues/1477).
 */

import type { QuotaReading } from '../../store/contract/quotas.js'
import { asCount } from '../../values/fields.js'
import { parseDuration } from './durations.js'

const units: Readonly<Record<string, string>> = {
  requests: 'requests',
  tokens: 'tokens',
  'input tokens': 'inputTokens',
  'output tokens': 'outputTokens',
}
const windows: Readonly<Record<string, number | 'day'>> = { min: 60_000, minute: 60_000, hour: 3_600_000, day: 'day' }

const limitOf = /\bon (requests|(?:input |output )?tokens) per (min|minute|hour|day)\b[^:]{0,20}: Limit (\d+)(?:, Used (\d+))?/i
const tryAgain = /\btry again in (\d[\d.a-zµμ]{0,40}[a-zµμ])\b/i

/** Only the beginning of a long text is searched. */
const longest = 2_000

export function readLimitMessage(message: string): { reading: QuotaReading | null; retryAfterMs: number | null } {
  const text = message.slice(0, longest)
  const retryAfterMs = parseDuration(tryAgain.exec(text)?.[1])
  const [, unit = '', per = '', limitText, usedText] = limitOf.exec(text) ?? []
  const limit = asCount(limitText)
  const used = asCount(usedText)
  if (limit === null) return { reading: null, retryAfterMs }
  return {
    reading: {
      unit: units[unit.toLowerCase()] as string,
      per: windows[per.toLowerCase()] as number | 'day',
      limit,
      remaining: used === null ? null : Math.max(0, limit - used),
      resetsInMs: null,
    },
    retryAfterMs,
  }
}
