/** The wait before the next attempt. */

const firstMs = 250
const longestMs = 15_000

/**
 * Doubles with each failure; the random part is within the cap.
 *
 * @param failures in a row, 1 or more
 * @param random 0 up to 1
 */
export function backoffMs(failures: number, random: number): number {
  const most = Math.min(longestMs, firstMs * 2 ** Math.min(failures, 20))
  return most / 2 + (random * most) / 2
}
