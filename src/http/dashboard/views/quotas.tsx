/** Quotas: the status of each, and those that keep workers waiting. */
import type { Quota } from '../../contract/quota.js'
import { number, plural } from '../format.js'
import { useLive } from '../live/live.js'
import { href, pathOf } from '../routing/router.js'
import { Empty, Facts, Page, Pending } from '../ui/page.js'
import { QuotaState, WindowBars } from '../ui/quota-parts.js'
import { Time } from '../ui/time.js'

export default function Quotas() {
  const quotas = useLive((state) => state.quotas)
  const all = Object.values(quotas ?? {}).sort((a, b) => rank(a) - rank(b))
  return (
    <Page title="Quotas">
      {!quotas && <Pending what="quotas" error={null} />}
      {quotas && all.length === 0 && <Empty>No quotas are declared: nothing holds workers back</Empty>}
      <ul class="cards">
        {all.map((quota) => (
          <li key={quota.name}>
            <QuotaCard quota={quota} />
          </li>
        ))}
      </ul>
    </Page>
  )
}

/** Quotas that hold workers back come first. */
const rank = ({ retired, canMakeRequest }: Quota): number => (retired ? 0 : canMakeRequest ? 2 : 1)

function QuotaCard({ quota }: { quota: Quota }) {
  const { name, within, inFlight, concurrency, waiting, workers, parkedUntil, backlog, health } = quota
  return (
    <article class="card" aria-label={name}>
      <header>
        <h2>
          <a href={href(pathOf('quotas', name))}>{name}</a>
        </h2>
        <QuotaState quota={quota} />
      </header>
      <WindowBars quota={quota} />
      <Facts
        of={[
          ['In flight', `${number(inFlight)}${concurrency === null ? '' : ` of ${number(concurrency)}`}`],
          ['Waiting', number(waiting)],
          ['Health', `${number(Math.round(health * 100))} %`],
          ['Backlog', plural(backlog.tasks, 'task')],
          ['Backlog done', backlog.doneAt && <Time at={backlog.doneAt} ahead />],
          ['Workers', number(workers.length)],
          ['First worker wakes', parkedUntil && <Time at={parkedUntil} ahead />],
          ['Within', within.length > 0 ? within.join(', ') : null],
        ]}
      />
    </article>
  )
}
