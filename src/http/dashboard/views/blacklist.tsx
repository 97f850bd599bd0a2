/** Blacklisted workers, the reasons, and the button to reset them. */
import type { BlacklistEntry } from '../../contract/worker.js'
import { WorkerControls } from '../controls/controls.js'
import { plural, told } from '../format.js'
import { useApi } from '../live/live.js'
import { logPlaces } from '../ui/log-places.js'
import { Page, Pending } from '../ui/page.js'
import { type Column, Table } from '../ui/table.js'
import { Siblings } from '../ui/tabs.js'
import { Time } from '../ui/time.js'
import { WorkerLink } from '../ui/worker-link.js'

export default function Blacklist() {
  const { data, error, reload } = useApi<{ items: BlacklistEntry[] }>('/blacklist', { everyMs: 5_000 })
  const entries = data?.items ?? []
  const all = {
    name: plural(entries.length, 'blacklisted worker'),
    selection: { workers: entries.map(({ worker }) => worker) },
    states: ['blacklisted'] as const,
  }
  return (
    <Page title="Blacklist" aside={entries.length > 1 && <WorkerControls of={all} only={['reset']} done={reload} />}>
      <Siblings label="Logs of what happened" here="/events/blacklist" views={logPlaces} />
      {data ? (
        <Table
          label="Blacklisted workers"
          columns={columnsFor(reload)}
          rows={entries}
          rowKey={({ worker }) => worker}
          empty="No worker is blacklisted"
        />
      ) : (
        <Pending what="the blacklist" error={error} />
      )}
    </Page>
  )
}

const columnsFor = (reload: () => void): Column<BlacklistEntry>[] => [
  {
    key: 'worker',
    title: 'Worker',
    cell: ({ worker }) => <WorkerLink id={worker} />,
  },
  { key: 'reason', title: 'Reason', cell: ({ reason }) => told(reason) },
  {
    key: 'failure',
    title: 'Last failure',
    wide: true,
    cell: ({ lastFailure }) => lastFailure && `${lastFailure.kind}: ${lastFailure.message}`,
  },
  { key: 'since', title: 'Since', cell: ({ since }) => <Time at={since} /> },
  { key: 'until', title: 'Parole', wide: true, cell: ({ until }) => (until === null ? 'none' : <Time at={until} ahead />) },
  {
    key: 'controls',
    title: 'Controls',
    cell: ({ worker }) => (
      <WorkerControls of={{ name: worker, selection: { workers: [worker] }, states: ['blacklisted'] }} only={['reset']} done={reload} />
    ),
  },
]
