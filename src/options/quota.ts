import * as v from 'valibot'
import type { QuotaAdaptation, QuotaSpec, QuotaWindow } from '../store/contract/quotas.js'
import { withAllAbove } from '../store/quotas/hierarchy.js'
import type { Finding } from '../validation/issues.js'
import {
  above0,
  either,
  expectedTimeZone,
  flag,
  group,
  isRecord,
  isTimeZone,
  type Loose,
  names,
  numbers,
  option,
  over0,
  type Schema,
  share,
  textOrNumber,
  under1,
  whole,
} from '../validation/schema-pieces.js'
import { asRecord, checkKnown, checkNames, type Path } from './checks.js'
import { filled } from './fill-defaults.js'

/** A quota that was checked. */
export type CheckedQuota = v.InferOutput<typeof quotaSchema>

/** One limit of a quota. */
export interface QuotaLimit {
  /** Units per window. More than 0. */
  limit: number
  /**
   * A window's length. `'second' | 'minute' | 'hour'` and whole milliseconds make sliding windows; `'day' | 'month'` follow the
   * calendar of {@link timeZone}.
   */
  per: 'second' | 'minute' | 'hour' | 'day' | 'month' | number
  /** IANA name, e.g. `'America/Los_Angeles'`; only with `'day'` and `'month'`. @defaultValue 'UTC' */
  timeZone?: string
  /**
   * Turns a sliding window into a token bucket of this size, at least 1: it fills evenly and holds no more than this. Without it
   * the window is strict: no span of its length ever holds more than its limit. @defaultValue the quota's `burst`, for `requests`
   */
  burst?: number
}

/** How a quota slows down when the provider refuses within the limits (AIMD). */
export interface QuotaAdaptOptions {
  /** At a refusal the rate is multiplied by this. More than 0, less than 1. @defaultValue 0.5 */
  decrease?: number
  /** Share of the limit that comes back in each minute without a refusal. More than 0, up to 1. @defaultValue 0.1 */
  increasePerMinute?: number
  /** Smallest rate, as a share of the limit. More than 0, up to 1. @defaultValue 0.1 */
  least?: number
}

/**
 * One limit of a provider, shared by every worker that names it, in all threads, processes and hosts on the store. Any key that
 * is not listed here is a unit (`requests`, `tokens`, `inputTokens`, `outputTokens`, `cost`, ...). Each call takes one of
 * `requests` and the estimate of the other units. All windows grant it at once, or it waits. Semantics: `docs/quotas.md`.
 */
export interface QuotaOptions {
  /** Limits on the number of calls. */
  requests?: QuotaLimit | QuotaLimit[]
  /** Limits on tokens. */
  tokens?: QuotaLimit | QuotaLimit[]
  /** Turns the sliding windows of `requests` into token buckets of this size, at least 1; see {@link QuotaLimit.burst}. */
  burst?: number
  /** Calls in flight at once. At least 1. @defaultValue no limit */
  concurrency?: number
  /** Further quotas from which each call also takes, for example the project of a key. */
  within?: string | string[]
  /** The total that may ever be used, by unit. When it is spent, the workers pause until it is raised. @defaultValue no cap */
  budget?: Record<string, number>
  /** Slows down when the provider refuses, and recovers by itself; `true`: with the defaults. @defaultValue false */
  adapt?: boolean | QuotaAdaptOptions
  [unit: string]: QuotaLimit | QuotaLimit[] | number | string | string[] | boolean | QuotaAdaptOptions | Record<string, number> | undefined
}

export const quotaLimit = group({
  limit: above0,
  per: textOrNumber(
    "'second', 'minute', 'hour', 'day', 'month' or whole milliseconds, at least 1",
    ['second', 'minute', 'hour', 'day', 'month'],
    { min: 1, max: Number.MAX_SAFE_INTEGER, whole: true },
  ),
  timeZone: option(v.custom<string>(isTimeZone, expectedTimeZone), 'UTC'),
  burst: option(whole(1)),
} satisfies Schema<QuotaLimit>)

/** Expected value of a unit; also shown for an unknown key of a quota. */
export const expectedLimits = 'limits of a unit: { limit, per }, or a list of them'

const quotaLimits = v.pipe(
  v.custom<unknown>((value) => isRecord(value) || (Array.isArray(value) && value.length > 0), expectedLimits),
  either(Array.isArray, v.array(quotaLimit), quotaLimit),
)

export const budget = v.pipe(
  v.custom<Record<string, unknown>>((value) => isRecord(value) && Object.keys(value).length > 0, 'amounts by unit, such as { cost: 25 }'),
  v.record(v.string(), above0),
)

export const adapt = group({
  decrease: option(numbers('a number above 0 and below 1', { min: over0, max: under1, whole: false }), 0.5),
  increasePerMinute: option(share, 0.1),
  least: option(share, 0.1),
} satisfies Schema<QuotaAdaptOptions>)

/** The options of a quota besides units. */
export const quotaEntries = {
  burst: option(whole(1)),
  concurrency: option(whole(1)),
  within: option(names('the name of a quota')),
  budget: option(budget),
  adapt: option(
    v.pipe(
      v.custom<boolean | Loose<QuotaAdaptOptions>>(
        (value) => typeof value === 'boolean' || isRecord(value),
        'true, false or a plain object',
      ),
      either((value) => typeof value === 'boolean', flag, adapt),
    ),
    false,
  ),
} satisfies Schema<Pick<QuotaOptions, 'burst' | 'concurrency' | 'within' | 'budget' | 'adapt'>>

/** Option names of a quota. Any other key counts as a unit, so misspellings are matched against these. */
export const quotaOptions = Object.keys(quotaEntries)

/** The options of one quota. */
export const quotaSchema = v.pipe(
  v.custom<Record<string, unknown>>(isRecord, 'an object of limits'),
  v.objectWithRest(quotaEntries, v.optional(quotaLimits)),
  v.check(
    (value) => Object.values(value).some((limit) => limit !== undefined),
    "at least one limit, such as requests: { limit: 15, per: 'minute' }",
  ),
)

/** The lengths of the named windows. */
const windowMs = { second: 1_000, minute: 60_000, hour: 3_600_000 } as const

/** Name of the quota for the system's `budget`: all other quotas are within it. */
export const systemBudget = 'system budget'

/** Compiles one quota's checked options. */
export function compileQuota(
  name: string,
  { burst, concurrency, within = [], budget = {}, adapt: adapts = quotaEntries.adapt.byDefault, ...units }: CheckedQuota,
): QuotaSpec {
  const limits = Object.entries(units).flatMap(([unit, limits]) =>
    [limits ?? []].flat().map(({ limit, per, timeZone = quotaLimit.defaults.timeZone, burst: own }): QuotaWindow => {
      if (per === 'day' || per === 'month') return { unit, limit, per: { calendar: per, timeZone }, burst: null }
      const size = own ?? (unit === 'requests' ? burst : undefined) ?? null
      return { unit, limit, per: typeof per === 'number' ? per : windowMs[per], burst: size }
    }),
  )
  const caps = Object.entries(budget).map(([unit, limit]): QuotaWindow => ({ unit, limit, per: 'ever', burst: null }))
  return {
    name,
    windows: [...limits, ...caps],
    concurrency: concurrency ?? null,
    within: [within].flat(),
    adapt: adapts === false ? null : filled<QuotaAdaptation>(adapt.defaults, adapts === true ? {} : adapts),
  }
}

export function checkQuotas(quotas: Record<string, unknown>, findings: Finding[]): void {
  checkNames(['quotas'], quotas, findings)
  for (const [name, quota] of Object.entries(quotas)) {
    const { within, burst } = asRecord(quota)
    checkWithin(name, within, quotas, findings)
    if (burst !== undefined && !slides(asRecord(quota).requests)) {
      const expected = 'no value, because it is the size of token buckets, and requests has no limit per second, minute, hour or ms'
      findings.push({ path: ['quotas', name, 'burst'], expected, input: burst, known: [] })
    }
    for (const [unit, limits] of Object.entries(asRecord(quota))) {
      if (quotaOptions.includes(unit)) continue
      checkTwice(['quotas', name, unit], limits, findings)
      for (const [index, limit] of (Array.isArray(limits) ? limits : [limits]).entries()) {
        const { per, timeZone, burst: size } = asRecord(limit)
        if (size !== undefined && (per === 'day' || per === 'month')) {
          const path = ['quotas', name, unit, ...(Array.isArray(limits) ? [index] : []), 'burst']
          findings.push({ path, expected: 'no value, because a day or a month cannot be a token bucket', input: size, known: [] })
        }
        if (timeZone === undefined || !(typeof per === 'number' || ['second', 'minute', 'hour'].includes(per as string))) continue
        const path = ['quotas', name, unit, ...(Array.isArray(limits) ? [index] : []), 'timeZone']
        findings.push({ path, expected: 'no value, because only a day or a month has a time zone', input: timeZone, known: [] })
      }
    }
  }
}

/** Refuses two limits on the same window: only the smaller would have an effect. */
function checkTwice(path: Path, limits: unknown, findings: Finding[]): void {
  const windows = [limits].flat().map((limit) => {
    const { per, timeZone = quotaLimit.defaults.timeZone } = asRecord(limit)
    return per === 'day' || per === 'month' ? `${per} ${timeZone}` : (windowMs[per as keyof typeof windowMs] ?? per)
  })
  for (const [index, window] of windows.entries()) {
    if (window === undefined || windows.indexOf(window) === index) continue
    const input = asRecord((limits as unknown[])[index]).per
    findings.push({ path: [...path, index, 'per'], expected: 'another window, because this one has a limit already', input, known: [] })
  }
}

/** Whether limits of a unit have a window that slides. */
function slides(limits: unknown): boolean {
  return [limits].flat().some((limit) => !['day', 'month', undefined].includes(asRecord(limit).per as string | undefined))
}

/** The quotas in `within` must exist, and no quota may be within itself. */
function checkWithin(name: string, within: unknown, quotas: Record<string, unknown>, findings: Finding[]): void {
  const named = (of: unknown): unknown[] => [of ?? []].flat()
  const withinOf = (quota: string): string[] =>
    named(Object.hasOwn(quotas, quota) ? asRecord(quotas[quota]).within : undefined).filter((one) => typeof one === 'string')
  for (const [index, each] of named(within).entries()) {
    const path = ['quotas', name, 'within', ...(Array.isArray(within) ? [index] : [])]
    checkKnown(path, 'quota', each, quotas, findings)
    if (typeof each !== 'string' || !withAllAbove(each, withinOf).includes(name)) continue
    findings.push({ path, expected: 'a quota that is not itself within this one', input: each, known: [] })
  }
}
