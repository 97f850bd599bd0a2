/**
 * Gemini's answers: no headers; a refusal lists in its body which quotas were violated (`QuotaFailure`) and when to come back
 * (`RetryInfo`). The delay is for a minute limit even if a day limit is used up, so it is ignored then.
 *
 * @see https://ai.google.dev/gemini-api/docs/rate-limits
 * @see https://github.com/googleapis/googleapis/blob/master/google/rpc/error_details.proto
 */

import type { Amounts, QuotaReading } from '../../store/contract/quotas.js'
import { asCount, asRecord, asText } from '../../values/fields.js'
import type { Answer } from './answer.js'
import { errorIn, errorKinds, errorMessage } from './body.js'
import { parseDuration } from './durations.js'
import { isSuccess, observeHttp, spentObservation } from './http.js'
import type { Observation } from './observation.js'
import { amounts, total } from './usage.js'

type Details = Record<string, unknown>[]

/** No money: a 429 like any other, recognised only by its message. */
const spentMessage = /prepayment credits are depleted/i

export function observeGemini(answer: Answer, now: number): Observation {
  const http = observeHttp(answer, now)
  const details = detailsIn(answer.body)
  const delayMs = parseDuration(ofType(details, 'RetryInfo').map(({ retryDelay }) => retryDelay)[0])
  const readings = readViolations(details, delayMs)
  const longer = readings.some(({ per }) => per === 'day' || per === 'month')
  const observation: Observation = {
    ...http,
    readings,
    refused: http.refused || errorKinds(answer.body).includes('RESOURCE_EXHAUSTED'),
    retryAfterMs: longer ? null : (http.retryAfterMs ?? delayMs),
    // An invalid key gets a 400.
    keyRejected: http.keyRejected || ofType(details, 'ErrorInfo').some(({ reason }) => /^API_KEY_|^CONSUMER_/.test(asText(reason) ?? '')),
    used: readUsage(answer.body),
    counted: isSuccess(answer) ? true : null,
  }
  return http.spent || spentMessage.test(errorMessage(answer.body)) ? spentObservation(observation) : observation
}

function readViolations(details: Details, delayMs: number | null): QuotaReading[] {
  const violations = ofType(details, 'QuotaFailure').flatMap(({ violations: list }) => (Array.isArray(list) ? list.map(asRecord) : []))
  // Older answers have one of them, in ErrorInfo.
  const older = ofType(details, 'ErrorInfo').map(({ metadata }) => {
    const { quota_limit, quota_metric, quota_limit_value } = asRecord(metadata) ?? {}
    return { quotaId: quota_limit, quotaMetric: quota_metric, quotaValue: quota_limit_value }
  })
  const readings = new Map<string, QuotaReading>()
  for (const violation of [...violations, ...older]) {
    const id = asText(violation?.quotaId) ?? ''
    const unit = unitOf(id) ?? unitOf(asText(violation?.quotaMetric) ?? '')
    if (unit === null) continue
    const per = windowOf(id)
    const key = `${unit} ${per}`
    const resetsInMs = per === 'day' || per === 'month' ? null : delayMs
    if (!readings.has(key)) readings.set(key, { unit, per, limit: asCount(violation?.quotaValue), remaining: 0, resetsInMs })
  }
  return [...readings.values()]
}

/** `GenerateContentInputTokensPerModelPerMinute-FreeTier`, `generate_content_free_tier_input_token_count`. */
function unitOf(name: string): string | null {
  if (/input_?token/i.test(name)) return 'inputTokens'
  if (/output_?token/i.test(name)) return 'outputTokens'
  if (/token/i.test(name)) return 'tokens'
  return /request/i.test(name) ? 'requests' : null
}

function windowOf(quotaId: string): QuotaReading['per'] {
  const [, name] = /Per(Minute|Hour|Day|Month)/.exec(quotaId) ?? []
  if (name === 'Minute') return 60_000
  if (name === 'Hour') return 3_600_000
  return name === undefined ? null : (name.toLowerCase() as 'day' | 'month')
}

/** Thinking tokens count as output; the prompt's count includes cached tokens. */
function readUsage(body: Record<string, unknown> | null): Amounts | null {
  const usage = asRecord(body?.usageMetadata)
  if (!usage) return null
  const inputTokens = asCount(usage.promptTokenCount)
  const outputTokens = total(asCount(usage.candidatesTokenCount), asCount(usage.thoughtsTokenCount))
  return amounts({ inputTokens, outputTokens, tokens: asCount(usage.totalTokenCount) ?? total(inputTokens, outputTokens) })
}

function detailsIn(body: Record<string, unknown> | null): Details {
  const details = errorIn(body)?.details
  return Array.isArray(details) ? details.map(asRecord).filter((detail) => detail !== null) : []
}

function ofType(details: Details, name: string): Details {
  return details.filter((detail) => asText(detail['@type'])?.endsWith(`google.rpc.${name}`))
}
