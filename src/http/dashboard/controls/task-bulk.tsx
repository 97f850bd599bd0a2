/** What is selected of a list of tasks, and what can be done to it. Where nothing is, nothing can. */
import type { TaskRecord } from '../../contract/task.js'
import { callsFor, describe, matching, stateOf, taskStates } from '../data/tasks.js'
import { number, plural } from '../format.js'
import type { Query } from '../routing/router.js'
import { Button } from '../ui/button.js'
import { TaskControls } from './task-controls.js'

interface TaskBulkProps {
  query: Query
  /** The error that the address asks for, in words. */
  error: string | null
  /** How many tasks match; undefined: not known yet. */
  total: number | undefined
  /** Whether all that match were chosen. */
  all: boolean
  ticked: TaskRecord[]
  chooseAll: () => void
  clear: () => void
  changed: () => void
}

export function TaskBulk({ query, error, total, all, ticked, chooseAll, clear, changed }: TaskBulkProps) {
  const state = stateOf(query)
  const some = ticked.length > 0
  const many = total === undefined ? 'all' : `all ${number(total)}`
  const described = describe(query, error)
  return (
    <div class="bulk">
      <span class="row" role="status">
        {all ? `${capital(many)} that match are chosen` : some ? `${plural(ticked.length, 'task')} ticked` : 'Nothing ticked'}
        {!all && total !== 0 && (
          <Button kind="plain" onClick={chooseAll} title={described}>
            Choose {many} that match
          </Button>
        )}
        {(all || some) && (
          <Button kind="plain" onClick={clear}>
            Clear
          </Button>
        )}
      </span>
      <TaskControls
        name={all ? capital(described) : 'The ticked tasks'}
        calls={all ? [matching(query)] : callsFor(ticked)}
        states={!all && some ? ticked.map((task) => task.state) : state ? [state] : taskStates}
        done={changed}
      />
    </div>
  )
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
