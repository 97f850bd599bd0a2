/**
 * The most that limits allow, for a perfect client. Taking as early as possible always takes the most under any limits, so the
 * span is simulated in that way.
 */

import type { Rule } from './limits.js'
import { createMeter, tolerance } from './meter.js'

/** Amounts other than requests are taken in steps of such a share of the smallest limit. */
const finest = 1_000

/**
 * The most that fits into a span, from `from` up to but without `to`, if nothing was used before. Infinity without limits.
 *
 * @param rules all of one unit
 */
export function possible(rules: readonly Rule[], from: number, to: number): number {
  if (rules.length === 0) return Number.POSITIVE_INFINITY
  const smallest = Math.min(...rules.map((rule) => (rule.kind === 'bucket' ? Math.min(rule.limit, rule.size) : rule.limit)))
  const step = rules[0]?.unit === 'requests' ? 1 : Math.max(1, Math.floor(smallest / finest))
  const meters = rules.map(createMeter)
  let total = 0
  for (let now = from; now < to; ) {
    const wait = Math.max(...meters.map((meter) => meter.waitMs(step, now)))
    if (wait > 0) {
      now += wait
      continue
    }
    const amount = Math.max(step, Math.floor(Math.min(...meters.map((meter) => meter.room(now))) + tolerance))
    for (const meter of meters) meter.take(amount, now)
    total += amount
  }
  return total
}
