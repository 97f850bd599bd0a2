/** A quota's limits as a form edits them: from how they are shown to what `PUT /quotas/:name` takes, and nothing lost between. */
import type { Quota } from '../../contract/quota.js'

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
  adapt: boolean
}

/** The system's own budget stands above every quota without being named. */
const unnamed = 'system budget'

export function limitsOf({ windows, concurrency, within, pace }: Pick<Quota, 'windows' | 'concurrency' | 'within' | 'pace'>): Limits {
  return {
    rows: windows.map(({ unit, limit, per, burst }) => ({ unit, limit, burst, ...periodOf(per) })),
    concurrency,
    within: within.filter((name) => name !== unnamed),
    adapt: pace < 1,
  }
}

function periodOf(per: string): Pick<LimitRow, 'per' | 'timeZone'> {
  const [length = '', zone] = per.split(' ')
  if (zone === 'ms') return { per: Number(length), timeZone: null }
  return { per: length as Period, timeZone: zone ?? null }
}

/** What the server takes: all limits of a quota. */
export function optionsOf({ rows, concurrency, within, adapt }: Limits): Record<string, unknown> {
  const units: Record<string, unknown[]> = {}
  const budget: Record<string, number> = {}
  for (const { unit, limit, per, timeZone, burst } of rows) {
    if (per === 'ever') budget[unit] = limit
    else {
      units[unit] ??= []
      const calendar = per === 'day' || per === 'month'
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
