/** The event log: the newest as they come, or from the beginning, page by page. */
import { useMemo, useRef, useState } from 'preact/hooks'
import { storedEvents } from '../../../events/stored-events.js'
import type { EventGap } from '../../client/event-log.js'
import type { StatusEvent } from '../../contract/log.js'
import { eventGroups } from '../data/event-types.js'
import { useLanes } from '../data/lanes.js'
import { newerRows } from '../data/tail.js'
import { plural } from '../format.js'
import { useApi, useStatus, useTold } from '../live/live.js'
import { useTail } from '../live/use-tail.js'
import { href, navigate, type Query, setQuery } from '../routing/router.js'
import { Button } from '../ui/button.js'
import { EventTable } from '../ui/event-table.js'
import { SelectField } from '../ui/field.js'
import { Filters, SelectFilter } from '../ui/filters.js'
import { Hold } from '../ui/hold.js'
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
const mostShown = 200
/** Time between looks at how far the log is. */
const lookEveryMs = 5_000

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
  const known = (types ?? '').split(',').filter((type) => (storedEvents as readonly string[]).includes(type))
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

const none: StatusEvent[] = []
const idOf = ({ id }: StatusEvent): number => id

function Newest({ query }: { query: Query }) {
  const [held, hold] = useState(false)
  const [skipped, setSkipped] = useState<EventGap | null>(null)
  const live = useStatus() === 'live'
  const search = searchOf(query, { order: 'desc' })
  const filter = search.toString()
  const { data, error, reload } = useApi<Listed>(`/events?${filter}`, { everyMs: live || held ? 0 : 3_000 })
  const asked = useMemo(() => (data ? [...data.items].reverse() : none), [data])
  const newer = useNewer(data?.last ?? 0, held)
  const types = search.get('types')?.split(',')
  const meant = ({ id, type, worker }: StatusEvent): boolean =>
    !held && id > (data?.last ?? 0) && (!types || types.includes(type)) && (!query.worker || worker === query.worker)
  const rows = useTail('events', 'event', { asked, most: mostShown, place: idOf, meant, filter })
  useTold('events', 'gap', (gap) => {
    if (held) return
    // Shorter ones are in the page that is read now.
    if (gap.count > pageSize) setSkipped(gap)
    reload()
  })
  const skip = (): void => {
    hold(false)
    reload()
  }
  if (!data) return <Pending what="events" error={error} />
  return (
    <>
      <Hold paused={held} pause={(on) => (on ? hold(true) : skip())} what="events" every={live ? null : 'three seconds'} />
      <div class="row" role="status">
        {newer > 0 && (
          <>
            <b>{plural(newer, 'newer event')}</b>
            <Button onClick={skip}>Skip to now</Button>
          </>
        )}
        {skipped && (
          <span class="muted">
            {plural(skipped.count, 'event')} did not come here in time.{' '}
            <a href={href('/events', { order: 'asc', after: String(skipped.from - 1) })}>Read them</a>
          </span>
        )}
      </div>
      <EventTable events={[...rows].reverse()} />
    </>
  )
}

/** How many events the log has beyond those that came here; 0 while those are on their way. */
function useNewer(loaded: number, held: boolean): number {
  const seen = useRef(0)
  seen.current = Math.max(seen.current, loaded)
  useTold('events', 'event', ({ id }) => {
    if (!held) seen.current = Math.max(seen.current, id)
  })
  const { data } = useApi<Listed>('/events?order=desc&limit=1', { everyMs: lookEveryMs })
  return newerRows({ last: data?.last ?? 0, seen: seen.current, held, most: mostShown })
}
