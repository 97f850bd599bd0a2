/** A quota's report as it is shown. */

import type { QuotaReport } from '../../actors/system/quota-report.js'
import type { WorkerGlance } from '../../actors/system/status.js'
import type { Quota, QuotaLimits } from '../contract/quota.js'
import { finite } from './finite.js'

/** @param workers those that take from it */
export function presentQuota(
  { waitMs, available, backlogAt: _, limits, ...report }: QuotaReport,
  workers: readonly Pick<WorkerGlance, 'id' | 'state' | 'until'>[],
): Quota {
  const wakes = workers.flatMap(({ state, until }) => (state === 'parked' && until !== null ? [until] : []))
  return {
    ...report,
    limits: limits as QuotaLimits,
    waitMs: finite(waitMs),
    available: finite(available),
    workers: workers.map(({ id }) => id),
    parkedUntil: wakes.length > 0 ? Math.min(...wakes) : null,
  }
}
