/** A quota's limits in a form: from the shown limits to the body of `PUT /quotas/:name`, without loss. */
import type { QuotaLimits } from '../../contract/quota.js'

export type Period = 'second' | 'minute' | 'hour' | 'day' | 'month' | 'ever' | number
export const periods = ['second', 'minute', 'hour', 'day', 'month', 'ever'] as const

/** One line of the form. `ever`: a budget. */
export interface LimitRow {
  unit: string
  limit: number
  per: Period
  /** Days and months only. */
  timeZone: string | null
  /** Makes a sliding window a bucket of that size. */
  burst: number | null
}

export interface Limits {
  rows: LimitRow[]
  concurrency: number | null
  within: string[]
  adapt: Adapt
}

type Adapt = NonNullable<QuotaLimits['adapt']>
type Limit = { limit: number; per: Period; timeZone?: string | undefined; burst?: number | undefined }

/** Those of a quota, as they are configured. */
export function limitsOf({ burst, concurrency, within = [], budget = {}, adapt = false, ...units }: QuotaLimits): Limits {
  const rows = Object.entries(units).flatMap(([unit, limits]) =>
    [limits as Limit | Limit[]].flat().map(({ limit, per, timeZone = null, burst: own }): LimitRow => {
      const size = own ?? (unit === 'requests' && !isCalendar(per) ? burst : undefined)
      return { unit, limit, per, timeZone, burst: size ?? null }
    }),
  )
  const caps = Object.entries(budget).map(([unit, limit]): LimitRow => ({ unit, limit, per: 'ever', timeZone: null, burst: null }))
  return { rows: [...rows, ...caps], concurrency: concurrency ?? null, within: [within].flat(), adapt }
}

const isCalendar = (per: Period): boolean => per === 'day' || per === 'month'

/** What the server takes: all limits of a quota. */
export function optionsOf({ rows, concurrency, within, adapt }: Limits): Record<string, unknown> {
  const units: Record<string, unknown[]> = {}
  const budget: Record<string, number> = {}
  for (const { unit, limit, per, timeZone, burst } of rows) {
    if (per === 'ever') budget[unit] = limit
    else {
      units[unit] ??= []
      const calendar = isCalendar(per)
      units[unit].push({ limit, per, ...(calendar && timeZone && { timeZone }), ...(!calendar && burst !== null && { burst }) })
    }
  }
  return {
    ...units,
    ...(Object.keys(budget).length > 0 && { budget }),
    ...(concurrency !== null && { concurrency }),
    ...(within.length > 0 && { within }),
    ...(adapt && { adapt }),
  }
}
