import type { Failure, FailureKind } from '../failure.js'
import type { ResourceLimits } from './isolation.js'

/**
 * When a worker that ended is started again, as in OTP. `transient`: only after a failure; `permanent`: also after its `run`
 * returned; `temporary`: never.
 */
export type RestartMode = 'permanent' | 'transient' | 'temporary'

/** How often a worker restarts, and after which waits. */
export interface RestartLimits {
  /** Waits before restarts. @defaultValue `{ immediate: 1, initialMs: 2_000, factor: 2, maxMs: 300_000, jitter: 0 }` */
  backoff?: {
    /** Number of first restarts without a wait. */
    immediate?: number
    initialMs?: number
    factor?: number
    /** The longest wait, jitter included. */
    maxMs?: number
    /** Random share of a wait, 0 to 1: a wait w becomes a random one from w * (1 - jitter) to w. */
    jitter?: number
  }
  /**
   * How many restarts are allowed. One more, and the worker is blacklisted. `Infinity`: any number. Counted within
   * {@link withinMs}.
   * @defaultValue 3
   */
  maxRestarts?: number
  /**
   * Length of the sliding window in ms, inclusive as in OTP. Only time in which the worker has a thread or is parked counts: no
   * backoff, no wait for a slot, no time in which the worker or its host is down. So long waits cannot prevent blacklisting.
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
   * Failures are forgotten after this much time up (ms) since the last one. Time counts while a thread is ready, added up over
   * all threads (recycled, stopped and started again), and while the worker is parked in between. The time of a hang does not
   * count. `Infinity`: never. @defaultValue 30_000
   */
  resetAfterMs?: number
  /**
   * Separate limits for failures before the worker was ready; a missing option is that of the other failures. Without `startup`
   * all failures count together.
   */
  startup?: RestartLimits
  /** Asked in order; the first one that matches decides. @defaultValue none */
  rules?: readonly RestartRule[]
  /**
   * A blacklisted worker is started once more after `afterMs`, as a half-open circuit breaker lets one call through. At its next
   * failure it is blacklisted for good. A time up of {@link resetAfterMs} before that clears its record. @defaultValue none: it
   * stays down until reset
   */
  parole?: {
    /** Time on the blacklist before that start, in whole milliseconds, at least 1. */
    afterMs: number
  }
}

/** The failures that a rule applies to: every given field must match; a list matches if any of its entries does. */
export interface FailureMatch {
  kind?: FailureKind | readonly FailureKind[]
  /** The error's own `code`. */
  code?: string | readonly string[]
  /** The exit code of the thread or process. */
  exitCode?: number | readonly number[]
  /** true: only before the worker was ready; false: only after. */
  startup?: boolean
}

/** The action of a rule. */
export type RuleAction =
  /** Restarts within the policy's limits, after `delayMs` instead of the backoff, or with other heap limits from now on. */
  | {
      /** What is done about the failure; `escalate` stops the worker and passes the failure on to its supervisor. */
      do: 'restart'
      /** `restart` only: the wait before it, in whole milliseconds, instead of the backoff. */
      delayMs?: number
      /** `restart` only: heap limits of the thread from now on. */
      resourceLimits?: ResourceLimits
    }
  /** Releases thread and slot for this time. Does not count as a restart. */
  | {
      do: 'park'
      /** `park` only: for how long, in whole milliseconds, at least 1. */
      forMs: number
    }
  | {
      do: 'blacklist'
      /** `blacklist`, `stop` and `escalate`: the reason that the worker's status shows. @defaultValue the failure's message */
      why?: string
    }
  | { do: 'stop'; why?: string }
  /** Stops the worker and passes the failure on to its supervisor. */
  | { do: 'escalate'; why?: string }

/** A rule as data, or as a function that returns a verdict, or undefined to leave the decision to the next rule. */
export type RestartRule =
  | (RuleAction & {
      /** The failures it applies to, as fields that must match or as a function. */
      when: FailureMatch | ((failure: Failure, history: RestartHistory) => boolean)
      /** How often the rule may decide; counted anew when the history is forgotten. @defaultValue Infinity: as often as it matches */
      atMost?: number
    })
  | RestartDecision

/** A policy's decision. */
export type Verdict =
  | { do: 'restart'; delayMs: number; resourceLimits?: ResourceLimits }
  /** `until`: ms since the epoch, by the wall clock (`Date.now()`). */
  | { do: 'park'; until: number; why: string }
  | { do: 'blacklist'; why: string }
  | { do: 'stop'; why: string }
  | { do: 'escalate'; why: string }

/**
 * A policy as a function. It gets frozen copies, and the time of the failure as the wall clock shows it. Its verdict overrides the limits. If it returns undefined or an invalid verdict,
 * or throws, `policies.default` decides.
 */
export type RestartDecision = (failure: Failure, history: RestartHistory) => Verdict | undefined

/** Data or function. */
export type RestartPolicy = RestartRules | RestartDecision

/** One restart, as the supervisor remembers it. */
export interface Restart {
  /** Time of the decision, in ms of active time: a clock that stands still while the worker waits or is down. */
  at: number
  /** Whether the failure came before the worker was ready. */
  startup: boolean
}

/** Restarts and uses of rules since failures were last forgotten. */
export interface RestartHistory {
  /** Oldest first. */
  restarts: readonly Restart[]
  /** Now, on the clock of the restarts. */
  now: number
  /** How often each rule has decided, by its index. */
  uses: Readonly<Record<number, number>>
}
