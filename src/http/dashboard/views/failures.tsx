/** Failures of workers, the latest first, with their evidence. */
import type { ErrorGroup } from '../../contract/worker.js'
import { useLanes } from '../data/lanes.js'
import { useApi } from '../live/live.js'
import type { Query } from '../routing/router.js'
import { ErrorGroups } from '../ui/error-groups.js'
import { type Failure, FailureCard } from '../ui/failure-card.js'
import { Filters, SelectFilter } from '../ui/filters.js'
import { logPlaces } from '../ui/log-places.js'
import { Card, Empty, Page, Pending } from '../ui/page.js'
import { Siblings } from '../ui/tabs.js'

export default function Failures({ query }: { query: Query }) {
  const { workers } = useLanes()
  const search = new URLSearchParams({ limit: '100', ...(query.worker && { worker: query.worker }) })
  const { data, error } = useApi<{ items: { worker: string; failure: Failure }[] }>(`/failures?${search}`, { everyMs: 5_000 })
  return (
    <Page title="Failures">
      <Siblings label="Logs of what happened" here="/events/failures" views={logPlaces} />
      <Filters label="Filter failures">
        <SelectFilter name="worker" label="Worker" query={query} values={workers} />
      </Filters>
      <DeadByError worker={query.worker} />
      {!data && <Pending what="failures" error={error} />}
      {data?.items.length === 0 && <Empty>No worker has failed</Empty>}
      {data?.items.map(({ worker, failure }) => (
        <FailureCard key={`${worker} ${failure.at}`} worker={worker} failure={failure} />
      ))}
    </Page>
  )
}

/** What tasks died of; nothing where none did. */
function DeadByError({ worker }: { worker: string | undefined }) {
  const search = new URLSearchParams(worker ? { worker } : {})
  const { data } = useApi<{ items: ErrorGroup[] }>(`/errors?${search}`, { everyMs: 5_000 })
  if (!data || data.items.length === 0) return null
  return (
    <Card title="Tasks given up, by error">
      <ErrorGroups groups={data.items} lanes={worker ? { worker } : {}} />
    </Card>
  )
}
