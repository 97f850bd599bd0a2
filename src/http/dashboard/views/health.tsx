/** Whether the ground is well that the system stands on: hosts, store, main thread, memory. */
import type { Health } from '../../contract/health.js'
import { conditionOf, groundOf, type Part, stateOfHost } from '../data/health.js'
import { bytes, milliseconds, number, percent, plural } from '../format.js'
import { useApi, useLive } from '../live/live.js'
import { AttentionList } from '../ui/attention.js'
import { Badge } from '../ui/badge.js'
import { Bar } from '../ui/bar.js'
import { Card, Facts, Page, Pending } from '../ui/page.js'
import { type Column, Table } from '../ui/table.js'
import { Time } from '../ui/time.js'

/** Time between two looks, in ms. */
const lookEveryMs = 5_000

export default function HealthView() {
  const { data: health, error } = useApi<Health>('/health', { everyMs: lookEveryMs })
  const failed = useLive(({ overview }) => overview?.attention.find(({ kind }) => kind === 'store-failed'))
  return (
    <Page title="Health">
      {health ? (
        <>
          <AttentionList of={[...(failed ? [failed] : []), ...groundOf(health)]} bare />
          <Hosts of={health} />
          <div class="cards">
            <Store of={health} />
            <Space of={health} />
          </div>
          <div class="cards">
            <Loop of={health} />
            <Process of={health} />
          </div>
        </>
      ) : (
        <Pending what="the health of the system" error={error} />
      )}
    </Page>
  )
}

interface Props {
  of: Health
}

function Condition({ of: { troubles }, part }: Props & { part: Part }) {
  const { text, tone } = conditionOf(troubles, part)
  return <Badge text={text} tone={tone} />
}

function Hosts({ of }: Props) {
  const { hosts, troubles } = of
  const columns: Column<NonNullable<Health['hosts']>[number]>[] = [
    {
      key: 'host',
      title: 'Host',
      cell: ({ id, pid, hostname, here }) => (
        <span title={id}>
          <span class="nowrap">{pid}</span> on {hostname}
          {here && <span class="muted"> (this one)</span>}
        </span>
      ),
    },
    {
      key: 'state',
      title: 'State',
      cell: (host) => {
        const { text, tone } = stateOfHost(host, troubles)
        return <Badge text={text} tone={tone} />
      },
    },
    { key: 'workers', title: 'Workers', numeric: true, cell: ({ workers }) => number(workers) },
    { key: 'joined', title: 'Since', wide: true, cell: ({ joinedAt }) => <Time at={joinedAt} /> },
    { key: 'renewed', title: 'Sign of life', cell: ({ renewedAt }) => <Time at={renewedAt} /> },
  ]
  return (
    <Card title="Hosts" aside={<Condition of={of} part="hosts" />}>
      {hosts ? (
        <Table label="Hosts that share the store" columns={columns} rows={hosts} rowKey={({ id }) => id} />
      ) : (
        <p class="problem">They could not be read from the store.</p>
      )}
    </Card>
  )
}

function Store({ of }: Props) {
  const { waits, pending, commits, version, lastCheck } = of.store
  return (
    <Card title="Store" aside={<Condition of={of} part="store" />}>
      <Facts
        of={[
          ['Writing', waits ? <span class="what">{waits.why}</span> : 'yes'],
          ['Calls wait', waits && <Time at={waits.since} />],
          ['Commits', `${number(commits.perSecond)} a second`],
          ['A commit takes', commits.p50Ms === null ? 'none in the last minute' : milliseconds(commits.p50Ms)],
          ['99 of 100 take', commits.p99Ms === null ? null : `${milliseconds(commits.p99Ms)} or less`],
          ['Waiting requests', number(pending)],
          ['Last check', lastCheck ? <LastCheck of={lastCheck} /> : 'none by this host'],
          ['Version', version],
        ]}
      />
    </Card>
  )
}

function LastCheck({ of: { at, ok, problems } }: { of: NonNullable<Health['store']['lastCheck']> }) {
  return (
    <>
      {ok ? 'sound' : plural(problems, 'problem')}, <Time at={at} />
    </>
  )
}

function Space({ of: { store } }: Props) {
  const { space, file } = store
  const disk = space?.disk
  return (
    <Card title="Disk of the store">
      {disk && <Bar value={disk.totalBytes - disk.freeBytes} max={disk.totalBytes} label="Disk in use" tone="busy" />}
      <Facts
        of={[
          ['Free', disk ? `${bytes(disk.freeBytes)} of ${bytes(disk.totalBytes)}` : null],
          ['File', space && bytes(space.fileBytes)],
          ['Log', space && `${bytes(space.logBytes)}, at most ${bytes(space.logLimitBytes)}`],
          ['Path', <span class="what">{file}</span>],
        ]}
      />
    </Card>
  )
}

function Loop({ of }: Props) {
  const { p50Ms, p99Ms, maxMs, utilization, ofMs } = of.loop
  return (
    <Card title="Main thread" aside={<Condition of={of} part="loop" />}>
      <Facts
        of={[
          ['At work', percent(utilization)],
          ['Usually late by', maxMs === null ? 'being measured' : `${milliseconds(p50Ms)} or less`],
          ['99 of 100', maxMs === null ? null : `${milliseconds(p99Ms)} or less`],
          ['The latest', maxMs === null ? null : milliseconds(maxMs)],
          ['Measured for', milliseconds(ofMs)],
        ]}
      />
    </Card>
  )
}

function Process({ of }: Props) {
  const { pid, startedAt, rssBytes, limitBytes, heapUsedBytes, heapLimitBytes, threads, workerThreads } = of.process
  return (
    <Card title="Process" aside={<Condition of={of} part="process" />}>
      <Facts
        of={[
          ['Memory', limitBytes === null ? bytes(rssBytes) : `${bytes(rssBytes)} of ${bytes(limitBytes)}`],
          ['Heap of the main thread', `${bytes(heapUsedBytes)} of ${bytes(heapLimitBytes)}`],
          ['Threads', threads === null ? null : number(threads)],
          ['Threads of workers', number(workerThreads)],
          ['Process', `${pid}`],
          ['Started', <Time at={startedAt} />],
        ]}
      />
    </Card>
  )
}
