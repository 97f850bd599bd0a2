import type { Amounts, QuotaGrant } from '../contract/quotas.js'
import type { Quota } from './quota.js'
import { longestSlackMs, type Moment } from './windows/open-window.js'

/** The largest part (1/n) of the room that one client may take ahead. */
const aheadShare = 4

/** The request of a waiter. */
interface Asked {
  amounts: Amounts
  times: number
  seq: number
  needsMs?: number
}

/**
 * Takes a grant for a waiter: once, or as often as requested if taking ahead is allowed.
 *
 * @param scopes the quota and all quotas that it is within
 * @param shared whether another request waits for any of them
 * @param machineNow the machine's monotonic clock in ms: the grant may be used for its slack from then on
 */
export function takeGrant(
  asked: Asked,
  quota: string,
  scopes: readonly Quota[],
  shared: boolean,
  at: Moment,
  machineNow: number,
): QuotaGrant {
  const { amounts, seq, needsMs = 0 } = asked
  const inFlight = scopes.some(({ spec }) => spec.concurrency !== null)
  const slackMs = Math.min(longestSlackMs, Math.max(needsMs, Math.min(...scopes.map((scope) => scope.slackMs))))
  // The amount that a call uses beyond its grant must be known before the next call.
  const foreseen = scopes.every((scope) => scope.windows.every(({ unit }) => amounts[unit] !== undefined))
  const alone = !inFlight && foreseen && !shared
  const most = alone ? Math.floor(Math.min(...scopes.map((scope) => scope.timesNow(amounts, at, slackMs))) / aheadShare) : 1
  const times = Math.max(1, Math.min(asked.times, most))
  const booked: QuotaGrant['booked'] = {}
  for (const scope of scopes) scope.take(amounts, times, at, slackMs, booked)
  return { quota, amounts, times, booked, place: seq, slackMs, expiresAt: machineNow + slackMs, inFlight }
}
