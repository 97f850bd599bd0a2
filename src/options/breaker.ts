import type * as v from 'valibot'
import { group, milliseconds, numbers, oneOf, option, over0, type Schema, under1 } from '../validation/pieces.js'
import { filled } from './fill-defaults.js'

/**
 * When a lane stops beginning tasks because its attempts fail, so that an endpoint that is down, or a mistake in the worker, does not use up the
 * attempts of every task. It waits, then tries one task: if that succeeds it goes on, else it waits for twice as long. The task that is tried pays for
 * its attempt, the others do not. It is told of as `lane:breaker:opened`, in the log and in the worker's status.
 */
export interface BreakerOptions {
  /**
   * A whole number: it opens when so many attempts in a row failed with one error. A share, more than 0 and less than 1: when so many of the attempts within
   * {@link withinMs}, of at least 20, failed with whatever error. @defaultValue 20
   */
  failures?: number
  /** Attempts longer ago do not count, in whole milliseconds, at least 1. @defaultValue 60_000 for a share; for a number they count however long ago */
  withinMs?: number
  /**
   * `'park'`: the worker gives its thread and its slot back, and goes on by itself; `done()` waits for it. `'pause'`: it stays paused until
   * `resume`, as one whose budget is spent; `done()` does not wait for that unless somebody is there to do it. @defaultValue 'park'
   */
  do?: 'park' | 'pause'
  /** The first wait, in whole milliseconds, at least 1; each is twice the one before. @defaultValue 5_000 */
  forMs?: number
  /** No wait is longer, in whole milliseconds. At least {@link forMs}. @defaultValue 300_000, or forMs if that is more */
  maxMs?: number
}

export const breaker = group(
  {
    failures: option(
      numbers(
        'a whole number, at least 1, or a share, more than 0 and less than 1',
        { min: 1, max: Number.MAX_SAFE_INTEGER, whole: true },
        { min: over0, max: under1, whole: false },
      ),
      20,
    ),
    withinMs: option(milliseconds(1)),
    do: option(oneOf('park', 'pause'), 'park'),
    forMs: option(milliseconds(1), 5_000),
    maxMs: option(milliseconds(1), 300_000),
  } satisfies Schema<BreakerOptions>,
  'true, false or an object: { failures, withinMs, do, forMs, maxMs }',
)

/** That of a share. */
const shareWithinMs = 60_000

/** {@link BreakerOptions} with its defaults filled in. */
export interface CompiledBreaker {
  failures: number
  /** Infinity: however long. */
  withinMs: number
  do: 'park' | 'pause'
  forMs: number
  maxMs: number
}

export type CheckedBreaker = v.InferOutput<typeof breaker> | boolean | undefined

export function compileBreaker(system: CheckedBreaker, worker: CheckedBreaker): CompiledBreaker | null {
  if ((worker ?? system) === false) return null
  const layers = [system, worker].map((layer) => (typeof layer === 'object' ? layer : undefined))
  const { failures, do: what, forMs, maxMs } = filled<Omit<CompiledBreaker, 'withinMs'>>(breaker.defaults, ...layers)
  const withinMs = layers[1]?.withinMs ?? layers[0]?.withinMs ?? (failures < 1 ? shareWithinMs : Number.POSITIVE_INFINITY)
  return { failures, withinMs, do: what, forMs, maxMs: Math.max(forMs, maxMs) }
}
