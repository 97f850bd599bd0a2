/** Events, each with what it says in a line, and all of it behind that. */
import type { StatusEvent } from '../../contract/log.js'
import { sentenceOf } from '../data/event-types.js'
import { href, pathOf } from '../router.js'
import { Json } from './json.js'
import { type Column, Table } from './table.js'
import { Time } from './time.js'

export function EventTable({ events }: { events: readonly StatusEvent[] }) {
  return <Table label="Events" columns={columns} rows={events} rowKey={({ id }) => id} empty="No such events" />
}

const columns: Column<StatusEvent>[] = [
  { key: 'id', title: 'Id', numeric: true, wide: true, cell: ({ id }) => id },
  {
    key: 'at',
    title: 'When',
    cell: ({ at }) => (
      <span class="nowrap">
        <Time at={at} />
      </span>
    ),
  },
  { key: 'type', title: 'Type', cell: ({ type }) => <code class="nowrap">{type}</code> },
  {
    key: 'worker',
    title: 'Worker',
    cell: ({ worker }) =>
      worker && (
        <a class="name" href={href(pathOf('workers', worker))}>
          {worker}
        </a>
      ),
  },
  {
    key: 'payload',
    title: 'What',
    cell: ({ type, payload }) => (
      <details class="what">
        <summary>{sentenceOf(type, payload) || 'payload'}</summary>
        <Json value={payload} />
      </details>
    ),
  },
]
