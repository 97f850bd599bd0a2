/** All workers: as a grid of annotators and domains, or as a list to search, sort and choose from. */
import { useMemo } from 'preact/hooks'
import type { Worker } from '../../contract/worker.js'
import { AddButton } from '../controls/member-controls.js'
import { countStates, matching, sorted, stateList, states } from '../data/workers.js'
import { number, plural } from '../format.js'
import { useLive } from '../live/live.js'
import { type Query, setQuery } from '../routing/router.js'
import { toneOf } from '../ui/badge.js'
import { Filters, SearchFilter, SelectFilter } from '../ui/filters.js'
import { Page, Pending } from '../ui/page.js'
import { WorkerGrid } from '../ui/worker-grid.js'
import { WorkerList } from '../ui/worker-list.js'

export default function WorkersView({ query }: { query: Query }) {
  const known = useLive(({ workers }) => workers)
  const all = useMemo(() => Object.values(known ?? {}), [known])
  const shown = useMemo(() => sorted(matching(all, query), query.view === 'list' ? query.sort : ''), [all, query])
  const list = query.view === 'list'
  const annotators = distinct(all.map(({ annotator }) => annotator))
  const domains = distinct(all.map(({ domain }) => domain))
  // The same elements as long as they say the same: sorting many names at each change is slow.
  const filters = useMemo(
    () => (
      <>
        <SearchFilter name="search" label="Search" query={query} />
        <SelectFilter name="annotator" label="Annotator" query={query} values={annotators} />
        <SelectFilter name="domain" label="Domain" query={query} values={domains} />
      </>
    ),
    [annotators.join(), domains.join(), query],
  )
  return (
    <Page title="Workers" aside={<Aside all={all} list={list} />}>
      {!known ? (
        <Pending what="workers" error={null} />
      ) : (
        <>
          <Filters label="Filter workers">
            {filters}
            <span class="muted num" role="status">
              {shown.length === all.length ? plural(all.length, 'worker') : `${number(shown.length)} of ${plural(all.length, 'worker')}`}
            </span>
          </Filters>
          <StateChips query={query} counts={countStates(matching(all, query, 'state'))} />
          {list ? <WorkerList workers={shown} query={query} /> : <WorkerGrid workers={shown} />}
        </>
      )}
    </Page>
  )
}

function Aside({ all, list }: { all: readonly Worker[]; list: boolean }) {
  return (
    <>
      <AddButton like={all.map(({ id }) => id)} />
      <ViewSwitch list={list} />
    </>
  )
}

const distinct = (names: readonly string[]): string[] => [...new Set(names)]

function ViewSwitch({ list }: { list: boolean }) {
  const choice = (name: string, view: string | null, pressed: boolean) => (
    <button type="button" class="button" aria-pressed={pressed} onClick={() => setQuery({ view })}>
      {name}
    </button>
  )
  return (
    <fieldset class="switch">
      <legend class="sr-only">Show as</legend>
      {choice('Grid', null, !list)}
      {choice('List', 'list', list)}
    </fieldset>
  )
}

function StateChips({ query, counts }: { query: Query; counts: Record<string, number> }) {
  const wanted = stateList(query)
  const toggle = (state: string): void => {
    const next = wanted.includes(state) ? wanted.filter((each) => each !== state) : [...wanted, state]
    setQuery({ state: next.join(), page: null })
  }
  return (
    <fieldset class="legend">
      <legend class="sr-only">States to show</legend>
      {states
        .filter((state) => counts[state] || wanted.includes(state))
        .map((state) => (
          <button
            key={state}
            type="button"
            class={`chip ${toneOf(state)}`}
            aria-pressed={wanted.includes(state)}
            onClick={() => toggle(state)}
          >
            {state} <b class="num">{number(counts[state] ?? 0)}</b>
          </button>
        ))}
      {wanted.length > 0 && (
        <button type="button" class="button plain" onClick={() => setQuery({ state: null, page: null })}>
          All states
        </button>
      )}
    </fieldset>
  )
}
