/** The whole system at a glance: problems first, then progress, rate, and workers by state. */
import { useMemo } from 'preact/hooks'
import type { Health } from '../../contract/health.js'
import type { Overview } from '../../contract/worker.js'
import { groundOf } from '../data/health.js'
import { silenceOf } from '../data/silence.js'
import { states } from '../data/workers.js'
import { absolute, duration, number, percent, plural, short } from '../format.js'
import { useBeats } from '../live/beats.js'
import { useApi, useLive } from '../live/live.js'
import { href, type Query } from '../routing/router.js'
import { AttentionList } from '../ui/attention.js'
import { toneOf } from '../ui/badge.js'
import { Bar, StackedBar } from '../ui/bar.js'
import { Card, Facts, Page, Pending } from '../ui/page.js'
import { QuotaGlance } from '../ui/quota-glance.js'
import { useNow } from '../ui/time.js'
import { HistoryRange, WorkHistory } from '../ui/work-history.js'

export default function OverviewView({ query }: { query: Query }) {
  const overview = useLive((state) => state.overview)
  if (!overview)
    return (
      <Page title="Overview">
        <Pending what="the overview" error={null} />
      </Page>
    )
  return (
    <Page title="Overview">
      <Attention of={overview.attention} />
      <div class="cards">
        <Progress of={overview} />
        <Rate of={overview} />
      </div>
      <div class="cards">
        <Card title="Workers" aside={<a href="#/workers">{`All ${number(overview.workers)}`}</a>}>
          <StackedBar
            label="Workers by state"
            parts={states.map((state) => ({
              label: state,
              value: overview.states[state] ?? 0,
              tone: toneOf(state),
              href: href('/workers', { state }),
            }))}
          />
        </Card>
        <Slots of={overview.slots} />
      </div>
      <Card title="Work done" aside={<HistoryRange query={query} />}>
        <WorkHistory query={query} />
      </Card>
      <QuotaGlance />
    </Page>
  )
}

/** The worst first. */
const rank = ['error', 'warning', 'info']

function Attention({ of: told }: { of: Overview['attention'] }) {
  const workers = useLive((state) => state.workers)
  const beats = useBeats()
  const silent = useMemo(() => silenceOf(Object.values(workers ?? {}), beats), [workers, beats])
  const { data: health } = useApi<Health>('/health', { everyMs: 10_000 })
  return (
    <AttentionList of={[...told, ...silent, ...groundOf(health)].sort((a, b) => rank.indexOf(a.severity) - rank.indexOf(b.severity))} />
  )
}

function Progress({ of: { done, dead, total, doneAt, doneBy, ratePerMinute } }: { of: Overview }) {
  const now = useNow()
  const left = Math.max(0, total - done - dead)
  const share = total > 0 ? done / total : 0
  return (
    <Card title="Progress" aside={<a href="#/tasks">Tasks</a>}>
      <p class="big">
        <b class="num">{total === 0 ? '–' : percent(share)}</b>
        <span class="muted num">
          {number(done)} of {plural(total, 'result')}
        </span>
      </p>
      <Bar value={done} dead={dead} max={total} label="Progress of all lanes" bare />
      <Facts
        of={[
          ['Left', number(left)],
          [
            'Done',
            left === 0 ? (
              total > 0 ? (
                'all'
              ) : (
                'nothing is loaded yet'
              )
            ) : doneAt === null ? (
              'not known yet'
            ) : (
              <span title={absolute(doneAt)}>{doneAt > now ? `in ${duration(doneAt - now)}` : 'at any moment'}</span>
            ),
          ],
          ['Based on', left === 0 ? null : doneBy === 'quota' ? "today's quotas" : doneBy === 'rate' ? 'the current rate' : null],
          ['Given up', dead > 0 ? <a href={href('/tasks', { state: 'dead' })}>{plural(dead, 'task')}</a> : 'none'],
          ['At once', ratePerMinute > 0 ? null : left > 0 ? 'no work at the moment' : null],
        ]}
      />
    </Card>
  )
}

function Rate({ of: { ratePerMinute } }: { of: Overview }) {
  return (
    <Card title="Rate">
      <p class="big">
        <b class="num">{short(ratePerMinute)}</b> <span class="muted">results a minute, all workers together</span>
      </p>
    </Card>
  )
}

function Slots({ of: { limit, used, queued, groups } }: { of: Overview['slots'] }) {
  return (
    <Card title="Slots" aside={<a href="#/settings">Change</a>}>
      <dl class="slots">
        <SlotRow name="All" limit={limit} used={used} />
        {Object.entries(groups).map(([group, slots]) => (
          <SlotRow key={group} name={group} {...slots} />
        ))}
      </dl>
      <p class="muted">
        {queued === 0 ? (
          'No worker waits for a slot.'
        ) : (
          <a href={href('/workers', { state: 'queued' })}>{plural(queued, 'worker waits', 'workers wait')} for a slot</a>
        )}
      </p>
    </Card>
  )
}

function SlotRow({ name, limit, used }: { name: string; limit: number; used: number }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <Bar value={used} max={limit} label={`Slots in use: ${name}`} tone="busy" bare />
        <span class="num">
          {number(used)} of {number(limit)}
        </span>
      </dd>
    </div>
  )
}
