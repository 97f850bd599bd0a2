/** A quota's report as it is shown. */

import type { QuotaReport } from '../../actors/system/quota-report.js'
import type { Quota, QuotaLimits } from '../contract/quota.js'
import { finite } from './finite.js'

/** @param takers the workers that take from it, and when the first parked one goes on */
export function presentQuota(
  { waitMs, available, backlogAt: _, limits, ...report }: QuotaReport,
  { workers, parkedUntil }: Pick<Quota, 'workers' | 'parkedUntil'>,
): Quota {
  return {
    ...report,
    limits: limits as QuotaLimits,
    waitMs: finite(waitMs),
    available: finite(available),
    workers,
    parkedUntil,
  }
}
