import * as v from 'valibot'
import { failureKinds } from '../failure.js'
import type { Finding } from '../validation/issues.js'
import { flag, group, isRecord, listed, milliseconds, oneOf, whole } from '../validation/pieces.js'
import { backoffEntries, checkBackoff } from './backoff.js'
import { asRecord, type Path } from './checks.js'
import { defaults } from './defaults.js'
import { given } from './fill-defaults.js'
import { resourceLimits } from './isolation.js'
import type { RestartDecision, RestartLimits, RestartPolicy, RestartRule } from './restart.js'

export function compileRestart(checked: v.InferOutput<typeof restart> | undefined): RestartPolicy {
  if (checked === undefined) return defaults.restart
  if (typeof checked === 'function') return checked
  const { backoff, startup, rules, parole, ...rest } = checked
  return {
    ...given(rest),
    ...(backoff && { backoff: given(backoff) }),
    ...(startup && { startup: { ...given(startup), ...(startup.backoff && { backoff: given(startup.backoff) }) } as RestartLimits }),
    ...(rules && { rules: rules as readonly RestartRule[] }),
    ...(parole && { parole }),
  }
}

export function checkRestart(path: Path, restart: unknown, findings: Finding[]): void {
  if (!isRecord(restart)) return
  checkBackoff([...path, 'backoff'], [restart.backoff], defaults.restart.backoff, findings)
  const startup = asRecord(restart.startup)
  if (startup.backoff !== undefined) {
    checkBackoff([...path, 'startup', 'backoff'], [restart.backoff, startup.backoff], defaults.restart.backoff, findings)
  }
}

const orInfinity = (min: number, expected: string) =>
  v.custom<number>(
    (value) => value === Number.POSITIVE_INFINITY || (Number.isSafeInteger(value) && (value as number) >= min),
    `${expected}, at least ${min}, or Infinity`,
  )

const limitEntries = {
  backoff: v.optional(group({ immediate: v.optional(whole(0)), ...backoffEntries })),
  maxRestarts: v.optional(orInfinity(0, 'a whole number')),
  withinMs: v.optional(orInfinity(1, 'whole milliseconds')),
}

const failureMatch = group({
  kind: listed(oneOf(...Object.keys(failureKinds))),
  code: listed(v.custom<string>((value) => typeof value === 'string' && value !== '', "an error's code, a text")),
  exitCode: listed(v.custom<number>((value) => Number.isSafeInteger(value), 'an exit code, a whole number')),
  startup: v.optional(flag),
})

const anyFunction = v.custom<() => unknown>((value) => typeof value === 'function')

const ruleEntries = {
  when: v.pipe(
    v.custom<unknown>(
      (value) => isRecord(value) || typeof value === 'function',
      'what a failure must be like: { kind, code, exitCode, startup }, or a function',
    ),
    v.lazy((value) => (typeof value === 'function' ? anyFunction : failureMatch)),
  ),
  atMost: v.optional(whole(1)),
}

const why = v.optional(v.custom<string>((value) => typeof value === 'string' && value !== '', 'a text'))

const rulesByAction: Record<string, v.GenericSchema<unknown, unknown>> = {
  restart: group({ ...ruleEntries, do: v.any(), delayMs: v.optional(milliseconds(0)), resourceLimits: v.optional(resourceLimits) }),
  park: group({ ...ruleEntries, do: v.any(), forMs: milliseconds(1, Number.MAX_SAFE_INTEGER) }),
  blacklist: group({ ...ruleEntries, do: v.any(), why }),
  stop: group({ ...ruleEntries, do: v.any(), why }),
  escalate: group({ ...ruleEntries, do: v.any(), why }),
}

const otherRule = group(
  { ...ruleEntries, do: oneOf('restart', 'park', 'blacklist', 'stop', 'escalate') },
  'a rule: { when, do, ... } or a function',
) as v.GenericSchema<unknown, unknown>

const restartRule = v.lazy((value) => {
  if (typeof value === 'function') return anyFunction
  return (isRecord(value) && rulesByAction[String(value.do)]) || otherRule
}) as v.GenericSchema<RestartRule, RestartRule>

const restartRules = group(
  {
    mode: v.optional(oneOf('permanent', 'transient', 'temporary')),
    ...limitEntries,
    resetAfterMs: v.optional(orInfinity(0, 'whole milliseconds')),
    startup: v.optional(group(limitEntries)),
    rules: v.optional(v.array(restartRule, 'a list of rules') as v.GenericSchema<readonly RestartRule[], readonly RestartRule[]>),
    parole: v.optional(group({ afterMs: milliseconds(1, Number.MAX_SAFE_INTEGER) })),
  },
  'a restart policy: one of policies, an object of rules, or a function',
)

const restartDecision = v.custom<RestartDecision>((value) => typeof value === 'function')

export const restart = v.lazy((value) => (typeof value === 'function' ? restartDecision : restartRules))
