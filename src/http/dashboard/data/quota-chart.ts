/** Quotas as charts show them. */
import type { Quota, QuotaSample } from '../../contract/quota.js'
import { duration, number } from '../format.js'
import type { ChartData } from './chart.js'
import { limitsOf } from './limits.js'

type Window = Quota['windows'][number]

/** The name of a window, as `waitsFor` and the history say it. */
export const windowName = ({ unit, per }: Pick<Window, 'unit' | 'per'>): string => `${unit}/${per}`

/** The same for people: `requests per day (Europe/Berlin)`, `cost budget`. */
export function windowLabel({ unit, per }: Pick<Window, 'unit' | 'per'>): string {
  if (per === 'ever') return `${unit} budget`
  const [length, zone] = per.split(' ')
  if (zone === 'ms') return `${unit} per ${duration(Number(length))}`
  return zone === undefined ? `${unit} per ${length}` : `${unit} per ${length} (${zone})`
}

/** The limit of a window as it is configured: `windows` has those that a provider's refusals have slowed down. */
function configuredLimit({ windows, limits }: Pick<Quota, 'windows' | 'limits'>, window: Window): number {
  const row = limitsOf(limits).rows[windows.indexOf(window)]
  return row?.unit === window.unit ? row.limit : window.limit
}

/**
 * How much of a window is used, as a person who configured it counts: `1,200 of 3,000`. A bucket has no count of its length, only
 * what is missing from its burst: `3,000`, and that apart.
 */
export function usageOf(quota: Pick<Quota, 'windows' | 'limits'>, window: Window): { amount: string; note: string | null } {
  const limit = configuredLimit(quota, window)
  const slowed = window.limit < limit ? `slowed to ${number(window.limit)}` : null
  if (window.burst === null) return { amount: `${number(window.used)} of ${number(limit)}`, note: slowed }
  const burst = `${number(Math.round(window.used))} of a burst of ${number(window.burst)} in use`
  return { amount: number(limit), note: [slowed, burst].filter(Boolean).join('; ') }
}

/** Of its limit, 0 to 100. A bucket counts by what it can hold. */
export const percentUsed = ({ used, limit, burst }: Window): number => Math.min(100, (100 * used) / (burst ?? limit))

/** How much of each window was used, in percent of today's limits: windows of any size fit into one chart. */
export function usedOverTime(samples: readonly QuotaSample[], { windows }: Pick<Quota, 'windows'>): ChartData {
  return {
    at: samples.map(({ at }) => at),
    series: windows.map((window) => ({
      name: window.burst === null ? windowLabel(window) : `burst of ${windowLabel(window)}`,
      values: samples.map(({ used }) => {
        const amount = used[windowName(window)]
        return amount === undefined ? null : Math.round((1_000 * amount) / (window.burst ?? window.limit)) / 10
      }),
    })),
  }
}

/** Requests in line and calls in flight; the history has the latter only for quotas with `concurrency`. */
export function lineOverTime(samples: readonly QuotaSample[], { concurrency }: Pick<Quota, 'concurrency'>): ChartData {
  const waiting = { name: 'waiting', values: samples.map((sample) => sample.waiting) }
  const inFlight = { name: 'in flight', values: samples.map((sample) => sample.inFlight) }
  return { at: samples.map(({ at }) => at), series: concurrency === null ? [waiting] : [waiting, inFlight] }
}

/** Grants between two samples, as a rate per minute; a counter that starts again counts as 0. */
export function grantedPerMinute(samples: readonly QuotaSample[]): ChartData {
  const rates = samples.slice(1).map(({ at, granted }, index) => {
    const before = samples[index] as QuotaSample
    const minutes = (at - before.at) / 60_000
    return minutes > 0 ? Math.round((10 * Math.max(0, granted - before.granted)) / minutes) / 10 : null
  })
  return { at: samples.slice(1).map(({ at }) => at), series: [{ name: 'granted per minute', values: rates }] }
}
