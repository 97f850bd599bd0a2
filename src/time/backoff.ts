/** Exponential backoff, the one formula for restarts and for tasks. */

interface BackoffShape {
  initialMs: number
  factor: number
  maxMs: number
  jitter: number
}

/**
 * The n-th wait in ms, n from 0: `min(max, initial * factor^n)`, minus a random share of at most `jitter`. Jitter is inside the
 * cap (Pekko adds it after the cap and can exceed it).
 */
export function backoffDelay({ initialMs, factor, maxMs, jitter }: BackoffShape, n: number, random: () => number = Math.random): number {
  // Capped, because 0 times infinity is not 0.
  const full = Math.min(maxMs, initialMs * Math.min(Number.MAX_VALUE, factor ** n))
  return Math.round(full * (1 - jitter * random()))
}
