/**
 * Timeouts that stand still while this process does. A process that was suspended, or whose event loop was blocked, finds its
 * timers due when it wakes, and would hold against its threads a time in which they could not run either, or in which nobody
 * listened to them. So a wait is slept in pieces, and a piece that took too long counts for little more than its length.
 */

const pieces = 10
/** Shorter pieces are not worth their timers. */
const leastMs = 20
/** No timer of Node.js is longer than 2^31 - 1 ms: it would fire at once. */
const mostMs = 86_400_000

/** Calls `callback` after so many ms for which this process was there; Infinity: never. The answer calls it off. */
export function patientTimeout(callback: () => void, ms: number): () => void {
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
  }
  sleep()
  return () => clearTimeout(timer)
}

/** The same in the shape that XState takes. */
export const patientClock = {
  setTimeout: patientTimeout,
  clearTimeout: (cancel: (() => void) | undefined): void => cancel?.(),
}

/** A scan that comes later than this many intervals counts as so many. */
const latestScan = 1.5

/** What a scan counts for. */
export function countedMs(elapsedMs: number, everyMs: number): number {
  return Math.max(0, Math.min(elapsedMs, everyMs * latestScan))
}
