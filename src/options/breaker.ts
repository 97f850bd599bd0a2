import type * as v from 'valibot'
import { group, milliseconds, numbers, oneOf, option, over0, type Schema, under1 } from '../validation/schema-pieces.js'
import { filled } from './fill-defaults.js'

/**
 * When a lane stops starting tasks because its attempts fail, so that an endpoint that is down, or a mistake in the worker, does
 * not use up the attempts of every task. The lane waits, then tries one task. If the task succeeds, the lane continues; otherwise
 * it waits twice as long. Only the tried task is charged an attempt. Opening emits `lane:breaker:opened` and shows in the log and
 * in the worker's status.
 */
export interface BreakerOptions {
  /**
   * A whole number: opens after this many failed attempts in a row with the same error. A share, more than 0 and less than 1:
   * opens when this share of at least 20 attempts failed, with any error. Older attempts than {@link withinMs} do not count.
   * @defaultValue 20
   */
  failures?: number
  /** Attempts older than this do not count. In whole milliseconds, at least 1. @defaultValue 60_000 for a share; unlimited for a number */
  withinMs?: number
  /**
   * `'park'`: the worker gives back its thread and its slot and continues by itself; `done()` waits for it. `'pause'`: the worker
   * gives them back too, and is paused until `resume`, as when its budget is spent; `done()` waits for it only while a status server is attached.
   * @defaultValue 'park'
   */
  do?: 'park' | 'pause'
  /** The first wait, in whole milliseconds, at least 1; each further wait is twice the one before. @defaultValue 5_000 */
  forMs?: number
  /** The longest wait, in whole milliseconds. At least {@link forMs}. @defaultValue 300_000, or forMs if that is more */
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

/** The default for a share. */
const shareWithinMs = 60_000

/** {@link BreakerOptions} with its defaults filled in. */
export interface CompiledBreaker {
  failures: number
  /** Infinity: attempts of any age count. */
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
