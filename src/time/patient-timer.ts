/**
 * Timeouts that stand still while this process does. After a suspension or a blocked event loop, ordinary timers are due at once,
 * although the threads could not run or were not heard in that time. So a wait is split into pieces, and a late piece counts for
 * little more than its length.
 */

const pieces = 10
/** The shortest piece. */
const leastMs = 20
/** The longest piece; a timer of Node.js beyond 2^31 - 1 ms would fire at once. */
const mostMs = 86_400_000

/**
 * Calls `callback` after `ms` in which this process ran; Infinity: never.
 *
 * @param ref whether it keeps the process alive
 * @returns a function that cancels it
 */
export function patientTimeout(callback: () => void, ms: number, { ref = true } = {}): () => void {
  if (ms === Number.POSITIVE_INFINITY) return () => {}
  const pieceMs = Math.min(mostMs, Math.max(leastMs, ms / pieces))
  let left = ms
  let timer: NodeJS.Timeout
  const sleep = (): void => {
    const length = Math.min(pieceMs, left)
    const from = performance.now()
    timer = setTimeout(() => {
      left -= Math.max(1, countedMs(performance.now() - from, length))
      if (left > 0) sleep()
      else callback()
    }, length)
    if (!ref) timer.unref()
  }
  sleep()
  return () => clearTimeout(timer)
}

/** The same in the form that XState needs. */
export const patientClock = {
  setTimeout: patientTimeout,
  clearTimeout: (cancel: (() => void) | undefined): void => cancel?.(),
}

/** The most intervals that a late scan counts for. */
const latestScan = 1.5

/** The counted length of a scan's interval, in ms. */
export function countedMs(elapsedMs: number, everyMs: number): number {
  return Math.max(0, Math.min(elapsedMs, everyMs * latestScan))
}
