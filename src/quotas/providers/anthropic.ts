/**
 * Anthropic's answers: a header for each limit (requests, input tokens, output tokens, and tokens: the most restrictive one), all
 * per minute and refilled continuously, with resets as times of day. 529 means that Anthropic is overloaded; no limit was
 * reached.
 *
 * @see https://platform.claude.com/docs/en/api/rate-limits
 */

import type { Amounts, QuotaReading } from '../../store/contract/quotas.js'
import { asCount, asRecord } from '../../values/fields.js'
import { type HeaderMap, sentAt } from '../../values/headers.js'
import type { Answer } from './answer.js'
import { errorKinds, errorMessage } from './body.js'
import { until } from './durations.js'
import { isSuccess, observeHttp, spentObservation } from './http.js'
import type { Observation } from './observation.js'
import { amounts, total } from './usage.js'

const units = { requests: 'requests', tokens: 'tokens', 'input-tokens': 'inputTokens', 'output-tokens': 'outputTokens' } as const

/**
 * No money: 402, or 429 at the monthly spending limit, or 400 with a message without a code.
 *
 * @see https://www.developersdigest.tech/errors/api/anthropic-api
 */
const spentKinds = ['billing_error', 'enforced_spend_limit_reached']
const spentMessage = /credit balance is too low|reached your specified (workspace )?API usage limits/i

export function observeAnthropic(answer: Answer, now: number): Observation {
  const { headers, body } = answer
  const http = observeHttp(answer, now)
  const kinds = errorKinds(body)
  const observation: Observation = {
    ...http,
    readings: readLimits(headers, sentAt(headers, now)),
    refused: http.refused || kinds.includes('rate_limit_error'),
    keyRejected: http.keyRejected || kinds.includes('authentication_error'),
    used: readUsage(body),
    counted: isSuccess(answer) ? true : null,
  }
  const spent = http.spent || kinds.some((kind) => spentKinds.includes(kind)) || spentMessage.test(errorMessage(body))
  return spent ? spentObservation(observation) : observation
}

function readLimits(headers: HeaderMap, from: number): QuotaReading[] {
  return Object.entries(units).flatMap(([name, unit]) => {
    const limit = asCount(headers.get(`anthropic-ratelimit-${name}-limit`))
    const remaining = asCount(headers.get(`anthropic-ratelimit-${name}-remaining`))
    if (limit === null && remaining === null) return []
    const at = Date.parse(headers.get(`anthropic-ratelimit-${name}-reset`) ?? '')
    return [{ unit, per: 60_000, limit, remaining, resetsInMs: Number.isNaN(at) ? null : until(at, from) }]
  })
}

/** `input_tokens` is without the cache. Tokens written to the cache count as input; for most models, tokens read from it do not. */
function readUsage(body: Record<string, unknown> | null): Amounts | null {
  const usage = asRecord(body?.usage)
  if (!usage) return null
  const inputTokens = total(asCount(usage.input_tokens), asCount(usage.cache_creation_input_tokens))
  const outputTokens = asCount(usage.output_tokens)
  return amounts({ inputTokens, outputTokens, tokens: total(inputTokens, outputTokens) })
}
