/** The quotas that are closest to their end, each with its tightest window. */
import type { Quota } from '../../contract/quota.js'
import { percentUsed, usageOf, windowLabel } from '../data/quota-chart.js'
import { number } from '../format.js'
import { useLive } from '../live/live.js'
import { href, pathOf } from '../routing/router.js'
import { Bar } from './bar.js'
import { Card } from './page.js'
import { QuotaBadge } from './quota-parts.js'

const most = 8

type Window = Quota['windows'][number]
const tightest = ({ windows }: Quota): Window | undefined => [...windows].sort((a, b) => percentUsed(b) - percentUsed(a))[0]

export function QuotaGlance() {
  const quotas = Object.values(useLive((state) => state.quotas) ?? {})
  if (quotas.length === 0) return null
  const shown = quotas
    .map((quota) => ({ quota, window: tightest(quota) }))
    .sort((a, b) => (b.window ? percentUsed(b.window) : 0) - (a.window ? percentUsed(a.window) : 0))
    .slice(0, most)
  return (
    <Card title="Quotas" aside={<a href="#/quotas">{`All ${number(quotas.length)}`}</a>}>
      <ul class="quota-lines">
        {shown.map(({ quota, window }) => (
          <li key={quota.name}>
            <a href={href(pathOf('quotas', quota.name))}>{quota.name}</a>
            <QuotaBadge quota={quota} />
            {window && (
              <>
                <Bar
                  value={window.used}
                  max={window.burst ?? window.limit}
                  label={`${windowLabel(window)} of ${quota.name}`}
                  tone={percentUsed(window) >= 100 ? 'warn' : 'busy'}
                  bare
                />
                <span class="num muted">
                  {usageOf(quota, window).amount} {windowLabel(window)}
                </span>
              </>
            )}
          </li>
        ))}
      </ul>
    </Card>
  )
}
