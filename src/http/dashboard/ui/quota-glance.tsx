/** The quotas that are closest to their end, each with its tightest window. */
import type { Quota } from '../../contract/quota.js'
import { windowName } from '../data/quota-chart.js'
import { number } from '../format.js'
import { useLive } from '../live.js'
import { href, pathOf } from '../router.js'
import { Bar } from './bar.js'
import { Card } from './page.js'
import { QuotaState } from './quota-parts.js'

const most = 8

type Window = Quota['windows'][number]
const shareOf = ({ used, limit }: Window): number => (limit > 0 ? used / limit : 1)
const tightest = ({ windows }: Quota): Window | undefined => [...windows].sort((a, b) => shareOf(b) - shareOf(a))[0]

export function QuotaGlance() {
  const quotas = Object.values(useLive((state) => state.quotas) ?? {})
  if (quotas.length === 0) return null
  const shown = quotas
    .map((quota) => ({ quota, window: tightest(quota) }))
    .sort((a, b) => (b.window ? shareOf(b.window) : 0) - (a.window ? shareOf(a.window) : 0))
    .slice(0, most)
  return (
    <Card title="Quotas" aside={<a href="#/quotas">{`All ${number(quotas.length)}`}</a>}>
      <ul class="lines quota-lines">
        {shown.map(({ quota, window }) => (
          <li key={quota.name}>
            <a href={href(pathOf('quotas', quota.name))}>{quota.name}</a>
            <QuotaState quota={quota} />
            {window && (
              <>
                <Bar
                  value={window.used}
                  max={window.limit}
                  label={`${windowName(window)} of ${quota.name}`}
                  tone={shareOf(window) >= 1 ? 'warn' : 'busy'}
                  bare
                />
                <span class="num muted">
                  {number(window.used)} of {number(window.limit)} {windowName(window)}
                </span>
              </>
            )}
          </li>
        ))}
      </ul>
    </Card>
  )
}
