/** Opens a window of any kind; see `meter.ts`. */

import type { QuotaWindow } from '../../contract/quotas.js'
import { BucketWindow } from './bucket.js'
import { CalendarWindow } from './calendar.js'
import type { Moment, QuotaWindowMeter, WindowState } from './meter.js'
import { SlidingWindow } from './sliding.js'
import { TotalWindow } from './total.js'

export { longestSlackMs, type Moment, perOf, type QuotaWindowMeter, type WindowState } from './meter.js'

/**
 * A window by its configuration, with its stored state.
 *
 * @param state null if it was never used; of another kind after a changed configuration: its used amounts are taken over
 * @param share the share of the limit; calendar windows and budgets always use all of it
 */
export function openWindow(window: QuotaWindow, state: WindowState | null, { now, wall }: Moment, share = 1): QuotaWindowMeter {
  const { per } = window
  if (per === 'ever') return new TotalWindow(window, state)
  if (typeof per !== 'number') return new CalendarWindow(window, per.calendar, per.timeZone, state, wall)
  if (window.burst === null) return new SlidingWindow(window, per, state, now, share)
  return new BucketWindow(window, per, window.burst, state, now, share)
}
