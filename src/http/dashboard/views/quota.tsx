/** One quota: its windows now and over the last hours, its workers, and its controls. */
import type { Quota } from '../../contract/quota.js'
import { QuotaControls } from '../controls/quota-controls.js'
import { number, plural } from '../format.js'
import { useApi, useLive } from '../live/live.js'
import { href, type Params, pathOf } from '../routing/router.js'
import { Card, Empty, Facts, Page, Pending } from '../ui/page.js'
import { QuotaHistory } from '../ui/quota-history.js'
import { QuotaState, WindowBars } from '../ui/quota-parts.js'
import { Time } from '../ui/time.js'

export default function QuotaView({ params: { name = '' } }: { params: Params }) {
  const live = useLive(({ quotas }) => quotas?.[name])
  const asked = useApi<Quota>(live ? null : `/quotas${pathOf(name)}`)
  const quota = live ?? asked.data
  return (
    <Page title={name} aside={quota && <QuotaControls quota={quota} />}>
      <nav aria-label="Breadcrumb">
        <a href={href('/quotas')}>Quotas</a>
      </nav>
      {quota ? <Details quota={quota} /> : <Pending what="the quota" error={asked.error} />}
    </Page>
  )
}

function Details({ quota }: { quota: Quota }) {
  const { windows, retired, within, health, pace, granted, inFlight, concurrency, waiting, backlog, workers, parkedUntil } = quota
  return (
    <>
      {retired && (
        <p class="banner">
          The key is retired since <Time at={retired.at} />: {retired.reason}
        </p>
      )}
      <div class="columns">
        <Card title="Limits" aside={<QuotaState quota={quota} />}>
          <WindowBars quota={quota} />
          {windows.length === 0 && <Empty>None of its own</Empty>}
        </Card>
        <Card title="Now">
          <Facts
            of={[
              ['In flight', `${number(inFlight)}${concurrency === null ? '' : ` of ${number(concurrency)}`}`],
              ['Waiting in line', number(waiting)],
              ['Health', `${number(Math.round(health * 100))} %`],
              ['Pace', `${number(Math.round(pace * 100))} % of its limits`],
              ['Granted ever', number(granted)],
              ['Backlog', plural(backlog.tasks, 'task')],
              ['Backlog done', backlog.doneAt === null ? 'not by itself' : <Time at={backlog.doneAt} ahead />],
              ['First worker wakes', parkedUntil === null ? 'none is parked' : <Time at={parkedUntil} ahead />],
              ['Within', within.length > 0 ? within.join(', ') : null],
            ]}
          />
        </Card>
      </div>
      <QuotaHistory quota={quota} />
      <Card title={`${plural(workers.length, 'worker')} that ${workers.length === 1 ? 'takes' : 'take'} from it`}>
        <ul class="row">
          {workers.map((id) => (
            <li key={id}>
              <a class="chip off" href={href(pathOf('workers', id))}>
                {id}
              </a>
            </li>
          ))}
        </ul>
      </Card>
    </>
  )
}
