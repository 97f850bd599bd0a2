/** Quotas as charts show them. */
import type { Quota, QuotaSample } from '../../contract/quota.js'
import type { ChartData } from './chart.js'

type Window = Quota['windows'][number]

/** The name of a window, as `waitsFor` and the history say it. */
export const windowName = ({ unit, per }: Pick<Window, 'unit' | 'per'>): string => `${unit}/${per}`

/** The same for people: `requests per day (Europe/Berlin)`, `cost budget`. */
export function windowLabel({ unit, per }: Pick<Window, 'unit' | 'per'>): string {
  if (per === 'ever') return `${unit} budget`
  const [length, zone] = per.split(' ')
  if (zone === 'ms') return `${unit} per ${per}`
  return zone === undefined ? `${unit} per ${length}` : `${unit} per ${length} (${zone})`
}

/** Of its limit, 0 to 100. A bucket counts by what it can hold. */
export const percentUsed = ({ used, limit, burst }: Window): number => Math.min(100, (100 * used) / (burst ?? limit))

/** How much of each window was used, in percent of today's limits: windows of any size fit into one chart. */
export function usedOverTime(samples: readonly QuotaSample[], { windows }: Pick<Quota, 'windows'>): ChartData {
  return {
    at: samples.map(({ at }) => at),
    series: windows.map((window) => ({
      name: windowLabel(window),
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
