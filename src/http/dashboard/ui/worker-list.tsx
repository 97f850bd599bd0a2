/** Workers one below another, page by page; those that are ticked, or all that match, are controlled together. */
import { useState } from 'preact/hooks'
import type { Beat, Worker } from '../../contract/worker.js'
import { WorkerControls } from '../controls/controls.js'
import { toneOfWorker, troubleOf } from '../data/workers.js'
import { duration, number, percent, plural, told } from '../format.js'
import { useBeats } from '../live/beats.js'
import { type Query, setQuery } from '../routing/router.js'
import { Badge, Trouble } from './badge.js'
import { Bar } from './bar.js'
import { Pager } from './pager.js'
import { type Column, type Sort, Table } from './table.js'
import { Time } from './time.js'
import { WorkerLink } from './worker-link.js'

const size = 100

export function WorkerList({ workers, query }: { workers: readonly Worker[]; query: Query }) {
  const [ticked, tick] = useState<ReadonlySet<string>>(new Set())
  const beats = useBeats()
  const page = Math.min(Math.max(0, Number(query.page) || 0), Math.max(0, Math.ceil(workers.length / size) - 1))
  // What a filter hides is not meant.
  const chosen = workers.filter(({ id }) => ticked.has(id))
  const all = chosen.length > 0 && chosen.length === workers.length
  // By what is ticked then: a row may be one that was drawn long before.
  const toggle = (id: string): void =>
    tick((before) => {
      const next = new Set(before)
      if (!next.delete(id)) next.add(id)
      return next
    })
  const columns: Column<Worker>[] = [
    {
      key: 'choose',
      title: 'Selected',
      heading: (
        <input
          type="checkbox"
          aria-label="Select all that match"
          checked={all}
          ref={(box) => {
            if (box) box.indeterminate = chosen.length > 0 && !all
          }}
          onChange={() => tick(all ? new Set() : new Set(workers.map(({ id }) => id)))}
        />
      ),
      cell: ({ id }) => <input type="checkbox" aria-label={`Select ${id}`} checked={ticked.has(id)} onChange={() => toggle(id)} />,
    },
    ...columnsWith(beats),
  ]
  return (
    <>
      <div class="bulk">
        <b class="num">{chosen.length === 0 ? 'None chosen' : `${plural(chosen.length, 'worker')} chosen`}</b>
        {chosen.length === 0 && <span class="muted">Select workers, or all that match, to control them together.</span>}
        {chosen.length > 0 && (
          <WorkerControls
            of={{
              name: chosen.length === 1 ? (chosen[0]?.id ?? '') : `${number(chosen.length)} workers`,
              selection: { workers: chosen.map(({ id }) => id) },
              states: [...new Set(chosen.map(({ state }) => state))],
            }}
          />
        )}
      </div>
      <div class="worker-list">
        <Table
          label="Workers"
          columns={columns}
          rows={workers.slice(page * size, (page + 1) * size)}
          rowKey={({ id }) => id}
          rowParts={(worker) => [worker, beats[worker.id]?.beatAgeMs, ticked.has(worker.id)]}
          sort={sortOf(query.sort)}
          onSort={({ key, down }) => setQuery({ sort: `${down ? '-' : ''}${key}`, page: null })}
          empty="No worker matches"
        />
      </div>
      <Pager page={page} size={size} total={workers.length} what="worker" onPage={(next) => setQuery({ page: next || null })} />
    </>
  )
}

/** What is told of each. */
const columnsWith = (beats: Readonly<Record<string, Beat>>): Column<Worker>[] => [
  { key: 'id', title: 'Worker', sortable: true, cell: ({ id }) => <WorkerLink id={id} /> },
  {
    key: 'state',
    title: 'State',
    sortable: true,
    cell: (worker) => <Badge text={worker.state} tone={toneOfWorker(worker, beats[worker.id])} />,
  },
  {
    key: 'why',
    title: 'Why',
    wide: true,
    cell: (worker) => <Why worker={worker} beat={beats[worker.id]} />,
  },
  {
    key: 'progress',
    title: 'Progress',
    sortable: true,
    cell: (worker) =>
      worker.progress && (
        <span title={`${number(worker.progress.done)} of ${number(worker.progress.total)}`}>
          <Bar value={worker.progress.done} dead={worker.progress.dead} max={worker.progress.total} label={`Progress of ${worker.id}`} />
        </span>
      ),
  },
  {
    key: 'rate',
    title: 'Per min',
    numeric: true,
    sortable: true,
    cell: ({ ratePerMinute }) => (ratePerMinute > 0 ? number(ratePerMinute) : '–'),
  },
  {
    key: 'failing',
    title: 'Failing',
    numeric: true,
    sortable: true,
    wide: true,
    cell: ({ errorRate }) => (errorRate ? percent(errorRate) : '–'),
  },
  {
    key: 'beat',
    title: 'Beat',
    numeric: true,
    wide: true,
    cell: ({ id }) => {
      const age = beats[id]?.beatAgeMs
      return age == null ? '–' : duration(age)
    },
  },
  { key: 'restarts', title: 'Restarts', numeric: true, sortable: true, cell: ({ restarts }) => number(restarts) },
  { key: 'since', title: 'Since', numeric: true, sortable: true, wide: true, cell: ({ since }) => <Time at={since} /> },
]

/** Why it is in its state, or what that state hides. */
function Why({ worker, beat }: { worker: Worker; beat: Beat | undefined }) {
  const reason = told(worker.reason)
  const trouble = troubleOf(worker, beat)
  return (
    <span class="muted clip" title={reason}>
      {trouble ? <Trouble of={trouble} /> : reason}
    </span>
  )
}

const sortOf = (text: string | undefined): Sort | undefined =>
  text ? { key: text.replace(/^-/, ''), down: text.startsWith('-') } : undefined
