/**
 * Decides what happens after a worker went down. Pure: the caller brings the clock and keeps the history, so a year of
 * crashes can be tested in a millisecond.
 */
import type { ErrorCode } from '../../errors.js'
import type { Failure } from '../../failure.js'
import type { FailureMatch, RestartDecision, RestartHistory, RestartPolicy, RestartRule, Verdict } from '../../options/restart.js'
import { type FilledPolicy, filledPolicy } from '../../options/restart-policies.js'
import { backoffDelay } from '../../time/backoff.js'
import { plural } from '../../values/count.js'
import { duration } from '../../values/duration.js'

/** A verdict and its origin. */
export interface Judgement {
  verdict: Verdict
  /** Index of the rule that decided, or null. */
  rule: number | null
  /** Errors and invalid answers of rules, which were skipped. */
  problems: unknown[]
}

/** Start errors that another try cannot help. */
const hopeless = new Set<string>(['WORKER_MODULE_NOT_FOUND', 'WORKER_MODULE_INVALID', 'WORKER_MODULE_TYPESCRIPT'] satisfies ErrorCode[])

/** Whether a worker's module cannot be loaded: another try cannot help before its files change. The user's rules are asked first. */
function isHopeless({ kind, error }: Failure): boolean {
  if (kind !== 'start-error' || !error) return false
  return hopeless.has(error.code ?? '') || (error.code === 'WORKER_MODULE_THREW' && error.details?.stage === 'load')
}

/** Whether the worker's module failed to load or threw while it was imported. */
export function isModuleFailure({ kind, error }: Failure): boolean {
  return kind === 'start-error' && (error?.code?.startsWith('WORKER_MODULE_') ?? false)
}

/** Whether a worker went down before it was ready. */
export function atStartup({ uptimeMs, kind }: Failure): boolean {
  return kind === 'start-timeout' || kind === 'start-error' || (uptimeMs === null && kind !== 'orphaned')
}

/**
 * The verdict on one failure.
 *
 * @param random source of jitter, 0 to 1
 * @throws never; a rule that throws is skipped and reported in `problems`
 * @see OTP supervisor, "Maximum restart intensity"
 * @example
 * decideRestart(failure, { restarts: [], now: 30, uses: {} }, policies.default).verdict // { do: 'restart', delayMs: 0 }
 */
export function decideRestart(
  failure: Failure,
  history: RestartHistory,
  policy: RestartPolicy,
  random: () => number = Math.random,
): Judgement {
  const problems: unknown[] = []
  const decided = (verdict: Verdict, rule: number | null = null): Judgement => ({ verdict, rule, problems })
  if (failure.kind === 'unkillable') return decided({ do: 'blacklist', why: 'its thread could not be ended' })
  const filled = filledPolicy(policy)
  let copy: Shown | null = null
  const show = (): Shown => {
    copy ??= frozenCopy({ failure, history })
    return copy
  }
  for (const [place, rule] of filled.rules.entries()) {
    try {
      const verdict = typeof rule === 'function' ? own(rule, show()) : asked(rule, place, { failure, history, show }, filled, random)
      if (verdict) return decided(verdict, place)
    } catch (error) {
      problems.push(error)
    }
  }
  if (isHopeless(failure)) return decided({ do: 'blacklist', why: failure.message })
  if (filled.mode === 'temporary') return decided({ do: 'stop', why: 'its restart mode is temporary' })
  return decided(withinLimits(failure, history, filled, random))
}

/** Arguments of the user's functions: frozen copies, so that they cannot change the worker's memory. */
interface Shown {
  failure: Failure
  history: RestartHistory
}

function frozenCopy<T>(value: T): T {
  const copy = structuredClone(value)
  freeze(copy)
  return copy
}

function freeze(part: unknown): void {
  if (typeof part !== 'object' || part === null || Object.isFrozen(part)) return
  Object.freeze(part)
  for (const inner of Object.values(part)) freeze(inner)
}

/** The verdict of a rule that is a function. */
function own(rule: RestartDecision, { failure, history }: Shown): Verdict | null {
  const verdict = rule(failure, history)
  if (verdict === undefined || verdict === null) return null
  const { do: what } = verdict
  if (what === 'restart' && !(Number.isFinite(verdict.delayMs) && verdict.delayMs >= 0)) {
    throw new TypeError(`a restart rule returned delayMs ${String(verdict.delayMs)}: 0 or more is allowed`)
  }
  if (what === 'park' && !Number.isFinite(verdict.until))
    throw new TypeError('a restart rule returned park without the time until, in ms since the epoch')
  if (!['restart', 'park', 'blacklist', 'stop', 'escalate'].includes(what)) {
    throw new TypeError(`a restart rule returned do: ${String(what)}; allowed are restart, park, blacklist, stop and escalate`)
  }
  return what === 'restart' ? verdict : { ...verdict, why: String(verdict.why ?? failure.message) }
}

/** The verdict of a rule as data; null if it does not match this failure. */
function asked(
  rule: Exclude<RestartRule, RestartDecision>,
  place: number,
  { failure, history, show }: Shown & { show: () => Shown },
  policy: FilledPolicy,
  random: () => number,
): Verdict | null {
  if ((history.uses[place] ?? 0) >= (rule.atMost ?? Number.POSITIVE_INFINITY)) return null
  if (!(typeof rule.when === 'function' ? rule.when(show().failure, show().history) : matches(rule.when, failure))) return null
  switch (rule.do) {
    case 'restart': {
      const verdict = withinLimits(failure, history, policy, random)
      if (verdict.do !== 'restart') return verdict
      return { ...verdict, delayMs: rule.delayMs ?? verdict.delayMs, ...(rule.resourceLimits && { resourceLimits: rule.resourceLimits }) }
    }
    case 'park':
      return { do: 'park', until: failure.at + rule.forMs, why: failure.message }
    default:
      return { do: rule.do, why: rule.why ?? failure.message }
  }
}

function matches(when: FailureMatch, failure: Failure): boolean {
  const one = <T>(wanted: T | readonly T[] | undefined, value: T | null | undefined): boolean =>
    wanted === undefined || [wanted].flat().includes(value as never)
  if (when.startup !== undefined && when.startup !== atStartup(failure)) return false
  return one(when.kind, failure.kind) && one(when.code, failure.error?.code) && one(when.exitCode, failure.exitCode)
}

function withinLimits(failure: Failure, history: RestartHistory, policy: FilledPolicy, random: () => number): Verdict {
  const startup = atStartup(failure)
  const { maxRestarts, withinMs, backoff } = (startup && policy.startup) || policy
  const recent = history.restarts.filter(
    (restart) => restart.at >= history.now - withinMs && (policy.startup === null || restart.startup === startup),
  ).length
  if (recent + 1 > maxRestarts) {
    const window = Number.isFinite(withinMs) ? ` within ${duration(withinMs)}` : ''
    const when = startup && policy.startup ? ' to start' : ''
    return { do: 'blacklist', why: `failed${when} ${plural(recent + 1, 'time')}${window}, last: ${failure.kind}` }
  }
  const waits = recent - backoff.immediate
  return { do: 'restart', delayMs: waits < 0 ? 0 : backoffDelay(backoff, waits, random) }
}
