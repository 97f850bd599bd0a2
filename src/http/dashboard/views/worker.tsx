/** One worker: its state, failures and log first, then tasks in hand, history and the drawing of its life. */
import { useEffect } from 'preact/hooks'
import { recordLevels } from '../../../log-levels.js'
import type { TaskRecord } from '../../contract/task.js'
import type { Worker, WorkerDetail } from '../../contract/worker.js'
import { WorkerControls } from '../controls/controls.js'
import { MemberControls } from '../controls/member-controls.js'
import { firstLine } from '../data/brief.js'
import { neverFailed, toneOfWorker, troubleOf } from '../data/workers.js'
import { bytes, duration, number, percent, plural, short, told } from '../format.js'
import { useBeats } from '../live/beats.js'
import { useApi, useLive } from '../live/live.js'
import { href, type Params, pathOf, type Query, setQuery } from '../routing/router.js'
import { Badge, Trouble } from '../ui/badge.js'
import { Bar } from '../ui/bar.js'
import { FailureCard } from '../ui/failure-card.js'
import { SelectField } from '../ui/field.js'
import { Lifecycle } from '../ui/lifecycle.js'
import { LogTail } from '../ui/log-tail.js'
import { Card, Empty, Facts, Page, Pending } from '../ui/page.js'
import { ProfileButton } from '../ui/profile-button.js'
import { Time } from '../ui/time.js'
import { Timeline } from '../ui/timeline.js'
import { HistoryRange, WorkHistory } from '../ui/work-history.js'

export default function WorkerView({ params, query }: { params: Params; query: Query }) {
  const id = params.id ?? ''
  const worker = useLive(({ workers }) => workers?.[id])
  const { data: detail, error, reload } = useApi<WorkerDetail>(pathOf('workers', id), { everyMs: 5_000 })
  // Asked again at once when the state is another.
  useEffect(reload, [worker?.state, worker?.since, reload])
  const now = worker ?? detail
  if (!now)
    return (
      <Page title={id}>
        <Pending what="the worker" error={error} />
      </Page>
    )
  const level = recordLevels.find((each) => each === query.level) ?? 'debug'
  return (
    <Page
      title={id}
      aside={
        <>
          <WorkerBadge worker={now} />
          {now.activity && <span class="muted">{now.activity}</span>}
        </>
      }
    >
      <div class="row bulk">
        <WorkerControls of={{ name: id, selection: { workers: [id] }, states: [now.state] }} done={reload} />
        <span class="row">
          <ProfileButton worker={id} live={now.threadId !== null} />
          <MemberControls worker={now} settings={detail?.settings} done={reload} />
        </span>
      </div>
      <State of={now} detail={detail} />
      <Card title="Failures" aside={<a href={href('/events/failures', { worker: id })}>All failures</a>}>
        {detail?.failures.length === 0 && <Empty>{neverFailed(now)}</Empty>}
        {detail?.failures.map((failure) => (
          <FailureCard key={failure.at} worker={id} failure={failure} />
        ))}
      </Card>
      <Card
        title="Log"
        aside={
          <SelectField
            label="Level"
            value={level}
            options={[...recordLevels].reverse()}
            onChange={(value) => setQuery({ level: value === 'debug' ? null : value })}
          />
        }
      >
        <LogTail worker={id} level={level} />
      </Card>
      {now.instances && <Instances of={now.instances} />}
      <div class="cards">
        <Card title="States it went through">
          {detail ? <Timeline of={detail.history} /> : <Pending what="its history" error={error} />}
        </Card>
        <InHand worker={id} count={now.progress?.leased ?? 0} />
      </div>
      <Card title="Work done" aside={<HistoryRange query={query} />}>
        <WorkHistory query={query} worker={id} />
      </Card>
      <Card title="Lifecycle">
        <Lifecycle state={now.state} history={detail?.history ?? []} />
      </Card>
    </Page>
  )
}

function WorkerBadge({ worker }: { worker: Worker }) {
  const beat = useBeats()[worker.id]
  return (
    <>
      <Badge text={worker.state} tone={toneOfWorker(worker, beat)} />
      <Trouble of={troubleOf(worker, beat)} />
    </>
  )
}

function State({ of: worker, detail }: { of: Worker; detail: WorkerDetail | undefined }) {
  const { id, annotator, domain, dataset, reason, since, progress, ratePerMinute, pid, threadId, restarts, until, heldBy, enabled } = worker
  const { lastError, errorRate, breaker } = worker
  const beat = useBeats()[id]
  return (
    <Card title="State" aside={enabled ? null : <Badge text="not enabled" tone="off" />}>
      {progress && (
        <div class="stack-y">
          <Bar value={progress.done} dead={progress.dead} max={progress.total} label="Progress of its lane" />
        </div>
      )}
      <Facts
        of={[
          ['Why', told(reason)],
          ['Since', <Time key="since" at={since} />],
          ['Continues', until === null ? null : <Time key="until" at={until} ahead />],
          ['Results', progress && `${number(progress.done)} of ${number(progress.total)}`],
          [
            'Given up',
            progress && progress.dead > 0 ? (
              <a href={href('/tasks', { state: 'dead', worker: id })}>{plural(progress.dead, 'task')}</a>
            ) : null,
          ],
          ['To be tried again', progress && progress.retrying > 0 ? number(progress.retrying) : null],
          ['Rate', ratePerMinute > 0 ? `${short(ratePerMinute)} a minute` : '–'],
          ['Failing', errorRate ? `${percent(errorRate)} of the attempts of the last minute` : null],
          [
            'Last error',
            lastError && (
              <span key="error">
                {firstLine(lastError.message)} {lastError.where && <code>{lastError.where}</code>} <Time at={lastError.at} />
              </span>
            ),
          ],
          ['Held back', breaker && `attempts keep failing (opened ${plural(breaker.openings, 'time')}): one task is tried at a time`],
          ['Last beat', beat?.beatAgeMs == null ? null : `${duration(beat.beatAgeMs)} ago`],
          ['Heap', beat?.heapUsed == null ? null : bytes(beat.heapUsed)],
          ['Restarts', number(restarts)],
          [
            'Annotator',
            <a key="annotator" href={href('/workers', { annotator })}>
              {annotator}
            </a>,
          ],
          [
            'Domain',
            <a key="domain" href={href('/workers', { domain })}>
              {domain}
            </a>,
          ],
          ['Dataset', dataset],
          ['Quotas', detail && detail.quotas.length > 0 ? <Links to="quotas" names={detail.quotas} /> : null],
          ['Below', detail && detail.above.length > 0 ? <a href="#/tree">{detail.above.join(' › ')}</a> : null],
          ['Thread', threadId === null ? null : `${threadId}${pid === null ? '' : `, process ${pid}`}`],
          ['Held by', heldBy && `process ${heldBy.pid} on ${heldBy.hostname}`],
        ]}
      />
    </Card>
  )
}

/** The threads that share its lane. */
function Instances({ of: instances }: { of: NonNullable<Worker['instances']> }) {
  return (
    <Card
      title="Instances"
      aside={`${number(instances.filter(({ threadId, pid }) => threadId !== null || pid !== null).length)} with a thread`}
    >
      <ul class="lines">
        {instances.map(({ id, state, reason, since, restarts }) => (
          <li key={id}>
            <code>{id.slice(id.lastIndexOf('#'))}</code>
            <Badge text={state} />
            <span class="muted">{told(reason)}</span>
            {restarts > 0 && <span class="muted num">{plural(restarts, 'restart')}</span>}
            <Time at={since} />
          </li>
        ))}
      </ul>
    </Card>
  )
}

function Links({ to, names }: { to: string; names: readonly string[] }) {
  return (
    <span class="row">
      {names.map((name) => (
        <a key={name} href={href(pathOf(to, name))}>
          {name}
        </a>
      ))}
    </span>
  )
}

/** @param count how many there are, as far as known: asked for again when it changes */
function InHand({ worker, count }: { worker: string; count: number }) {
  const search = new URLSearchParams({ worker, state: 'leased', limit: '20' })
  const { data, error, reload } = useApi<{ items: TaskRecord[] }>(`/tasks?${search}`, { everyMs: 3_000 })
  useEffect(reload, [count, reload])
  return (
    <Card title="Tasks in hand" aside={<a href={href('/tasks', { worker })}>All its tasks</a>}>
      {!data && <Pending what="its tasks" error={error} />}
      {data?.items.length === 0 && <Empty>None</Empty>}
      <ul class="lines">
        {data?.items.map(({ key, dataset, attempts, at }) => (
          <li key={key}>
            <a href={href(pathOf('tasks', dataset, key))}>{key}</a>
            <span class="muted num">{attempts > 1 ? `attempt ${attempts}` : ''}</span>
            <Time at={at} />
          </li>
        ))}
      </ul>
    </Card>
  )
}
