/**
 * Quotas in each provider's own terms (RPM, TPM, RPD, ...), built as that provider enforces them. There are no numbers for tiers:
 * they differ by model and account, and change. `docs/quotas-providers.md` links to yours.
 */

import { DroverError } from '../errors.js'
import type { QuotaLimit, QuotaOptions } from '../options/quota.js'
import { expectedTimeZone, isTimeZone } from '../validation/schema-pieces.js'
import { closest } from '../values/closest.js'

/** Limits of Gemini, by project and model: https://ai.dev/rate-limit shows yours. At least one; each a whole number, at least 1. */
export interface GeminiLimits {
  /** Requests per minute. */
  rpm?: number
  /** Input tokens per minute, unit `inputTokens`: output does not count. */
  tpm?: number
  /** Requests per day, which begins at midnight in {@link timeZone}. */
  rpd?: number
  /** IANA name. @defaultValue 'America/Los_Angeles', where Gemini's day begins */
  timeZone?: string
}

/** Limits of OpenAI, by organisation, project and model: https://platform.openai.com/settings/organization/limits. At least one; each a whole number, at least 1. */
export interface OpenaiLimits {
  /**
   * Requests per minute. OpenAI may enforce it in shorter spans (600 a minute as 10 a second). If it refuses bursts, write both by hand:
   * `requests: [{ limit: 600, per: 'minute' }, { limit: 10, per: 'second' }]`.
   */
  rpm?: number
  /** Tokens per minute, input and output together. */
  tpm?: number
  /** Requests per day, any 24 hours: a refusal's delay shows that they come back one by one, not at midnight. */
  rpd?: number
  /** Tokens per day, any 24 hours. */
  tpd?: number
}

/** Limits of Anthropic, by organisation and class of models: https://console.anthropic.com/settings/limits. At least one; each a whole number, at least 1. */
export interface AnthropicLimits {
  /** Requests per minute. */
  rpm?: number
  /** Input tokens per minute, unit `inputTokens`; for most models, tokens read from the prompt cache do not count. */
  itpm?: number
  /** Output tokens per minute, unit `outputTokens`. */
  otpm?: number
  /**
   * Size of the token bucket of requests: the most requests at once. Only with {@link rpm}, 1 to `rpm`. Anthropic fills its own
   * bucket up to the limit, but warns that 60 a minute may be enforced as 1 a second. @defaultValue a second's share of `rpm`,
   * rounded up
   */
  burst?: number
}

/** Limits of Groq, by organisation and model: https://console.groq.com/settings/limits. At least one; each a whole number, at least 1. */
export interface GroqLimits {
  /** Requests per minute. */
  rpm?: number
  /** Requests per day, any 24 hours: the header's reset shows that they come back one by one. */
  rpd?: number
  /** Tokens per minute, input and output together; cached tokens do not count. */
  tpm?: number
  /** Tokens per day, any 24 hours. */
  tpd?: number
}

const dayMs = 86_400_000

/**
 * Options of a quota for each provider.
 *
 * A sliding day is strict: no 24 hours hold more than the limit, so no calendar day does.
 *
 * @throws DroverError ARGUMENT_INVALID, naming the option, what was given and what is allowed
 * @example
 * await createDrover({ store: 'data/drover.db', workers: [], quotas: { flash: quotas.gemini({ rpm: 10, tpm: 250_000, rpd: 250 }) } })
 */
export const quotas = {
  /** Requests by minute and day, input tokens by minute. The day begins at midnight in Pacific time. */
  gemini(limits: GeminiLimits): QuotaOptions {
    const { timeZone = 'America/Los_Angeles', ...counts } = check('gemini', limits, ['rpm', 'tpm', 'rpd'], ['timeZone'])
    const { rpm, tpm, rpd } = counts as Counts
    if (!isTimeZone(timeZone)) fail('gemini', 'timeZone', expectedTimeZone, timeZone)
    return unitsOf({ requests: [of(rpm, 'minute'), of(rpd, 'day', timeZone as string)], inputTokens: [of(tpm, 'minute')] })
  },

  /** Requests and tokens, by minute and by any 24 hours. */
  openai(limits: OpenaiLimits): QuotaOptions {
    const { rpm, tpm, rpd, tpd } = check('openai', limits, ['rpm', 'tpm', 'rpd', 'tpd']) as Counts
    return unitsOf({ requests: [of(rpm, 'minute'), of(rpd, dayMs)], tokens: [of(tpm, 'minute'), of(tpd, dayMs)] })
  },

  /** Requests as a token bucket; input and output tokens by minute, each by itself. */
  anthropic(limits: AnthropicLimits): QuotaOptions {
    const { rpm, itpm, otpm, burst } = check('anthropic', limits, ['rpm', 'itpm', 'otpm'], ['burst']) as Counts
    if (burst !== undefined && (rpm === undefined || !isCount(burst) || burst > rpm)) {
      fail('anthropic', 'burst', rpm === undefined ? 'no value without rpm' : `a whole number, 1 to ${rpm}, the rpm`, burst)
    }
    const units = unitsOf({ requests: [of(rpm, 'minute')], inputTokens: [of(itpm, 'minute')], outputTokens: [of(otpm, 'minute')] })
    return rpm === undefined ? units : { ...units, burst: burst ?? Math.ceil(rpm / 60) }
  },

  /** Requests and tokens, by minute and by any 24 hours. */
  groq(limits: GroqLimits): QuotaOptions {
    const { rpm, rpd, tpm, tpd } = check('groq', limits, ['rpm', 'rpd', 'tpm', 'tpd']) as Counts
    return unitsOf({ requests: [of(rpm, 'minute'), of(rpd, dayMs)], tokens: [of(tpm, 'minute'), of(tpd, dayMs)] })
  },
} as const

type Counts = Record<string, number | undefined>

function of(limit: number | undefined, per: QuotaLimit['per'], timeZone?: string): QuotaLimit | null {
  if (limit === undefined) return null
  return timeZone === undefined ? { limit, per } : { limit, per, timeZone }
}

/** Units with limits: a single limit as it is, several as a list. */
function unitsOf(units: Record<string, (QuotaLimit | null)[]>): QuotaOptions {
  const options: QuotaOptions = {}
  for (const [unit, all] of Object.entries(units)) {
    const limits = all.filter((limit) => limit !== null)
    const [only] = limits
    if (only) options[unit] = limits.length === 1 ? only : limits
  }
  return options
}

/** Checks the options: at least one count, only valid counts, and no unknown name. */
function check(provider: string, limits: unknown, counts: string[], others: string[] = []): Record<string, unknown> {
  const allowed = `an object with at least one of ${counts.join(', ')}`
  if (typeof limits !== 'object' || limits === null || Array.isArray(limits)) fail(provider, null, allowed, limits)
  const options = limits as Record<string, unknown>
  for (const name of Object.keys(options)) {
    if (counts.includes(name) || others.includes(name)) continue
    const known = [...counts, ...others]
    const meant = closest(name, known)
    const hint = meant === undefined ? '' : `; did you mean ${meant}?`
    throw new DroverError('ARGUMENT_INVALID', `quotas.${provider}: ${name} is not an option, known here: ${known.join(', ')}${hint}`)
  }
  for (const name of counts) {
    if (options[name] !== undefined && !isCount(options[name])) fail(provider, name, 'a whole number, at least 1', options[name])
  }
  if (counts.every((name) => options[name] === undefined)) fail(provider, null, allowed, limits)
  return options
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 1
}

function fail(provider: string, option: string | null, expected: string, value: unknown): never {
  const place = option === null ? `quotas.${provider}` : `quotas.${provider}: ${option}`
  throw new DroverError('ARGUMENT_INVALID', `${place}: expected ${expected}, received ${describe(value)}`)
}

/** A value in a few words. A long text is not shown: it may be a key in the wrong place. */
function describe(value: unknown): string {
  if (typeof value === 'string') return value.length <= 20 ? JSON.stringify(value) : 'a text'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0 ? 'an empty object' : 'an object without them'
  return typeof value === 'function' ? 'a function' : String(value)
}
