/** A quota's grants and waiting requests over the last minutes or hours. */
import { useMemo, useState } from 'preact/hooks'
import type { Quota, QuotaSample } from '../../contract/quota.js'
import { grantedPerMinute, lineOverTime, usedOverTime } from '../data/quota-chart.js'
import { number } from '../format.js'
import { useApi } from '../live/live.js'
import { serverNow } from '../live/server-clock.js'
import { pathOf } from '../routing/router.js'
import { Chart } from './chart.js'
import { SelectField } from './field.js'
import { Card, Empty, Pending } from './page.js'

const spans = [
  ['15', 'Last 15 minutes'],
  ['60', 'Last hour'],
  ['360', 'Last 6 hours'],
  ['1440', 'Last day'],
] as const

export function QuotaHistory({ quota }: { quota: Quota }) {
  const [minutes, choose] = useState('60')
  // It stays the same while one looks: what did not change is not sent again.
  const since = useMemo(() => serverNow() - Number(minutes) * 60_000, [minutes])
  const { data, error } = useApi<{ items: QuotaSample[] }>(`/quotas${pathOf(quota.name)}/history?since=${since}`, { everyMs: 10_000 })
  const samples = data?.items
  const limits = JSON.stringify(quota.windows.map(({ unit, per, limit, burst }) => [unit, per, limit, burst]))
  const charts = useMemo(
    () => samples && { used: usedOverTime(samples, quota), granted: grantedPerMinute(samples), line: lineOverTime(samples, quota) },
    [samples, limits],
  )
  return (
    <Card
      title="History"
      aside={
        <SelectField
          label="Time span"
          value={minutes}
          options={[...spans].map(([value, text]): [string, string] => [value, text])}
          onChange={choose}
        />
      }
    >
      {!charts && <Pending what="the history" error={error} />}
      {samples && samples.length < 3 && <Empty>Not enough samples yet: one is taken every ten seconds in which something changed</Empty>}
      {charts && samples && samples.length >= 3 && (
        <div class="charts">
          <Chart label="Used, in percent of each limit" data={charts.used} top={100} format={(value) => `${number(value)} %`} />
          <Chart label="Granted requests per minute" data={charts.granted} />
          <Chart label="Waiting and in flight" data={charts.line} stepped />
        </div>
      )}
    </Card>
  )
}
