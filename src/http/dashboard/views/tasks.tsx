/** Tasks by state, lane, key and error, with actions on the ticked ones or, where that was chosen, on all that match. */
import { useEffect, useState } from 'preact/hooks'
import type { TaskCount, TaskRecord } from '../../contract/task.js'
import type { ErrorGroup } from '../../contract/worker.js'
import { TaskBulk } from '../controls/task-bulk.js'
import { KeyFilter } from '../controls/task-key-filter.js'
import { byCode, nameOf } from '../data/error-groups.js'
import { useLanes } from '../data/lanes.js'
import { keyPart, lanesOf, listOf, matching, shownOf, stateOf, taskStates } from '../data/tasks.js'
import { plural } from '../format.js'
import { useApi, useCount } from '../live/live.js'
import { navigate, type Query, setQuery } from '../routing/router.js'
import { ErrorGroups } from '../ui/error-groups.js'
import { Filters, SelectFilter } from '../ui/filters.js'
import { Page, Pending } from '../ui/page.js'
import { CursorPager } from '../ui/pager.js'
import { Tabs } from '../ui/tabs.js'
import { TaskTable } from '../ui/task-table.js'

interface Listed<Item> {
  items: Item[]
  next: string | null
}

/** What is selected of the tasks that an address shows. */
interface Selection {
  of: string
  /** All that match, on whichever page. */
  all: boolean
  ticked: ReadonlyMap<string, TaskRecord>
}

const everyMs = 5_000
/** Groups of many dead tasks, and counts, cost more than a page. */
const countEveryMs = 15_000
const nothing = { all: false, ticked: new Map<string, TaskRecord>() }

export default function Tasks({ query }: { query: Query }) {
  const list = listOf(query)
  const of = JSON.stringify(list)
  const page = new URLSearchParams({ ...list, limit: '50', ...(query.after && { after: query.after }) })
  const { data, error, reload } = useApi<Listed<TaskRecord>>(`/tasks?${page}`, { everyMs })
  const counts = useMatching(query)
  const groups = useApi<Listed<ErrorGroup>>(
    query.state === 'dead' ? `/errors?${new URLSearchParams({ ...lanesOf(query) } as Query)}` : null,
    {
      everyMs: countEveryMs,
    },
  )
  const [selection, setSelection] = useState<Selection>({ of, ...nothing })
  // Of another list nothing is selected.
  const { all, ticked } = selection.of === of ? selection : nothing
  const select = (selected: Partial<Selection>): void => setSelection({ of, ...nothing, ...selected })
  useFurther(data)
  const changed = (): void => {
    select({})
    reload()
    counts.reload()
    groups.reload()
  }
  return (
    <Page title="Tasks">
      <Tabs
        label="Task states"
        path="/tasks"
        query={query}
        name="state"
        tabs={['' as const, ...taskStates].map((state): [string, number | null] => [
          state,
          state === '' ? null : (counts.each?.[state] ?? null),
        ])}
        without={['kind', 'error', 'code']}
      />
      <TaskFilters query={query} groups={groups.data?.items ?? []} />
      {groups.data && <Groups query={query} groups={groups.data.items} />}
      <TaskBulk
        query={query}
        error={nameIn(groups.data?.items, query)}
        total={counts.total}
        all={all}
        ticked={[...ticked.values()]}
        chooseAll={() => select({ all: true })}
        clear={() => select({})}
        changed={changed}
      />
      {data ? (
        <TaskTable
          tasks={data.items}
          selected={all ? 'all' : ticked}
          select={(ticked) => select({ ticked })}
          empty={data.next === null ? 'No tasks here' : 'None so far: the search goes on'}
        />
      ) : (
        <Pending what="tasks" error={error} />
      )}
      {data && error && <p class="problem">{error.message}</p>}
      <CursorPager what="task" first={!query.after} next={data?.next ?? null} onPage={(after) => navigate('/tasks', { ...query, after })} />
    </Page>
  )
}

interface Matching {
  /** Of tasks in these lanes with these keys, in each state. */
  each: TaskCount['states'] | undefined
  /** How many the address shows, on all pages together; undefined: not known yet. */
  total: number | undefined
  reload: () => void
}

/** Exact counts. A search for keys costs up to seconds, so it is counted once. */
function useMatching(query: Query): Matching {
  const { states: _states, kind, error, code, ...common } = matching(query)
  const narrowed = kind || error || code ? { ...common, ...(kind && { kind }), ...(error && { error }), ...(code && { code }) } : null
  const timing = { everyMs: keyPart(query) ? 0 : countEveryMs }
  const each = useCount<TaskCount>('/tasks/count', { action: 'drop', ...common }, timing)
  const some = useCount<TaskCount>('/tasks/count', narrowed && { action: 'drop', ...narrowed }, timing)
  const shown = (narrowed ? some : each).data
  return {
    each: each.data?.states,
    total: shown && shownOf(shown.states, query),
    reload: () => {
      each.reload()
      some.reload()
    },
  }
}

/** Goes on where a search found nothing on a page that is not the last one. */
function useFurther(data: Listed<TaskRecord> | undefined): void {
  const next = data && data.items.length === 0 ? data.next : null
  useEffect(() => {
    if (next !== null) setQuery({ after: next })
  }, [next])
}

const nameIn = (groups: readonly ErrorGroup[] | undefined, { error }: Query): string | null => {
  const group = groups?.find(({ id }) => id === error)
  return group ? nameOf(group) : null
}

function TaskFilters({ query, groups }: { query: Query; groups: readonly ErrorGroup[] }) {
  const { datasets, annotators, domains, workers } = useLanes()
  const errors = groups.filter(({ code }) => !query.code || code === query.code)
  return (
    <Filters label="Filter tasks">
      <KeyFilter query={query} />
      <SelectFilter name="dataset" label="Dataset" query={query} values={datasets} />
      <SelectFilter name="annotator" label="Annotator" query={query} values={annotators} />
      <SelectFilter name="domain" label="Domain" query={query} values={domains} />
      <SelectFilter name="worker" label="Worker" query={query} values={workers} />
      {stateOf(query) === 'dead' && (
        <>
          <SelectFilter name="kind" label="Given up because" query={query} values={['failed', 'poison', 'dropped']} all="Any reason" />
          <SelectFilter name="code" label="Error code" query={query} values={byCode(groups).map(({ code }) => code)} all="Any code" />
          <SelectFilter
            name="error"
            label="Error"
            query={query}
            values={errors.map(({ id }) => id)}
            texts={new Map(groups.map((group) => [group.id, nameOf(group)]))}
            all="Any error"
          />
        </>
      )}
    </Filters>
  )
}

/** Of whole lanes: where tasks are searched by key or kind, or one error is looked at, the counts would be of others. */
function Groups({ query, groups }: { query: Query; groups: readonly ErrorGroup[] }) {
  if (groups.length === 0 || keyPart(query) || query.kind || query.error) return null
  const shown = groups.filter(({ code }) => !query.code || code === query.code)
  return (
    <details class="groups" open>
      <summary>By error: {plural(shown.length, 'error')}</summary>
      <ErrorGroups groups={shown} lanes={lanesOf(query) as Query} />
    </details>
  )
}
