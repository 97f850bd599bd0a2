/** Results as they were committed, a page at a time. */
import type { Result } from '../../contract/task.js'
import { brief } from '../data/brief.js'
import { useApi } from '../live/live.js'
import { href, navigate, pathOf, type Query } from '../routing/router.js'
import { Json } from './json.js'
import { Card, Pending } from './page.js'
import { CursorPager } from './pager.js'
import { type Column, Table } from './table.js'
import { TaskLink } from './task-link.js'
import { Time } from './time.js'

/** @param lanes what narrows them, as a query */
export function ResultSample({ query, lanes }: { query: Query; lanes: string }) {
  const asked = new URLSearchParams(lanes)
  asked.set('limit', '25')
  if (query.after) asked.set('after', query.after)
  const { data, error } = useApi<{ items: Result[]; next: string | null }>(`/results/sample?${asked}`, { everyMs: 10_000 })
  return (
    <Card title="Sample">
      {data ? (
        <Table label="Results" columns={columns} rows={data.items} rowKey={keyOf} empty="No results yet" />
      ) : (
        <Pending what="results" error={error} />
      )}
      <CursorPager
        what="result"
        first={!query.after}
        next={data?.next ?? null}
        onPage={(after) => navigate('/results', { ...query, after })}
      />
    </Card>
  )
}

const keyOf = ({ dataset, annotator, domain, key }: Result): string => JSON.stringify([dataset, annotator, domain, key])

const columns: Column<Result>[] = [
  {
    key: 'key',
    title: 'Key',
    cell: (result) => <TaskLink task={result} />,
  },
  { key: 'lane', title: 'Lane', cell: ({ annotator, domain }) => <span class="name">{`${annotator}/${domain}`}</span> },
  { key: 'value', title: 'Result', cell: ({ value }) => <Value value={value} /> },
  {
    key: 'worker',
    title: 'Worker',
    wide: true,
    cell: ({ worker }) => (
      <a class="name" href={href(pathOf('workers', worker))}>
        {worker}
      </a>
    ),
  },
  { key: 'at', title: 'Committed', cell: ({ committedAt }) => <Time at={committedAt} /> },
]

function Value({ value }: { value: unknown }) {
  const short = brief(value)
  if (short === brief(value, Number.POSITIVE_INFINITY)) return <code>{short}</code>
  return (
    <details class="what">
      <summary>
        <code>{short}</code>
      </summary>
      <Json value={value} />
    </details>
  )
}
