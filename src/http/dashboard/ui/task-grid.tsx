/** One item as all its lanes see it: annotators down, questions across, in each cell the result or the state. */
import { useMemo } from 'preact/hooks'
import { answersOf, type LaneTask, wordOf } from '../data/task-grid.js'
import { gridOf } from '../data/workers.js'
import { number } from '../format.js'
import { href, type Query, setQuery } from '../routing/router.js'
import { Badge, toneOf } from './badge.js'
import { Filters, SearchFilter } from './filters.js'
import { Empty } from './page.js'
import { Pager } from './pager.js'

/** Annotators drawn at once. */
const size = 50
const answersShown = 3

interface TaskGridProps {
  /** Of one item. */
  tasks: readonly LaneTask[]
  /** The one that is looked at. */
  chosen: LaneTask | undefined
  path: string
  query: Query
}

export function TaskGrid({ tasks, chosen, path, query }: TaskGridProps) {
  const { domains, rows } = useMemo(() => gridOf(tasks), [tasks])
  const search = query.search?.toLowerCase() ?? ''
  const found = rows.filter(({ annotator }) => annotator.toLowerCase().includes(search))
  const page = Math.min(Math.max(0, Math.trunc(Number(query.page)) || 0), Math.max(0, Math.ceil(found.length / size) - 1))
  const linkTo = ({ annotator, domain }: LaneTask): string => href(path, { ...query, annotator, domain })
  return (
    <div class="stack-y">
      {rows.length > size && (
        <Filters label="Filter annotators">
          <SearchFilter name="search" label="Annotator contains" query={query} />
        </Filters>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section class="table-box" aria-label="Lanes by annotator and question" tabIndex={0}>
        <table class="worker-grid task-grid">
          <thead>
            <tr>
              <th scope="col">Annotator</th>
              {domains.map((domain) => (
                <th key={domain} scope="col">
                  <span class="name">{domain}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {found.slice(page * size, (page + 1) * size).map(({ annotator, cells }) => (
              <tr key={annotator}>
                <th scope="row">
                  <span class="name">{annotator}</span>
                </th>
                {cells.map((lanes, at) => (
                  <td key={domains[at]}>
                    {lanes.map((task) => (
                      <Cell key={task.domain} task={task} to={linkTo(task)} now={task === chosen} />
                    ))}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
          {rows.length > 1 && <Answers tasks={tasks} domains={domains} />}
        </table>
        {found.length === 0 && <Empty>No annotator matches</Empty>}
      </section>
      {rows.length > size && (
        <Pager page={page} size={size} total={found.length} what="annotator" onPage={(next) => setQuery({ page: next || null })} />
      )}
    </div>
  )
}

function Cell({ task, to, now }: { task: LaneTask; to: string; now: boolean }) {
  const { annotator, domain, state } = task
  const word = wordOf(task)
  return (
    <a class={`cell ${toneOf(state)}`} href={to} aria-current={now ? 'true' : undefined} title={word ?? state}>
      <span class="sr-only">{`${annotator}, ${domain}: `}</span>
      <Badge text={state} />
      {word !== null && <span class={state === 'done' ? 'cell-word' : 'cell-word muted'}>{word}</span>}
    </a>
  )
}

/** What all annotators answered to each question, those of other pages too. */
function Answers({ tasks, domains }: { tasks: readonly LaneTask[]; domains: readonly string[] }) {
  return (
    <tfoot>
      <tr>
        <th scope="row">In all</th>
        {domains.map((domain) => {
          const answers = answersOf(tasks.filter((task) => task.domain === domain))
          return (
            <td key={domain} class="muted">
              {answers.slice(0, answersShown).map(({ word, count }) => (
                <div key={word}>
                  <b class="num">{number(count)}</b> {word}
                </div>
              ))}
              {answers.length > answersShown && `${number(answers.length - answersShown)} others`}
            </td>
          )
        })}
      </tr>
    </tfoot>
  )
}
