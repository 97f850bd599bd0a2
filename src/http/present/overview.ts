/** The whole system in numbers, as it is shown. */

import type { SystemSums } from '../../actors/system/status.js'
import type { WorkerState } from '../../machines/lifecycle/states.js'
import type { Quota } from '../contract/quota.js'
import type { Overview } from '../contract/worker.js'
import { type About, attentionOf } from './attention.js'

/**
 * @param down the topmost of the supervisors that are down
 * @param now ms since the epoch
 */
export function presentOverview(
  status: SystemSums,
  workers: About & { size: number },
  down: readonly { supervisor: string; reason: string }[],
  quotas: readonly Quota[],
  now: number,
): Overview {
  const { state, states, done, dead, total, ratePerMinute, slots } = status
  return {
    system: state,
    states,
    workers: workers.size,
    done,
    dead,
    total,
    ratePerMinute: Math.round(ratePerMinute * 10) / 10,
    ...expectedEnd(status, quotas, now),
    slots,
    attention: attentionOf(status, workers, down, quotas),
  }
}

/** States from which work goes on by itself. Without a worker in one of them, no end is predicted. */
const goesOn: readonly WorkerState[] = ['queued', 'starting', 'running', 'parked', 'stuck', 'crashed', 'backoff']

/** Rounded to seconds, so that it stays the same while work goes as expected. */
function expectedEnd(
  { states, etaMs, done, dead, total }: SystemSums,
  quotas: readonly Quota[],
  now: number,
): Pick<Overview, 'doneAt' | 'doneBy'> {
  if (done + dead >= total || !goesOn.some((state) => states[state])) return { doneAt: null, doneBy: null }
  const byRate = etaMs === null ? null : now + etaMs
  const byQuota = Math.max(0, ...quotas.map(({ backlog }) => backlog.doneAt ?? 0))
  if (byQuota > (byRate ?? 0)) return { doneAt: toSecond(byQuota), doneBy: 'quota' }
  return byRate === null ? { doneAt: null, doneBy: null } : { doneAt: toSecond(byRate), doneBy: 'rate' }
}

const toSecond = (ms: number): number => Math.round(ms / 1_000) * 1_000
