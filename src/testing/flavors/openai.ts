/** OpenAI's headers and errors. @see https://platform.openai.com/docs/guides/rate-limits */
import type { Refusal, Standing } from '../limiter.js'
import { lengthMs, type Rule } from '../limits.js'
import { type Flavor, goDuration, type Refused, type Reply, waitOf, wholeSeconds } from './flavor.js'

const more = 'Visit https://platform.openai.com/account/rate-limits to learn more.'
const serverErrors: Record<number, string> = {
  500: 'The server had an error while processing your request. Sorry about that!',
  503: 'The engine is currently overloaded, please try again later',
}
const perNames: Record<string, string> = { second: 'sec', minute: 'min' }

export const openaiFlavor: Flavor = {
  headers: (standings, requestId) => ({
    ...rateHeaders(shortest(standings, true), shortest(standings, false)),
    'openai-processing-ms': '0',
    'x-request-id': requestId,
  }),
  refused: (refused) => rateLimited(refused, rateHeaders(shortest(refused.standings, true), shortest(refused.standings, false)), true),
  badKey: (masked) =>
    error(401, {
      message:
        masked === null
          ? "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth."
          : `Incorrect API key provided: ${masked}. You can find your API key at https://platform.openai.com/account/api-keys.`,
      code: masked === null ? null : 'invalid_api_key',
    }),
  retiredKey: (masked) => error(403, { message: `The API key ${masked} has been disabled.`, code: 'access_terminated' }),
  badRequest: (message) => error(400, { message, code: null }),
  notFound: (message) => error(404, { message, code: 'not_found' }),
  serverError: (status, message) =>
    error(status, {
      message: message ?? serverErrors[status] ?? 'Internal error',
      type: 'server_error',
      code: null,
    }),
}

/** The same once a day or month is spent, where that is an end and not a wait. */
export const openaiQuotaFlavor: Flavor = {
  ...openaiFlavor,
  refused(refused) {
    if (!refused.refusals.some(({ rule }) => rule?.kind === 'calendar')) return openaiFlavor.refused(refused)
    const message = 'You exceeded your current quota, please check your plan and billing details.'
    return error(429, { message, type: 'insufficient_quota', code: 'insufficient_quota' })
  },
}

function error(
  status: number,
  { type = 'invalid_request_error', ...rest }: { message: string; type?: string; code: string | null },
): Reply {
  return { status, headers: {}, body: { error: { message: rest.message, type, param: null, code: rest.code } } }
}

/** 429 with how long to wait, in words and as headers. */
export function rateLimited({ model, refusals }: Refused, headers: Record<string, string>, inMs: boolean): Reply {
  const [refusal] = refusals
  const wait = waitOf(refusal)
  const reply = error(429, { message: refusalText(model, refusal), type: typeOf(refusal), code: 'rate_limit_exceeded' })
  if (wait === null) return { ...reply, headers }
  return {
    ...reply,
    headers: { ...headers, 'retry-after': String(wholeSeconds(wait)), ...(inMs && { 'retry-after-ms': String(Math.ceil(wait)) }) },
  }
}

/** The six headers; those of a unit without limits are left out. */
export function rateHeaders(requests: Standing | undefined, tokens: Standing | undefined): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, standing] of [['requests', requests] as const, ['tokens', tokens] as const]) {
    if (!standing) continue
    headers[`x-ratelimit-limit-${name}`] = String(standing.rule.limit)
    headers[`x-ratelimit-remaining-${name}`] = String(standing.remaining)
    headers[`x-ratelimit-reset-${name}`] = goDuration(standing.resetMs)
  }
  return headers
}

/** The limit of the shortest window; for tokens the sum of both kinds goes before input. */
export function shortest(standings: readonly Standing[], ofRequests: boolean): Standing | undefined {
  return sorted(standings, ofRequests)[0]
}

export function longest(standings: readonly Standing[], ofRequests: boolean): Standing | undefined {
  return sorted(standings, ofRequests).at(-1)
}

function sorted(standings: readonly Standing[], ofRequests: boolean): Standing[] {
  const units = ofRequests ? ['requests'] : ['tokens', 'inputTokens', 'outputTokens']
  const unit = units.find((name) => standings.some(({ rule }) => rule.unit === name))
  return standings.filter(({ rule }) => rule.unit === unit).sort((a, b) => lengthMs(a.rule) - lengthMs(b.rule))
}

function typeOf({ rule }: Refusal): string {
  return rule === null || rule.unit === 'requests' ? 'requests' : 'tokens'
}

function refusalText(model: string, refusal: Refusal): string {
  const { rule, limit, used, requested } = refusal
  if (rule === null) return `Too many concurrent requests for ${model}: Limit ${limit}. Please try again in 1s.`
  const what = `${model} in organization org-fake on ${nameOf(rule)}: Limit ${limit}`
  const wait = waitOf(refusal)
  if (wait === null)
    return `Request too large for ${what}, Requested ${requested}. The input or output tokens must be reduced in order to run successfully.`
  return `Rate limit reached for ${what}, Used ${Math.ceil(used)}, Requested ${requested}. Please try again in ${goDuration(wait)}. ${more}`
}

/** `requests per min (RPM)`, `tokens per day (TPD)`, `requests per 250 ms`. */
function nameOf({ unit, per }: Rule): string {
  const what = typeOf({ rule: { unit } } as Refusal)
  const short = /^[a-z]+$/.test(per) ? ` (${what.charAt(0).toUpperCase()}P${per.charAt(0).toUpperCase()})` : ''
  return `${what} per ${perNames[per] ?? per}${short}`
}
