/** Failures of workers, the latest first, each with what is known of why. */
import { useLanes } from '../data/lanes.js'
import { useApi } from '../live.js'
import type { Query } from '../router.js'
import { type Failure, FailureCard } from '../ui/failure-card.js'
import { Filters, SelectFilter } from '../ui/filters.js'
import { logPlaces } from '../ui/log-places.js'
import { Empty, Page, Pending } from '../ui/page.js'
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
      {!data && <Pending what="failures" error={error} />}
      {data?.items.length === 0 && <Empty>Nobody failed</Empty>}
      {data?.items.map(({ worker, failure }) => (
        <FailureCard key={`${worker} ${failure.at}`} worker={worker} failure={failure} />
      ))}
    </Page>
  )
}
