/**
 * Answers of OpenAI and of compatible providers.
 *
 * Its headers have limit, remaining amount and reset of requests and of tokens, but not the window: an account with a limit per
 * minute and one per day gets only one set of headers for each. So the window is null, unless the message of a refusal names it.
 *
 * @see https://developers.openai.com/api/docs/guides/rate-limits
 * @see https://developers.openai.com/docs/guides/error-codes
 */

import type { QuotaReading } from '../../store/contract/quotas.js'
import { asCount } from '../../values/fields.js'
import type { HeaderMap } from '../../values/headers.js'
import type { Answer } from './answer.js'
import { errorKinds, errorMessage } from './body.js'
import { parseDuration } from './durations.js'
import { isSuccess, observeHttp, spentObservation } from './http.js'
import { readLimitMessage } from './limit-message.js'
import type { Observation } from './observation.js'
import { usageOf } from './usage.js'

/**
 * No money: all come as 429, and "retrying billing, spend or quota errors" does not help.
 *
 * @see https://help.openai.com/en/articles/6614457-troubleshooting-api-usage-and-spend-limits
 */
const spentKinds = new Set([
  'insufficient_quota',
  'credit_balance_exhausted',
  'organization_spend_limit_exceeded',
  'project_spend_limit_exceeded',
  'organization_usage_limit_exceeded',
  'billing_hard_limit_reached',
  'billing_not_active',
])
const keyKinds = new Set(['invalid_api_key', 'expired_api_key', 'account_deactivated'])

export function observeOpenai(answer: Answer, now: number): Observation {
  const { headers, body } = answer
  const http = observeHttp(answer, now)
  const kinds = errorKinds(body)
  const said = readLimitMessage(errorMessage(body))
  const refused = http.refused || kinds.includes('rate_limit_exceeded')
  const observation: Observation = {
    ...http,
    readings: withReading(readRateLimits(headers, { requests: null, tokens: null }), said.reading),
    refused,
    retryAfterMs: http.retryAfterMs ?? (refused ? said.retryAfterMs : null),
    keyRejected: http.keyRejected || kinds.some((kind) => keyKinds.has(kind)),
    used: usageOf(body),
    // "Unsuccessful requests contribute to your per-minute limit": https://help.openai.com/en/articles/5955604
    counted: isSuccess(answer) || refused ? true : null,
  }
  return http.spent || kinds.some((kind) => spentKinds.has(kind)) ? spentObservation(observation) : observation
}

/** `x-ratelimit-{limit,remaining,reset}-{requests,tokens}`, each with the window that its unit has at that provider. */
export function readRateLimits(headers: HeaderMap, windows: Record<'requests' | 'tokens', QuotaReading['per']>): QuotaReading[] {
  return (['requests', 'tokens'] as const).flatMap((unit) => {
    const limit = asCount(headers.get(`x-ratelimit-limit-${unit}`))
    const remaining = asCount(headers.get(`x-ratelimit-remaining-${unit}`))
    if (limit === null && remaining === null) return []
    return [{ unit, per: windows[unit], limit, remaining, resetsInMs: parseDuration(headers.get(`x-ratelimit-reset-${unit}`)) }]
  })
}

/** The message names the window, so its reading replaces a header's reading of the same limit. */
export function withReading(readings: QuotaReading[], reading: QuotaReading | null): QuotaReading[] {
  if (!reading) return readings
  const same = readings.findIndex(
    ({ unit, per, limit }) => unit === reading.unit && (per === reading.per || (per === null && limit === reading.limit)),
  )
  if (same === -1) return [...readings, reading]
  return readings.map((other, index) =>
    index === same ? { ...other, per: reading.per, remaining: other.remaining ?? reading.remaining } : other,
  )
}
