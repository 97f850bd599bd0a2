import * as v from 'valibot'
import { type FailureKind, failureKinds } from '../failure.js'
import type { Finding } from '../validation/issues.js'
import {
  either,
  flag,
  group,
  isRecord,
  listed,
  milliseconds,
  oneOf,
  option,
  orInfinity,
  type Schema,
  whole,
} from '../validation/schema-pieces.js'
import { backoffEntries, checkBackoff } from './backoff.js'
import { asRecord, type Path } from './checks.js'
import { given } from './fill-defaults.js'
import { resourceLimits } from './isolation.js'
import type { FailureMatch, RestartDecision, RestartLimits, RestartPolicy, RestartRule, RestartRules } from './restart.js'
import { policies } from './restart-policies.js'

const defaults = policies.default

export const restartBackoff = group({
  immediate: option(whole(0), defaults.backoff.immediate),
  ...backoffEntries(defaults.backoff),
} satisfies Schema<NonNullable<RestartLimits['backoff']>>)

const limitEntries = {
  backoff: option(restartBackoff),
  maxRestarts: option(orInfinity(0, 'a whole number'), defaults.maxRestarts),
  withinMs: option(orInfinity(1, 'whole milliseconds'), defaults.withinMs),
} satisfies Schema<RestartLimits>

export const failureMatch = group({
  kind: listed(oneOf(...(Object.keys(failureKinds) as FailureKind[]))),
  code: listed(v.custom<string>((value) => typeof value === 'string' && value !== '', "an error's code, a text")),
  exitCode: listed(v.custom<number>((value) => Number.isSafeInteger(value), 'an exit code, a whole number')),
  startup: option(flag),
} satisfies Schema<FailureMatch>)

const anyFunction = v.custom<() => unknown>((value) => typeof value === 'function')

/** What a rule may have, whatever it does. */
const ruleEntries = {
  when: v.pipe(
    v.custom<unknown>(
      (value) => isRecord(value) || typeof value === 'function',
      'what a failure must be like: { kind, code, exitCode, startup }, or a function',
    ),
    either((value) => typeof value === 'function', anyFunction, failureMatch),
  ),
  atMost: option(whole(1)),
}

const why = option(v.custom<string>((value) => typeof value === 'string' && value !== '', 'a text'))

const forAction = {
  delayMs: option(milliseconds(0)),
  resourceLimits: option(resourceLimits),
  forMs: milliseconds(1, Number.MAX_SAFE_INTEGER),
  why,
}

/** What rules may have, all actions together. */
export const ruleOptions = { ...ruleEntries, do: oneOf('restart', 'park', 'blacklist', 'stop', 'escalate'), ...forAction }

const rulesByAction: Record<string, v.GenericSchema<unknown, unknown>> = {
  restart: group({ ...ruleEntries, do: v.literal('restart'), delayMs: forAction.delayMs, resourceLimits: forAction.resourceLimits }),
  park: group({ ...ruleEntries, do: v.literal('park'), forMs: forAction.forMs }),
  blacklist: group({ ...ruleEntries, do: v.literal('blacklist'), why }),
  stop: group({ ...ruleEntries, do: v.literal('stop'), why }),
  escalate: group({ ...ruleEntries, do: v.literal('escalate'), why }),
}

const otherRule = group({ ...ruleEntries, do: ruleOptions.do }, 'a rule: { when, do, ... } or a function') as v.GenericSchema<
  unknown,
  unknown
>

const restartRule = Object.assign(
  v.lazy((value) => {
    if (typeof value === 'function') return anyFunction
    return (isRecord(value) && rulesByAction[String(value.do)]) || otherRule
  }) as v.GenericSchema<RestartRule, RestartRule>,
  { forms: [anyFunction, otherRule, ...Object.values(rulesByAction)] },
)

export const startupLimits = group(limitEntries)

export const parole = group({ afterMs: milliseconds(1, Number.MAX_SAFE_INTEGER) } satisfies Schema<NonNullable<RestartRules['parole']>>)

export const restartRules = group(
  {
    mode: option(oneOf('permanent', 'transient', 'temporary'), defaults.mode),
    ...limitEntries,
    resetAfterMs: option(orInfinity(0, 'whole milliseconds'), defaults.resetAfterMs),
    startup: option(startupLimits),
    rules: option(v.array(restartRule, 'a list of rules') as v.GenericSchema<readonly RestartRule[], readonly RestartRule[]>),
    parole: option(parole),
  } satisfies Schema<RestartRules>,
  'a restart policy: one of policies, an object of rules, or a function',
)

const restartDecision = v.custom<RestartDecision>((value) => typeof value === 'function')

export const restart = either((value) => typeof value === 'function', restartDecision, restartRules)

export function compileRestart(checked: v.InferOutput<typeof restart> | undefined): RestartPolicy {
  if (checked === undefined) return defaults
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
  checkBackoff([...path, 'backoff'], [restart.backoff], defaults.backoff, findings)
  const startup = asRecord(restart.startup)
  if (startup.backoff !== undefined) {
    checkBackoff([...path, 'startup', 'backoff'], [restart.backoff, startup.backoff], defaults.backoff, findings)
  }
}
