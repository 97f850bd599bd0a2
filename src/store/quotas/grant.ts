import type { Amounts, QuotaGrant } from '../contract/quotas.js'
import type { Quota } from './quota.js'
import { longestSlackMs, type Moment } from './windows/open-window.js'

/** No more than such a share of what there is goes to one client ahead of its use. */
const aheadShare = 4

/** Of one in line. */
interface Asked {
  amounts: Amounts
  times: number
  seq: number
  needsMs?: number
}

/**
 * Takes what one in line is granted: once, or as often as it asked for, if nothing speaks against taking ahead.
 *
 * @param scopes the quota and all that it is within
 * @param shared whether somebody else waits for any of them
 * @param machineNow the machine's monotonic clock, in ms: from then on the grant may be used for its slack
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
  // What a call uses beyond what it was granted must be known before the next one goes.
  const foreseen = scopes.every((scope) => scope.windows.every(({ unit }) => amounts[unit] !== undefined))
  const alone = !inFlight && foreseen && !shared
  const most = alone ? Math.floor(Math.min(...scopes.map((scope) => scope.timesNow(amounts, at, slackMs))) / aheadShare) : 1
  const times = Math.max(1, Math.min(asked.times, most))
  const booked: QuotaGrant['booked'] = {}
  for (const scope of scopes) scope.take(amounts, times, at, slackMs, booked)
  return { quota, amounts, times, booked, place: seq, slackMs, expiresAt: machineNow + slackMs, inFlight }
}
