/** The limits of a provider as it works with them: a list of rules, nothing optional in them. */
import type { LimitUnit, ProviderLimit, ProviderLimits } from './options.js'

/** One limit. */
export type Rule = {
  /** Names it among the others: `requests/minute`, `requests/day America/Los_Angeles`. */
  label: string
  unit: LimitUnit
  limit: number
  /** The length of its window in a word: `minute`, or `250 ms`. */
  per: string
} & (
  | { kind: 'sliding'; perMs: number }
  | { kind: 'fixed'; perMs: number }
  | { kind: 'bucket'; perMs: number; size: number }
  | { kind: 'calendar'; calendar: 'day' | 'month'; timeZone: string }
)

export interface CompiledLimits {
  rules: Rule[]
  /** `Infinity`: no limit. */
  concurrency: number
  scope: 'key' | 'project'
  countsFailures: boolean
}

/** How much a request counts, by unit. */
export type Counts = Record<LimitUnit, number>

/** The name of {@link ProviderLimits.concurrency} among the limits. */
export const concurrencyLabel = 'concurrency'

const units = ['requests', 'inputTokens', 'outputTokens', 'tokens'] as const satisfies readonly LimitUnit[]

const lengths = { second: 1_000, minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const
/** Roughly, to tell the longer of two. */
const calendarMs = { day: 86_400_000, month: 2_592_000_000 } as const

export function compileLimits(limits: ProviderLimits): CompiledLimits {
  return {
    rules: units.flatMap((unit) => [limits[unit] ?? []].flat().map((limit) => ruleOf(unit, limit))),
    concurrency: limits.concurrency ?? Number.POSITIVE_INFINITY,
    scope: limits.scope ?? 'key',
    countsFailures: limits.countsFailures ?? false,
  }
}

/** The counted amounts of a request with these tokens. */
export function countsOf(inputTokens: number, outputTokens: number): Counts {
  return { requests: 1, inputTokens, outputTokens, tokens: inputTokens + outputTokens }
}

/** The length of a window in ms; for a calendar period, about. */
export function lengthMs(rule: Rule): number {
  return rule.kind === 'calendar' ? calendarMs[rule.calendar] : rule.perMs
}

/** A window's length in ms, from its name or itself. */
export function perMsOf(per: keyof typeof lengths | number): number {
  return typeof per === 'number' ? per : lengths[per]
}

function ruleOf(unit: LimitUnit, { limit, per, kind = 'sliding', burst = limit, timeZone = 'UTC' }: ProviderLimit): Rule {
  if (per === 'day' || per === 'month') {
    return { kind: 'calendar', label: `${unit}/${per} ${timeZone}`, unit, limit, per, calendar: per, timeZone }
  }
  const perMs = perMsOf(per)
  const name = Object.entries(lengths).find(([, length]) => length === perMs)?.[0] ?? `${perMs} ms`
  const common = { label: `${unit}/${name}`, unit, limit, per: name, perMs }
  return kind === 'bucket' ? { ...common, kind, size: burst } : { ...common, kind }
}
