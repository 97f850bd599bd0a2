/** Events, each with what it says in a line, and all of it behind that. */
import { useState } from 'preact/hooks'
import type { StatusEvent } from '../../contract/log.js'
import { sentenceOf } from '../data/event-types.js'
import { href, pathOf } from '../routing/router.js'
import { Json } from './json.js'
import { type Column, Table } from './table.js'
import { Time } from './time.js'

export function EventTable({ events }: { events: readonly StatusEvent[] }) {
  return <Table label="Events" columns={columns} rows={events} rowKey={({ id }) => id} empty="No such events" />
}

const columns: Column<StatusEvent>[] = [
  { key: 'id', title: 'Id', numeric: true, wide: true, cell: ({ id }) => id },
  { key: 'at', title: 'When', cell: ({ at }) => <When at={at} /> },
  { key: 'type', title: 'Type', wide: true, cell: ({ type }) => <code class="nowrap">{type}</code> },
  { key: 'payload', title: 'What', cell: (event) => <What event={event} /> },
  { key: 'worker', title: 'Worker', cell: ({ worker }) => worker && <Worker id={worker} /> },
]

const When = ({ at }: { at: number }) => (
  <span class="nowrap">
    <Time at={at} />
  </span>
)

const Worker = ({ id }: { id: string }) => (
  <a class="name" href={href(pathOf('workers', id))}>
    {id}
  </a>
)

/** On a phone, where there is no room for a column of types, with its type. */
function What({ event: { type, payload } }: { event: StatusEvent }) {
  const [open, setOpen] = useState(false)
  return (
    <details class="what" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <code class="narrow muted">{type}</code> {sentenceOf(type, payload) || 'payload'}
      </summary>
      {open && <Json value={payload} />}
    </details>
  )
}
