/** How far the server's clock is ahead of the browser's: ages and waits are counted by the server's. */

/** The header says whole seconds, and clocks that differ by less are the same to a reader. */
const sameMs = 2_000

/**
 * @param date the header `date` of an answer
 * @param askedAt when the request was sent, and
 * @param answeredAt when its answer came, by the browser's clock
 * @returns in ms; 0 if the clocks agree as far as can be known; null: there is no such header
 */
export function serverAheadMs(date: string | null, askedAt: number, answeredAt: number): number | null {
  const server = Date.parse(date ?? '')
  if (Number.isNaN(server)) return null
  const aheadMs = server + 500 - (askedAt + answeredAt) / 2
  return Math.abs(aheadMs) <= sameMs + (answeredAt - askedAt) / 2 ? 0 : aheadMs
}
