/** What was done over the last hour or day, by all workers or one: the rate of results, and what went wrong. */
import { useMemo } from 'preact/hooks'
import type { WorkHistory as Work } from '../../contract/work-history.js'
import { ratesOf, sumsOf, troubleOf } from '../data/work-history.js'
import { number } from '../format.js'
import { useApi } from '../live/live.js'
import { type Query, setQuery } from '../routing/router.js'
import { Chart } from './chart.js'
import { SelectField } from './field.js'
import { Facts, Pending } from './page.js'

const hourMs = 3_600_000
const spans: [range: string, text: string, lastMs: number, everyMs: number][] = [
  ['1h', 'Last hour', hourMs, 15_000],
  ['24h', 'Last 24 hours', 24 * hourMs, 60_000],
]
const spanOf = (query: Query) => spans.find(([range]) => range === query.range) ?? (spans[0] as (typeof spans)[number])

export function HistoryRange({ query }: { query: Query }) {
  return (
    <SelectField
      label="Time span"
      value={spanOf(query)[0]}
      options={spans.map(([range, text]): [string, string] => [range, text])}
      onChange={(range) => setQuery({ range: range === spans[0]?.[0] ? null : range })}
    />
  )
}

/** @param worker only this one */
export function WorkHistory({ query, worker }: { query: Query; worker?: string }) {
  const [, , lastMs, everyMs] = spanOf(query)
  const search = new URLSearchParams({ lastMs: String(lastMs), ...(worker !== undefined && { worker }) })
  const { data, error } = useApi<Work>(`/work-history?${search}`, { everyMs })
  const shown = useMemo(() => data && { rates: ratesOf(data), trouble: troubleOf(data), sums: sumsOf(data) }, [data])
  if (!shown) return <Pending what="the history" error={error} />
  const { results, failed, dead, restarts } = shown.sums
  return (
    <>
      <Facts
        of={[
          ['Results', number(results)],
          ['Failed attempts', number(failed)],
          ['Tasks given up', number(dead)],
          ['Restarts', number(restarts)],
        ]}
      />
      <div class="charts">
        <Chart label="Results per minute" data={shown.rates} height={150} />
        {failed + dead + restarts > 0 && (
          <Chart
            label={`What went wrong, by ${lastMs > hourMs ? 'ten minutes' : 'the minute'}`}
            data={shown.trouble}
            height={150}
            stepped
          />
        )}
      </div>
    </>
  )
}
