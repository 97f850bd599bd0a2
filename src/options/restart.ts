import type { Failure, FailureKind } from '../failure.js'
import type { ResourceLimits } from './isolation.js'

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
      /** Which failures it is about: all fields of the match fit, or the function says so. */
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
