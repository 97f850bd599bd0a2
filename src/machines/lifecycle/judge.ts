/**
 * Decides what happens after a worker went down. Pure: the caller brings the clock and keeps the history, so a year of
 * crashes can be tested in a millisecond.
 */
import type { ErrorCode } from '../../errors.js'
import type { Failure, FailureKind } from '../../failure.js'
import type { ResourceLimits } from '../../options/drover.js'
import { backoffDelay } from '../../time/backoff.js'

/**
 * When a worker that ended is started again, as in OTP. `transient`: only after a failure; `permanent`: also when its `run`
 * returned; `temporary`: never.
 */
export type RestartMode = 'permanent' | 'transient' | 'temporary'

/** How often, and after which waits. */
export interface RestartLimits {
  /** Waits before restarts. @defaultValue `{ immediate: 1, initialMs: 2_000, factor: 2, maxMs: 300_000, jitter: 0 }` */
  backoff?: {
    /** How many restarts come at once, before the waits begin. */
    immediate?: number
    initialMs?: number
    factor?: number
    /** No wait is longer, jitter included. */
    maxMs?: number
    /** Share of a wait that is random, 0 to 1: a wait w becomes one between w * (1 - jitter) and w. */
    jitter?: number
  }
  /** How many restarts within {@link withinMs} are tolerated; one more and the worker is blacklisted. `Infinity`: any number. @defaultValue 3 */
  maxRestarts?: number
  /**
   * Length of the sliding window in ms, inclusive as in OTP. Only time counts in which the worker has a thread or is parked: not
   * backoff, not waiting for a slot, not while it or its host is down. So giving up stays reachable however long the waits grow.
   * `Infinity`: restarts count until {@link RestartRules.resetAfterMs} forgets them.
   * @defaultValue Infinity
   */
  withinMs?: number
}

/** A restart policy as data; every part has a default. */
export interface RestartRules extends RestartLimits {
  /** @defaultValue 'transient': a worker that completed its tasks stays down */
  mode?: RestartMode
  /**
   * Up for so many ms since the last failure, and the history is forgotten: ready, over all its threads (recycled, stopped and started
   * again), or parked in between. For how long it hung does not count. `Infinity`: never. @defaultValue 30_000
   */
  resetAfterMs?: number
  /**
   * Limits of their own for failures before the worker was ready; what is not given is as for the others. Without it all failures
   * count together.
   */
  startup?: RestartLimits
  /** Asked in order; the first one that matches decides. @defaultValue none */
  rules?: readonly RestartRule[]
  /**
   * A blacklisted worker gets one start after so long, as a half-open circuit breaker lets one call through: it is blacklisted
   * again at its first failure, for good, unless it was up for {@link resetAfterMs} before. @defaultValue none: it stays down until reset
   */
  parole?: { afterMs: number }
}

/** Which failures a rule is about; all that are given must match, and of a list any one. */
export interface FailureMatch {
  kind?: FailureKind | readonly FailureKind[]
  /** The error's own `code`. */
  code?: string | readonly string[]
  /** Of the thread. */
  exitCode?: number | readonly number[]
  /** true: only before the worker was ready; false: only after. */
  startup?: boolean
}

/** What a rule does. */
export type RuleAction =
  /** Restarts within the policy's limits, after `delayMs` instead of the backoff, or with other heap limits from now on. */
  | { do: 'restart'; delayMs?: number; resourceLimits?: ResourceLimits }
  /** Releases thread and slot for so long. Counts as no restart. */
  | { do: 'park'; forMs: number }
  | { do: 'blacklist'; why?: string }
  | { do: 'stop'; why?: string }
  /** Stops the worker and passes the failure on to its supervisor. */
  | { do: 'escalate'; why?: string }

/** A rule as data, or as a function that answers with a verdict, or with nothing if it does not care. */
export type RestartRule =
  | (RuleAction & {
      when: FailureMatch | ((failure: Failure, history: RestartHistory) => boolean)
      /** Passed over once it has decided so often; starts anew when the history is forgotten. @defaultValue Infinity */
      atMost?: number
    })
  | RestartDecision

/** What a policy may answer. */
export type Verdict =
  | { do: 'restart'; delayMs: number; resourceLimits?: ResourceLimits }
  /** `until`: ms since the epoch. */
  | { do: 'park'; until: number; why: string }
  | { do: 'blacklist'; why: string }
  | { do: 'stop'; why: string }
  | { do: 'escalate'; why: string }

/**
 * A policy of one's own. It gets copies that cannot be changed. Its verdict stands, whatever the limits; with no verdict, and where it throws or answers with something
 * else, `policies.default` decides.
 */
export type RestartDecision = (failure: Failure, history: RestartHistory) => Verdict | undefined

/** Data or function. */
export type RestartPolicy = RestartRules | RestartDecision

/** One restart, as the supervisor remembers it. */
export interface Restart {
  /** When it was decided, in ms of active time: a clock that stands still while the worker waits or is down. */
  at: number
  /** The worker had not become ready. */
  startup: boolean
}

/** What happened before, since the history was last forgotten. */
export interface RestartHistory {
  /** Oldest first. */
  restarts: readonly Restart[]
  /** Now, on the clock of the restarts. */
  now: number
  /** How often each rule has decided, by its place in the list. */
  uses: Readonly<Record<number, number>>
}

/** A verdict, and how it came about. */
export interface Judgement {
  verdict: Verdict
  /** The place of the rule that decided, or null. */
  rule: number | null
  /** What rules threw, or wrongly answered; they were passed over. */
  problems: unknown[]
}

const defaults = {
  mode: 'transient',
  maxRestarts: 3,
  withinMs: Number.POSITIVE_INFINITY,
  resetAfterMs: 30_000,
  backoff: { immediate: 1, initialMs: 2_000, factor: 2, maxMs: 300_000, jitter: 0 },
} as const

/** Start errors that another try cannot mend. */
const hopeless = new Set<string>(['WORKER_MODULE_NOT_FOUND', 'WORKER_MODULE_INVALID', 'WORKER_MODULE_TYPESCRIPT'] satisfies ErrorCode[])

/** Whether a worker's module cannot be loaded: no other try mends that before its files change. Rules of one's own are asked first. */
function isHopeless({ kind, error }: Failure): boolean {
  if (kind !== 'start-error' || !error) return false
  return hopeless.has(error.code ?? '') || (error.code === 'WORKER_MODULE_THREW' && error.details?.stage === 'load')
}

/** Whether it was the worker's module that failed, by being loaded or while it was imported. */
export function isModuleFailure({ kind, error }: Failure): boolean {
  return kind === 'start-error' && (error?.code?.startsWith('WORKER_MODULE_') ?? false)
}

/** Ready-made policies. */
export const policies = {
  /** At once, after 2 s, after 4 s, then blacklisted; forgotten after 30 s up. */
  default: defaults,
  /** As an OTP supervisor's own defaults: at once, at most one restart within 5 s. */
  otp: {
    mode: 'permanent',
    maxRestarts: 1,
    withinMs: 5_000,
    resetAfterMs: Number.POSITIVE_INFINITY,
    backoff: { immediate: 0, initialMs: 0, factor: 1, maxMs: 0, jitter: 0 },
  },
  /** As a pod with `restartPolicy: Always`: at once, after 10 s, doubling to 5 minutes, never given up; forgotten after 10 minutes up. */
  kubernetes: {
    mode: 'permanent',
    maxRestarts: Number.POSITIVE_INFINITY,
    withinMs: Number.POSITIVE_INFINITY,
    resetAfterMs: 600_000,
    backoff: { immediate: 1, initialMs: 10_000, factor: 2, maxMs: 300_000, jitter: 0 },
  },
  /** Never restarted: the first failure is final. */
  never: { ...defaults, mode: 'temporary' },
} as const satisfies Record<string, RestartRules>

/**
 * One policy out of several: their rules are asked in order, and every other option is that of the first one that has it.
 *
 * @example
 * composePolicy(
 *   { rules: [{ when: { code: 'INVALID_API_KEY' }, do: 'blacklist', why: 'its key is invalid' }] },
 *   (failure) => (failure.tasks.length === 0 ? { do: 'restart', delayMs: 0 } : undefined),
 *   policies.kubernetes,
 * )
 */
export function composePolicy(...parts: RestartPolicy[]): RestartRules {
  const composed: RestartRules = {}
  for (const part of [...parts].reverse()) if (typeof part === 'object') Object.assign(composed, part)
  return { ...composed, rules: parts.flatMap(rulesOf) }
}

function rulesOf(policy: RestartPolicy): readonly RestartRule[] {
  return typeof policy === 'function' ? [policy] : (policy.rules ?? [])
}

/** A policy with its defaults. */
export interface FilledPolicy extends Required<Omit<RestartRules, 'backoff' | 'startup' | 'parole'>> {
  backoff: Required<NonNullable<RestartLimits['backoff']>>
  startup: Pick<FilledPolicy, 'maxRestarts' | 'withinMs' | 'backoff'> | null
  parole: { afterMs: number } | null
}

export function filledPolicy(policy: RestartPolicy): FilledPolicy {
  const given: RestartRules = typeof policy === 'function' ? {} : policy
  const running = { ...defaults, ...given, backoff: { ...defaults.backoff, ...given.backoff } }
  const { maxRestarts, withinMs } = running
  const startup = given.startup && { maxRestarts, withinMs, ...given.startup, backoff: { ...running.backoff, ...given.startup.backoff } }
  return { ...running, rules: rulesOf(policy), startup: startup ?? null, parole: given.parole ?? null }
}

/** Whether a worker went down before it was ready. */
export function atStartup({ uptimeMs, kind }: Failure): boolean {
  return kind === 'start-timeout' || kind === 'start-error' || (uptimeMs === null && kind !== 'orphaned')
}

/**
 * The verdict on one failure.
 *
 * @param random where jitter comes from, 0 to 1
 * @throws never; a rule that throws is passed over and reported among the problems
 * @see OTP supervisor, "Maximum restart intensity"
 * @example
 * judge(failure, { restarts: [], now: 30, uses: {} }, policies.default).verdict // { do: 'restart', delayMs: 0 }
 */
export function judge(failure: Failure, history: RestartHistory, policy: RestartPolicy, random: () => number = Math.random): Judgement {
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

/** What functions of the user's get to see: copies, so that nothing they do to it is done to the worker's memory. */
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

/** What a function answers, if it is a verdict. */
function own(rule: RestartDecision, { failure, history }: Shown): Verdict | null {
  const verdict = rule(failure, history)
  if (verdict === undefined || verdict === null) return null
  const { do: what } = verdict
  if (what === 'restart' && !(Number.isFinite(verdict.delayMs) && verdict.delayMs >= 0)) {
    throw new TypeError(`a restart rule answered with delayMs ${String(verdict.delayMs)}: 0 or more is allowed`)
  }
  if (what === 'park' && !Number.isFinite(verdict.until)) throw new TypeError('a restart rule answered with park, but not until when')
  if (!['restart', 'park', 'blacklist', 'stop', 'escalate'].includes(what)) {
    throw new TypeError(`a restart rule answered with do: ${String(what)}`)
  }
  return what === 'restart' ? verdict : { ...verdict, why: String(verdict.why ?? failure.message) }
}

/** What a rule as data says, or null if it is not about this failure. */
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
    const window = Number.isFinite(withinMs) ? ` within ${withinMs} ms` : ''
    const when = startup && policy.startup ? ' to start' : ''
    return { do: 'blacklist', why: `failed${when} ${recent + 1} times${window}, last: ${failure.kind}` }
  }
  const waits = recent - backoff.immediate
  return { do: 'restart', delayMs: waits < 0 ? 0 : backoffDelay(backoff, waits, random) }
}
