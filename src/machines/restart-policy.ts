/**
 * Decides what happens after a worker went down. Pure: the caller brings the clock and keeps the history, so a year of
 * crashes can be tested in a millisecond.
 */
import type { ErrorCode } from '../errors.js'
import { backoffDelay } from './backoff.js'
import type { Failure } from './failure.js'

/** When a worker that ended is started again, as in OTP. `transient`: only after a failure; `temporary`: never. */
export type RestartMode = 'permanent' | 'transient' | 'temporary'

/** A restart policy as data; every part has a default. */
export interface RestartRules {
  /** @defaultValue 'transient': a worker that completed its tasks stays down */
  mode?: RestartMode
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
  /** How many restarts within {@link withinMs} are tolerated; one more and the worker is blacklisted. @defaultValue 3 */
  maxRestarts?: number
  /**
   * Length of the sliding window in ms, inclusive as in OTP. Time spent in backoff is left out of it, so that giving up
   * stays reachable however long the waits grow. `Infinity`: restarts count until {@link resetAfterMs} forgets them.
   * @defaultValue Infinity
   */
  withinMs?: number
  /** Up for so long, and the history is forgotten. @defaultValue 30_000 */
  resetAfterMs?: number
}

/** What a policy may answer. */
export type Verdict = { do: 'restart'; delayMs: number } | { do: 'blacklist'; why: string } | { do: 'stop'; why: string }

/** A policy of one's own. Gets the failure and the restarts before it; a throw counts as `policies.default`. */
export type RestartDecision = (failure: Failure, history: RestartHistory) => Verdict

/** Data or function. */
export type RestartPolicy = RestartRules | RestartDecision

/** The restarts so far, as the supervisor remembers them. */
export interface RestartHistory {
  /** When each earlier restart was decided, oldest first, in ms of active time: a clock that stands still in backoff. */
  restarts: readonly number[]
  /** Now, on the same clock. */
  now: number
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

/** Ready-made policies. */
export const policies = {
  /** At once, after 2 s, after 4 s, then blacklisted; forgotten after 30 s up. */
  default: defaults,
  /** Never restarted: the first failure is final. */
  never: { ...defaults, mode: 'temporary' },
} as const satisfies Record<string, RestartRules>

/** How long a worker must be up for its restarts to be forgotten. */
export function resetAfterMs(policy: RestartPolicy): number {
  return typeof policy === 'function' ? defaults.resetAfterMs : (policy.resetAfterMs ?? defaults.resetAfterMs)
}

/**
 * The verdict on one failure.
 *
 * @param random where jitter comes from, 0 to 1
 * @throws never; a policy function that throws is answered for by `policies.default`
 * @see OTP supervisor, "Maximum restart intensity"
 * @example
 * judge(failure, { restarts: [0, 10, 20], now: 30 }, policies.default) // { do: 'blacklist', why: 'failed 4 times ...' }
 */
export function judge(failure: Failure, history: RestartHistory, policy: RestartPolicy, random: () => number = Math.random): Verdict {
  if (failure.kind === 'unkillable') return { do: 'blacklist', why: 'its thread could not be ended' }
  if (failure.kind === 'start-error' && hopeless.has(failure.error?.code ?? '')) return { do: 'blacklist', why: failure.message }
  if (typeof policy === 'function') {
    try {
      return policy(failure, history)
    } catch {
      return judge(failure, history, defaults, random)
    }
  }
  const rules = { ...defaults, ...policy, backoff: { ...defaults.backoff, ...policy.backoff } }
  if (rules.mode === 'temporary') return { do: 'stop', why: 'its restart mode is temporary' }
  const recent = history.restarts.filter((at) => at >= history.now - rules.withinMs).length
  if (recent + 1 > rules.maxRestarts) {
    const window = Number.isFinite(rules.withinMs) ? ` within ${rules.withinMs} ms` : ''
    return { do: 'blacklist', why: `failed ${recent + 1} times${window}, last: ${failure.kind}` }
  }
  const waits = recent - rules.backoff.immediate
  return { do: 'restart', delayMs: waits < 0 ? 0 : backoffDelay(rules.backoff, waits, random) }
}
