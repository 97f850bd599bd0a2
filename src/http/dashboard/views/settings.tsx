/** Settings that can be changed while the system runs, and the login. */
import { logLevels } from '../../../log-levels.js'
import type { Settings, StatusEvent } from '../../contract/log.js'
import { askConcurrency, askTarget } from '../controls/controls.js'
import { sentenceOf } from '../data/event-types.js'
import { useLanes } from '../data/lanes.js'
import { number, timeZone } from '../format.js'
import { act, useApi, useLive } from '../live/live.js'
import { base, mayControl, readOnly, useSession } from '../live/session.js'
import { href, type Query, setQuery } from '../routing/router.js'
import { Bar } from '../ui/bar.js'
import { Button } from '../ui/button.js'
import { SelectField } from '../ui/field.js'
import { Filters, SelectFilter } from '../ui/filters.js'
import { Card, Empty, Facts, Page, Pending } from '../ui/page.js'
import { type Column, Table } from '../ui/table.js'
import { Time } from '../ui/time.js'

export default function SettingsView({ query }: { query: Query }) {
  const { data: settings, error, reload } = useApi<Settings>('/settings', { everyMs: 10_000 })
  return (
    <Page title="Settings">
      {settings ? (
        <div class="columns">
          <Concurrency settings={settings} reload={reload} />
          <LogLevel settings={settings} reload={reload} />
          <Targets query={query} />
          <About />
          <Audit />
        </div>
      ) : (
        <Pending what="settings" error={error} />
      )}
    </Page>
  )
}

interface Part {
  settings: Settings
  reload: () => void
}

interface Limit {
  group: string | null
  limit: number
  used: number
}

function Concurrency({ settings, reload }: Part) {
  const slots = useLive(({ overview }) => overview?.slots)
  const may = mayControl(useSession())
  const limits: Limit[] = [
    { group: null, limit: settings.concurrency, used: slots?.used ?? 0 },
    ...Object.entries(settings.groups).map(([group, limit]) => ({ group, limit, used: slots?.groups[group]?.used ?? 0 })),
  ]
  const columns: Column<Limit>[] = [
    { key: 'group', title: 'Group', cell: ({ group }) => group ?? 'all workers' },
    { key: 'used', title: 'In use', numeric: true, cell: ({ used }) => number(used) },
    { key: 'limit', title: 'Limit', numeric: true, cell: ({ limit }) => number(limit) },
    {
      key: 'share',
      title: 'Share',
      wide: true,
      cell: ({ group, used, limit }) => <Bar value={used} max={limit} label={`Slots of ${group ?? 'all workers'}`} tone="busy" />,
    },
    {
      key: 'change',
      title: 'Change',
      cell: (row) => (
        <Button
          disabled={!may}
          title={may ? undefined : readOnly}
          label={`Change the limit of ${row.group ?? 'all workers'}`}
          onClick={() => askConcurrency(row, reload)}
        >
          Change
        </Button>
      ),
    },
  ]
  return (
    <Card title="Concurrency" aside={<span class="muted num">{number(slots?.queued ?? 0)} queued</span>}>
      <p class="muted">How many workers may have a thread at once</p>
      <Table label="Limits of concurrency" columns={columns} rows={limits} rowKey={({ group }) => group ?? ''} />
    </Card>
  )
}

function LogLevel({ settings: { logLevel }, reload }: Part) {
  const may = mayControl(useSession())
  const change = async (level: string): Promise<void> => {
    await act('PATCH', '/settings', { logLevel: level }, `The log level is ${level}`)
    reload()
  }
  return (
    <Card title="Log level">
      {may ? (
        <SelectField label="Least severe level in the log" value={logLevel} options={[...logLevels]} onChange={change} />
      ) : (
        <Facts of={[['Least severe level in the log', logLevel]]} />
      )}
    </Card>
  )
}

function Targets({ query }: { query: Query }) {
  const { annotators, domains } = useLanes()
  const may = mayControl(useSession())
  const selection = { ...(query.annotator && { annotator: query.annotator }), ...(query.domain && { domain: query.domain }) }
  const of = Object.entries(selection).map(([name, value]) => `${name} ${value}`)
  return (
    <Card title="Targets">
      <p class="muted">How many results each lane should have</p>
      <Filters label="Lanes to change">
        <SelectFilter name="annotator" label="Annotator" query={query} values={annotators} />
        <SelectFilter name="domain" label="Domain" query={query} values={domains} />
        <Button
          disabled={!may}
          title={may ? undefined : readOnly}
          onClick={() => askTarget({ name: of.join(', ') || 'all lanes', selection })}
        >
          Set target
        </Button>
        {of.length > 0 && (
          <Button kind="plain" onClick={() => setQuery({ annotator: '', domain: '' })}>
            All lanes
          </Button>
        )}
      </Filters>
    </Card>
  )
}

const auditShown = 10

/** Who changed what through this server, the latest first. */
function Audit() {
  const { data, error } = useApi<{ items: StatusEvent[] }>(`/events?types=http:control:done&order=desc&limit=${auditShown}`, {
    everyMs: 10_000,
  })
  return (
    <Card title="Latest changes" aside={<a href={href('/events', { types: 'http:control:done' })}>All changes</a>}>
      {!data && <Pending what="the latest changes" error={error} />}
      {data?.items.length === 0 && <Empty>Nothing was changed through a status server yet</Empty>}
      <ul class="lines">
        {data?.items.map(({ id, type, at, payload }) => (
          <li key={id}>
            <span class="what">{sentenceOf(type, payload)}</span>
            <Time at={at} />
          </li>
        ))}
      </ul>
    </Card>
  )
}

function About() {
  const session = useSession()
  if (!session.known) return null
  return (
    <Card title="About">
      <Facts
        of={[
          ['drover', session.version],
          ['You are', session.name],
          ['You may', session.role === 'control' ? 'read and change' : 'read'],
          ['Times', `of ${timeZone()}, this browser's time zone`],
          ['Access', session.protected ? 'by token' : 'from this machine, without a token'],
          [
            'API',
            <a key="api" href={`${base}/api/reference`}>
              Reference
            </a>,
          ],
        ]}
      />
    </Card>
  )
}
