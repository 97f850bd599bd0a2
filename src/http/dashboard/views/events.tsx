/** The event log: the newest as they come, or from the beginning, page by page. */
import { useEffect, useState } from 'preact/hooks'
import type { StatusEvent } from '../../contract/log.js'
import { eventGroups, eventTypes } from '../data/event-types.js'
import { useLanes } from '../data/lanes.js'
import { joined } from '../data/tail.js'
import { useApi, useStatus, useTold } from '../live.js'
import { navigate, type Query, setQuery } from '../router.js'
import { Button } from '../ui/button.js'
import { EventTable } from '../ui/event-table.js'
import { SelectField } from '../ui/field.js'
import { Filters, SelectFilter } from '../ui/filters.js'
import { logPlaces } from '../ui/log-places.js'
import { Page, Pending } from '../ui/page.js'
import { CursorPager } from '../ui/pager.js'
import { Siblings } from '../ui/tabs.js'

interface Listed {
  items: StatusEvent[]
  next: string | null
  first: number
  last: number
}

const pageSize = 100
const mostShown = 500

export default function Events({ query }: { query: Query }) {
  const { workers } = useLanes()
  const fromStart = query.order === 'asc'
  return (
    <Page title="Events">
      <Siblings label="Logs of what happened" here="/events" views={logPlaces} />
      <Filters label="Filter events">
        <SelectField
          label="Type"
          value={query.types ?? ''}
          options={typeOptions(query.types)}
          onChange={(types) => setQuery({ types, after: '' })}
        />
        <SelectFilter name="worker" label="Worker" query={query} values={workers} />
        <SelectField
          label="Order"
          value={fromStart ? 'asc' : ''}
          options={[
            ['', 'Newest first, live'],
            ['asc', 'From the beginning'],
          ]}
          onChange={(order) => setQuery({ order, after: '' })}
        />
      </Filters>
      {fromStart ? <Paged query={query} /> : <Newest query={query} />}
    </Page>
  )
}

/** All, all of a group, or one. */
function typeOptions(chosen = ''): [value: string, text: string][] {
  const options: [string, string][] = [['', 'All types']]
  for (const [group, types] of eventGroups) {
    if (types.length > 1) options.push([types.join(), `${group}: all`])
    options.push(...types.map((type): [string, string] => [type, type]))
  }
  return options.some(([value]) => value === chosen) ? options : [...options, [chosen, `${chosen.split(',').length} types`]]
}

function searchOf({ types, worker, after }: Query, more: Record<string, string>): URLSearchParams {
  const search = new URLSearchParams({ limit: String(pageSize), ...more })
  // What an address names and there is not would be refused.
  const known = (types ?? '').split(',').filter((type) => (eventTypes as readonly string[]).includes(type))
  if (known.length > 0) search.set('types', known.join())
  if (worker) search.set('worker', worker)
  if (after && more.order === 'asc') search.set('after', after)
  return search
}

function Paged({ query }: { query: Query }) {
  const { data, error } = useApi<Listed>(`/events?${searchOf(query, { order: 'asc' })}`)
  if (!data) return <Pending what="events" error={error} />
  return (
    <>
      <EventTable events={data.items} />
      <CursorPager what="event" first={!query.after} next={data.next} onPage={(after) => navigate('/events', { ...query, after })} />
    </>
  )
}

function Newest({ query }: { query: Query }) {
  const [paused, pause] = useState(false)
  const [told, tell] = useState<StatusEvent[]>([])
  const live = useStatus() === 'live'
  const search = searchOf(query, { order: 'desc' }).toString()
  const { data, error } = useApi<Listed>(`/events?${search}`, { everyMs: live || paused ? 0 : 3_000 })
  useEffect(() => tell([]), [search])
  const types = new URLSearchParams(search).get('types')?.split(',')
  useTold('events', 'event', (event) => {
    const meant = (!types || types.includes(event.type)) && (!query.worker || event.worker === query.worker)
    if (meant && !paused) tell((before) => [...before, event].slice(-mostShown))
  })
  if (!data) return <Pending what="events" error={error} />
  const asked = [...data.items].reverse()
  return (
    <>
      <div class="row">
        <Button pressed={paused} onClick={() => pause(!paused)}>
          {paused ? 'Go on' : 'Hold'}
        </Button>
        <span class="muted">
          {paused ? 'Held: what happens now is not shown' : live ? 'New ones appear as they happen' : 'Asked every few seconds'}
        </span>
      </div>
      <EventTable events={joined(asked, told, mostShown, ({ id }) => id).reverse()} />
    </>
  )
}
