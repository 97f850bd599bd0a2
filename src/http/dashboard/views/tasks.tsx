/** Tasks by state and lane, searched by key, with actions on the selected ones or on all that match. */
import { useState } from 'preact/hooks'
import type { Dataset, TaskRecord } from '../../contract/task.js'
import { TaskControls } from '../controls/task-controls.js'
import { useLanes } from '../data/lanes.js'
import { callsFor, countsOf, type TaskFilter, type TaskState, taskStates } from '../data/tasks.js'
import { plural } from '../format.js'
import { useApi } from '../live/live.js'
import { navigate, type Query } from '../routing/router.js'
import { Button } from '../ui/button.js'
import { Filters, SearchFilter, SelectFilter } from '../ui/filters.js'
import { Page, Pending } from '../ui/page.js'
import { CursorPager } from '../ui/pager.js'
import { Tabs } from '../ui/tabs.js'
import { TaskTable } from '../ui/task-table.js'

interface Listed<Item> {
  items: Item[]
  next: string | null
}

const everyMs = 5_000

/** The lanes of a filter. */
const lanesOf = (query: Query): Query =>
  Object.fromEntries(['dataset', 'annotator', 'domain', 'worker'].flatMap((name) => (query[name] ? [[name, query[name]]] : [])))

export default function Tasks({ query }: { query: Query }) {
  const lanes = lanesOf(query)
  const asked = new URLSearchParams({ ...lanes, limit: '50' })
  for (const name of ['state', 'search', 'after']) if (query[name]) asked.set(name, query[name])
  if (query.state === 'dead' && query.kind) asked.set('kind', query.kind)
  const { data, error, reload } = useApi<Listed<TaskRecord>>(`/tasks?${asked}`, { everyMs })
  const datasets = useApi<Listed<Dataset>>('/datasets', { everyMs })
  const [selected, select] = useState<ReadonlyMap<string, TaskRecord>>(new Map())
  const clear = (): void => select(new Map())
  const changed = (): void => {
    clear()
    reload()
    datasets.reload()
  }
  return (
    <Page title="Tasks">
      <Tabs label="Task states" path="/tasks" query={query} name="state" tabs={tabsOf(query, datasets.data?.items)} without={['kind']} />
      <TaskFilters query={query} />
      <Bulk query={query} lanes={lanes} tasks={[...selected.values()]} clear={clear} changed={changed} />
      {data ? (
        <TaskTable
          tasks={data.items}
          selected={selected}
          select={select}
          empty={data.next === null ? 'No tasks here' : 'None on this page; the next page may have some'}
        />
      ) : (
        <Pending what="tasks" error={error} />
      )}
      {data && error && <p class="problem">{error.message}</p>}
      <CursorPager what="task" first={!query.after} next={data?.next ?? null} onPage={(after) => navigate('/tasks', { ...query, after })} />
    </Page>
  )
}

interface BulkProps {
  query: Query
  lanes: TaskFilter
  tasks: TaskRecord[]
  clear: () => void
  changed: () => void
}

/** Actions on the selected tasks, or else on all that match the filter. */
function Bulk({ query: { state, search, kind }, lanes, tasks, clear, changed }: BulkProps) {
  const some = tasks.length > 0
  const narrowed = search || (state === 'dead' && kind)
  const of = Object.entries(lanes).map(([name, value]) => `${name} ${value}`)
  const all = `all${state ? ` ${state}` : ''} tasks${of.length > 0 ? ` of ${of.join(', ')}` : ''}`
  const whole: TaskFilter = { ...lanes, ...(state && { states: [state as TaskState] }) }
  return (
    <div class="bulk">
      <span class="row">
        {some ? `${plural(tasks.length, 'task')} selected` : `None selected: ${all}`}
        {some && (
          <Button kind="plain" onClick={clear}>
            Clear selection
          </Button>
        )}
      </span>
      <TaskControls
        name={some ? plural(tasks.length, 'selected task') : all}
        calls={some ? callsFor(tasks) : [whole]}
        states={some ? tasks.map((task) => task.state) : state ? [state as TaskState] : taskStates}
        hindered={!some && narrowed ? 'Not possible for a search: select tasks first' : null}
        done={changed}
      />
    </div>
  )
}

/** Counts are known of whole datasets. */
function tabsOf({ dataset, annotator, domain, worker }: Query, datasets: Dataset[] | undefined): [value: string, count: number | null][] {
  const counts = !datasets || annotator || domain || worker ? null : countsOf(datasets, dataset || undefined)
  return [['', null], ...taskStates.map((state): [string, number | null] => [state, counts?.[state] ?? null])]
}

function TaskFilters({ query }: { query: Query }) {
  const { datasets, annotators, domains, workers } = useLanes()
  return (
    <Filters label="Filter tasks">
      <SearchFilter name="search" label="Key contains" query={query} />
      <SelectFilter name="dataset" label="Dataset" query={query} values={datasets} />
      <SelectFilter name="annotator" label="Annotator" query={query} values={annotators} />
      <SelectFilter name="domain" label="Domain" query={query} values={domains} />
      <SelectFilter name="worker" label="Worker" query={query} values={workers} />
      {query.state === 'dead' && (
        <SelectFilter name="kind" label="Given up because" query={query} values={['failed', 'poison', 'dropped']} all="Any reason" />
      )}
    </Filters>
  )
}
