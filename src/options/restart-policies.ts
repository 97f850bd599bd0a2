import { argumentError } from '../validation/arguments.js'
import type { RestartLimits, RestartPolicy, RestartRule, RestartRules } from './restart.js'

const defaults = {
  mode: 'transient',
  maxRestarts: 3,
  withinMs: Number.POSITIVE_INFINITY,
  resetAfterMs: 30_000,
  backoff: { immediate: 1, initialMs: 2_000, factor: 2, maxMs: 300_000, jitter: 0 },
} as const

/** Ready-made policies. */
export const policies = {
  /** Restarts at once, after 2 s, after 4 s; then blacklisted. Failures are forgotten after 30 s up. */
  default: defaults,
  /** The defaults of an OTP supervisor: restarts at once, at most one within 5 s. */
  otp: {
    mode: 'permanent',
    maxRestarts: 1,
    withinMs: 5_000,
    resetAfterMs: Number.POSITIVE_INFINITY,
    backoff: { immediate: 0, initialMs: 0, factor: 1, maxMs: 0, jitter: 0 },
  },
  /**
   * As a pod with `restartPolicy: Always`: restarts at once, after 10 s, doubling to 5 minutes; never given up. Failures are
   * forgotten after 10 minutes up.
   */
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
 * Combines several policies: their rules are asked in order; every other option comes from the first policy that has it.
 *
 * @throws DroverError ARGUMENT_INVALID for what is no policy
 * @example
 * composePolicy(
 *   { rules: [{ when: { code: 'INVALID_API_KEY' }, do: 'blacklist', why: 'its key is invalid' }] },
 *   (failure) => (failure.tasks.length === 0 ? { do: 'restart', delayMs: 0 } : undefined),
 *   policies.kubernetes,
 * )
 */
export function composePolicy(...parts: RestartPolicy[]): RestartRules {
  for (const part of parts as unknown[])
    if (typeof part !== 'function' && (typeof part !== 'object' || part === null))
      throw argumentError('a policy', 'an object or a function', part)
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
