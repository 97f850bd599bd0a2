/** Datasets and their results: progress, distribution of labels, agreement of annotators, and the results themselves. */
import type { Dataset, LabelReport } from '../../contract/task.js'
import { useLanes } from '../data/lanes.js'
import { number } from '../format.js'
import { useApi } from '../live/live.js'
import { base } from '../live/session.js'
import { href, pathOf, type Query } from '../routing/router.js'
import { Bar } from '../ui/bar.js'
import { Filters, SearchFilter, SelectFilter } from '../ui/filters.js'
import { Labels } from '../ui/labels.js'
import { Card, Empty, Page, Pending } from '../ui/page.js'
import { ResultSample } from '../ui/result-sample.js'
import { type Column, Table } from '../ui/table.js'

const searchOf = (query: Query, names: string[]): string =>
  new URLSearchParams(names.flatMap((name) => (query[name] ? [[name, query[name]]] : []))).toString()

export default function Results({ query }: { query: Query }) {
  const { annotators, domains, datasets } = useLanes()
  const lanes = searchOf(query, ['dataset', 'annotator', 'domain'])
  return (
    <Page
      title="Results"
      aside={
        <a class="button" href={`${base}/api/v1/results?${lanes}`} download="results.jsonl">
          Download JSONL
        </a>
      }
    >
      <Datasets query={query} />
      <Filters label="Filter results">
        <SelectFilter name="dataset" label="Dataset" query={query} values={datasets} />
        <SelectFilter name="domain" label="Domain" query={query} values={domains} />
        <SelectFilter name="annotator" label="Annotator" query={query} values={annotators} />
        <SearchFilter name="path" label="Label's JSON path ($.label)" query={query} />
      </Filters>
      <LabelReports search={searchOf(query, ['dataset', 'domain', 'path'])} />
      <ResultSample query={query} lanes={lanes} />
    </Page>
  )
}

function Datasets({ query }: { query: Query }) {
  const { data, error } = useApi<{ items: Dataset[] }>('/datasets', { everyMs: 5_000 })
  if (!data) return <Pending what="datasets" error={error} />
  return <Table label="Datasets" columns={columnsFor(query)} rows={data.items} rowKey={({ name }) => name} empty="Nothing was loaded yet" />
}

const columnsFor = (query: Query): Column<Dataset>[] => [
  { key: 'name', title: 'Dataset', cell: ({ name }) => <a href={href('/results', { ...query, dataset: name, after: '' })}>{name}</a> },
  { key: 'items', title: 'Items', numeric: true, cell: ({ items }) => number(items) },
  { key: 'lanes', title: 'Lanes', numeric: true, wide: true, cell: ({ lanes }) => number(lanes) },
  { key: 'done', title: 'Done', numeric: true, cell: ({ done }) => number(done) },
  { key: 'leased', title: 'In hand', numeric: true, wide: true, cell: ({ leased }) => number(leased) },
  { key: 'retrying', title: 'Retrying', numeric: true, wide: true, cell: ({ retrying }) => number(retrying) },
  {
    key: 'dead',
    title: 'Dead',
    numeric: true,
    cell: ({ name, dead }) => (dead > 0 ? <a href={href('/tasks', { dataset: name, state: 'dead' })}>{number(dead)}</a> : '0'),
  },
  {
    key: 'progress',
    title: 'Progress',
    cell: ({ name, done, dead, total }) => <Bar value={done} dead={dead} max={total} label={`Progress of ${name}`} />,
  },
  {
    key: 'download',
    title: 'Results',
    wide: true,
    cell: ({ name }) => (
      <a href={`${base}/api/v1/results?dataset=${encodeURIComponent(name)}`} download={`${name}.jsonl`}>
        JSONL
      </a>
    ),
  },
]

function LabelReports({ search }: { search: string }) {
  const { data, error } = useApi<{ items: LabelReport[] }>(`/results/labels?${search}`, { everyMs: 15_000 })
  if (!data) return <Pending what="labels" error={error} />
  const some = data.items.filter(({ labels }) => labels.length > 0)
  if (some.length === 0)
    return (
      <Card title="Labels">
        <Empty>No labels here: set the JSON path of the label in a result</Empty>
      </Card>
    )
  return (
    <div class="stack-y">
      {some.map((report) => (
        <Labels key={pathOf(report.dataset, report.domain)} report={report} />
      ))}
    </div>
  )
}
