/** One item with its task in every lane: data, states, stored attempts, and results. */
import type { TaskDetail } from '../../contract/task.js'
import { TaskControls } from '../controls/task-controls.js'
import { number, plural } from '../format.js'
import { useApi } from '../live/live.js'
import { href, type Params, pathOf } from '../routing/router.js'
import { Badge } from '../ui/badge.js'
import { ErrorDetails } from '../ui/error-details.js'
import { Json } from '../ui/json.js'
import { Card, Empty, Facts, Page, Pending } from '../ui/page.js'
import { Moment, TaskState } from '../ui/task-table.js'
import { Time } from '../ui/time.js'

export default function TaskView({ params: { dataset = '', key = '' } }: { params: Params }) {
  const { data: item, error, reload } = useApi<TaskDetail>(`/tasks${pathOf(dataset, key)}`, { everyMs: 5_000 })
  const controls = item && (
    <TaskControls
      name={`${key} in all lanes`}
      calls={[{ dataset, keys: [key] }]}
      states={item.tasks.map(({ state }) => state)}
      done={reload}
    />
  )
  return (
    <Page title={key} aside={controls}>
      <nav aria-label="Breadcrumb">
        <a href={href('/tasks')}>Tasks</a> / <a href={href('/tasks', { dataset })}>{dataset}</a>
      </nav>
      {item ? <Item item={item} reload={reload} /> : <Pending what="the task" error={error} />}
    </Page>
  )
}

function Item({ item: { priority, data, tasks, attempts }, reload }: { item: TaskDetail; reload: () => void }) {
  return (
    <div class="columns">
      <div class="stack-y">
        {tasks.map((task) => (
          <Lane key={`${task.annotator}/${task.domain}`} task={task} reload={reload} />
        ))}
      </div>
      <div class="stack-y">
        <Card title="Data" aside={<span class="muted">priority {number(priority)}</span>}>
          <Json value={data} />
        </Card>
        <Attempts attempts={attempts} />
      </div>
    </div>
  )
}

function Lane({ task, reload }: { task: TaskDetail['tasks'][number]; reload: () => void }) {
  const { key, dataset, annotator, domain, worker, state, attempts, failures, error, result, priority } = task
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
          ['Worker', worker && <a href={href(pathOf('workers', worker))}>{worker}</a>],
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
    </Card>
  )
}

function Attempts({ attempts }: Pick<TaskDetail, 'attempts'>) {
  return (
    <Card title="Attempts">
      {attempts.length === 0 && <Empty>None failed, none was dropped</Empty>}
      <ol class="timeline">
        {attempts.map(({ annotator, domain, attempt, worker, outcome, error, at }) => (
          <li key={`${annotator}/${domain} ${attempt} ${outcome} ${at}`}>
            <div class="row">
              <Badge text={outcome} tone={outcome === 'done' ? 'done' : outcome === 'dropped' ? 'off' : 'bad'} />
              <span title={`by ${worker}`}>
                attempt {attempt} of {annotator}/{domain}
              </span>
              <Time at={at} />
            </div>
            {error && <ErrorDetails error={error} />}
          </li>
        ))}
      </ol>
    </Card>
  )
}
