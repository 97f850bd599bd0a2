/** A page of tasks, each with a box to select it. */
import type { TaskRecord } from '../../contract/task.js'
import { laneKey, momentOf } from '../data/tasks.js'
import { number } from '../format.js'
import { href, pathOf } from '../routing/router.js'
import { Badge } from './badge.js'
import { type Column, Table } from './table.js'
import { TaskLink } from './task-link.js'
import { Time } from './time.js'

interface TaskTableProps {
  tasks: TaskRecord[]
  /** `all`: of every page, which no box changes. */
  selected: ReadonlyMap<string, TaskRecord> | 'all'
  select: (selected: ReadonlyMap<string, TaskRecord>) => void
  empty: string
}

export function TaskTable({ tasks, selected, select, empty }: TaskTableProps) {
  const isSelected = (task: TaskRecord): boolean => selected === 'all' || selected.has(laneKey(task))
  const all = tasks.length > 0 && tasks.every(isSelected)
  const set = (some: TaskRecord[], on: boolean): void => {
    const next = new Map(selected === 'all' ? [] : selected)
    for (const task of some) {
      if (on) next.set(laneKey(task), task)
      else next.delete(laneKey(task))
    }
    select(next)
  }
  const box: Column<TaskRecord> = {
    key: 'selected',
    title: 'Selected',
    heading: (
      <input
        type="checkbox"
        aria-label="Select all on this page"
        checked={all}
        disabled={selected === 'all'}
        onChange={() => set(tasks, !all)}
      />
    ),
    cell: (task) => (
      <input
        type="checkbox"
        aria-label={`Select ${task.key} of ${task.annotator}/${task.domain}`}
        checked={isSelected(task)}
        disabled={selected === 'all'}
        onChange={() => set([task], !isSelected(task))}
      />
    ),
  }
  return (
    <Table
      label="Tasks"
      columns={[box, ...columns]}
      rows={tasks}
      rowKey={laneKey}
      rowClass={(task) => (isSelected(task) ? 'selected' : undefined)}
      empty={empty}
    />
  )
}

const columns: Column<TaskRecord>[] = [
  {
    key: 'key',
    title: 'Key',
    cell: (task) => <TaskLink task={task} />,
  },
  { key: 'state', title: 'State', cell: (task) => <TaskState task={task} /> },
  { key: 'lane', title: 'Lane', cell: (task) => <Lane task={task} /> },
  { key: 'dataset', title: 'Dataset', cell: ({ dataset }) => dataset, wide: true },
  { key: 'priority', title: 'Priority', numeric: true, wide: true, cell: ({ priority }) => number(priority) },
  { key: 'attempts', title: 'Attempts', numeric: true, wide: true, cell: ({ attempts }) => number(attempts) },
  { key: 'failures', title: 'Failures', numeric: true, wide: true, cell: ({ failures }) => number(failures) },
  { key: 'at', title: 'When', cell: (task) => <Moment task={task} /> },
  {
    key: 'error',
    title: 'Last error',
    cell: ({ error }) =>
      error && (
        <span class="cut" title={error.message}>
          {error.message}
        </span>
      ),
  },
]

/** The state; of a dead one also why it was given up. */
export function TaskState({ task: { state, kind } }: { task: Pick<TaskRecord, 'state' | 'kind'> }) {
  return (
    <span class="nowrap">
      <Badge text={state} /> {kind && <span class="muted">{kind}</span>}
    </span>
  )
}

function Lane({ task: { annotator, domain, worker } }: { task: TaskRecord }) {
  const name = `${annotator}/${domain}`
  return worker ? (
    <a class="name" href={href(pathOf('workers', worker))}>
      {name}
    </a>
  ) : (
    <span class="name">{name}</span>
  )
}

export function Moment({ task }: { task: Pick<TaskRecord, 'state' | 'at'> }) {
  const moment = momentOf(task)
  return (
    moment && (
      <span class="nowrap">
        <span class="muted">{moment.word}</span> <Time at={moment.at} ahead={task.state === 'retrying'} />
      </span>
    )
  )
}
