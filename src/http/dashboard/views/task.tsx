/** One item: its data, its state in every lane as a grid, and of one lane the result, errors and attempts. */
import type { TaskDetail } from '../../contract/task.js'
import { TaskControls } from '../controls/task-controls.js'
import { type LaneTask, laneOf } from '../data/task-grid.js'
import { number, plural } from '../format.js'
import { useApi } from '../live/live.js'
import { href, type Params, pathOf, type Query } from '../routing/router.js'
import { Badge } from '../ui/badge.js'
import { ErrorDetails } from '../ui/error-details.js'
import { Json } from '../ui/json.js'
import { Card, Empty, Facts, Page, Pending } from '../ui/page.js'
import { PastResults } from '../ui/past-results.js'
import { TaskGrid } from '../ui/task-grid.js'
import { Moment, TaskState } from '../ui/task-table.js'
import { Time } from '../ui/time.js'
import { WorkerLink } from '../ui/worker-link.js'

export default function TaskView({ params: { dataset = '', key = '' }, query }: { params: Params; query: Query }) {
  const path = pathOf('tasks', dataset, key)
  const { data: item, error, reload } = useApi<TaskDetail>(path, { everyMs: 5_000 })
  const controls = item && (
    <TaskControls
      name={`${key} in all lanes`}
      calls={[{ dataset, keys: [key] }]}
      states={item.tasks.map(({ state }) => state)}
      done={reload}
    />
  )
  const chosen = item && laneOf(item.tasks, query)
  return (
    <Page title={key} aside={controls}>
      <nav aria-label="Breadcrumb">
        <a href={href('/tasks')}>Tasks</a> / <a href={href('/tasks', { dataset })}>{dataset}</a>
      </nav>
      {!item && <Pending what="the task" error={error} />}
      {item && item.tasks.length === 0 && <Empty>No worker has this dataset</Empty>}
      {item && item.tasks.length > 1 && <TaskGrid tasks={item.tasks} chosen={chosen} path={path} query={query} />}
      {item && (
        <div class="columns">
          {chosen && <Lane task={chosen} attempts={item.attempts} reload={reload} />}
          <Card title="Data" aside={<span class="muted">priority {number(item.priority)}</span>}>
            <Json value={item.data} />
          </Card>
        </div>
      )}
    </Page>
  )
}

function Lane({ task, attempts: all, reload }: { task: LaneTask; attempts: TaskDetail['attempts']; reload: () => void }) {
  const { key, dataset, annotator, domain, worker, state, attempts, failures, error, result, pastResults, priority } = task
  const name = `${annotator}/${domain}`
  const controls = (
    <TaskControls name={`${key} in ${name}`} calls={[{ dataset, annotator, domain, keys: [key] }]} states={[state]} done={reload} />
  )
  return (
    <Card title={name} aside={controls}>
      <div class="row">
        <TaskState task={task} /> <Moment task={task} />
      </div>
      <Facts
        of={[
          ['Worker', worker && <WorkerLink key="worker" id={worker} />],
          ['Attempts', `${plural(attempts, 'attempt')}, ${number(failures)} failed`],
          ['Priority', number(priority)],
        ]}
      />
      {error && <ErrorDetails error={error} />}
      {state === 'done' && (
        <details open>
          <summary>Result</summary>
          <Json value={result} />
        </details>
      )}
      {pastResults > 0 && <PastResults key={`${name} ${pastResults}`} task={task} count={pastResults} />}
      <h3>Attempts</h3>
      <Attempts attempts={all.filter((attempt) => attempt.annotator === annotator && attempt.domain === domain)} />
    </Card>
  )
}

function Attempts({ attempts }: Pick<TaskDetail, 'attempts'>) {
  if (attempts.length === 0) return <Empty>None is over</Empty>
  return (
    <ol class="timeline">
      {attempts.map(({ attempt, worker, outcome, error, at }) => (
        <li key={`${attempt} ${outcome} ${at}`}>
          <div class="row">
            <Badge text={outcome} tone={outcome === 'done' ? 'done' : outcome === 'dropped' ? 'off' : 'bad'} />
            <span title={worker && `by ${worker}`}>attempt {attempt}</span>
            <Time at={at} />
          </div>
          {outcome === 'done' ? error && <span class="muted">its result was set aside</span> : error && <ErrorDetails error={error} />}
        </li>
      ))}
    </ol>
  )
}
