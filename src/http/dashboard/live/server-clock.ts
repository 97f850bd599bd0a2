/** The time by the server's clock. */
import { serverAheadMs } from '../data/server-time.js'

let aheadMs = 0

/** Ms since the epoch. */
export const serverNow = (): number => Date.now() + aheadMs

/** Takes the server's time from an answer to a request that was sent at this time of the browser's clock. */
export function noteServerTime(answer: Response, askedAt: number): void {
  aheadMs = serverAheadMs(answer.headers.get('date'), askedAt, Date.now()) ?? aheadMs
}
