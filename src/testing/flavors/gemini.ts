/**
 * Gemini's errors: there are no headers for limits; a refusal names each limit in its details. A spent day asks to retry within a
 * minute, as the real provider does: only the quota's id shows that it is the day.
 *
 * @see https://ai.google.dev/gemini-api/docs/rate-limits
 */
import type { Refusal } from '../limiter.js'
import type { Rule } from '../limits.js'
import { type Flavor, type Refused, type Reply, waitOf, wholeSeconds } from './flavor.js'

const types = 'type.googleapis.com/google.rpc'
const service = 'generativelanguage.googleapis.com'
const minute = 60_000

export const geminiFlavor: Flavor = {
  headers: () => ({}),
  refused,
  badKey: (masked) =>
    masked === null
      ? error(403, 'PERMISSION_DENIED', "Method doesn't allow unregistered callers (callers without established identity).")
      : error(400, 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.', [errorInfo('API_KEY_INVALID')]),
  retiredKey: (masked) =>
    error(403, 'PERMISSION_DENIED', `Permission denied: Consumer 'api_key:${masked}' has been suspended.`, [
      errorInfo('CONSUMER_SUSPENDED'),
    ]),
  badRequest: (message) => error(400, 'INVALID_ARGUMENT', message),
  notFound: (message) => error(404, 'NOT_FOUND', message),
  serverError: (status, message) =>
    status === 503
      ? error(503, 'UNAVAILABLE', message ?? 'The model is overloaded. Please try again later.')
      : error(status, 'INTERNAL', message ?? 'An internal error has occurred. Please retry.'),
}

function error(code: number, status: string, message: string, details?: object[]): Reply {
  return { status: code, headers: {}, body: { error: { code, message, status, ...(details && { details }) } } }
}

function errorInfo(reason: string): object {
  return { '@type': `${types}.ErrorInfo`, reason, domain: 'googleapis.com', metadata: { service } }
}

function refused({ model, refusals, now }: Refused): Reply {
  const waits = refusals.map((refusal) => retryMs(refusal, now)).filter((wait) => wait !== null)
  const wait = waits.length === refusals.length ? Math.max(...waits) : null
  const lines = refusals.map((refusal) => `* Quota exceeded for metric: ${metricOf(refusal)}, limit: ${refusal.limit}, model: ${model}\n`)
  const message =
    'You exceeded your current quota, please check your plan and billing details. For more information on this error, head to: ' +
    `https://ai.google.dev/gemini-api/docs/rate-limits.\n${lines.join('')}${wait === null ? '' : `Please retry in ${wait / 1_000}s.`}`
  const violations = refusals.map((refusal) => ({
    quotaMetric: metricOf(refusal),
    quotaId: quotaIdOf(refusal.rule),
    quotaDimensions: { location: 'global', model },
    quotaValue: String(refusal.limit),
  }))
  return error(429, 'RESOURCE_EXHAUSTED', message, [
    { '@type': `${types}.QuotaFailure`, violations },
    {
      '@type': `${types}.Help`,
      links: [{ description: 'Learn more about Gemini API quotas', url: 'https://ai.google.dev/gemini-api/docs/rate-limits' }],
    },
    ...(wait === null ? [] : [{ '@type': `${types}.RetryInfo`, retryDelay: `${wholeSeconds(wait)}s` }]),
  ])
}

function retryMs(refusal: Refusal, now: number): number | null {
  const wait = waitOf(refusal)
  return refusal.rule?.kind === 'calendar' && wait !== null ? Math.min(wait, minute - (Math.floor(now) % minute)) : wait
}

function metricOf({ rule }: Refusal): string {
  if (rule === null) return `${service}/concurrent_requests`
  const what = { requests: 'requests', inputTokens: 'input_token_count', outputTokens: 'output_token_count', tokens: 'token_count' }
  return `${service}/generate_content_free_tier_${what[rule.unit]}`
}

function quotaIdOf(rule: Rule | null): string {
  if (rule === null) return 'ConcurrentRequestsPerProjectPerModel-FreeTier'
  const per = rule.per.charAt(0).toUpperCase() + rule.per.slice(1).replace(' ', '')
  if (rule.unit === 'requests') return `GenerateRequestsPer${per}PerProjectPerModel-FreeTier`
  const what = rule.unit.charAt(0).toUpperCase() + rule.unit.slice(1)
  return `GenerateContent${what}PerModelPer${per}-FreeTier`
}
