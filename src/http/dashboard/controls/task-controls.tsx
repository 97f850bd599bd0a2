/** Buttons for tasks: one, a selection, or all that match a filter. Each first shows the number of tasks and the effect. */
import { possibleIn, type TaskAction, type TaskFilter, type TaskState } from '../data/tasks.js'
import { plural } from '../format.js'
import { request } from '../live/live.js'
import { mayControl, readOnly, useSession } from '../live/session.js'
import { toast } from '../shell/toasts.js'
import { Button } from '../ui/button.js'
import { type Answers, ask } from '../ui/confirm.js'
import type { FormField } from '../ui/form-field.js'

interface TaskControlsProps {
  /** For people: `m-17`, `12 selected tasks`, `all dead tasks of dataset reviews`. */
  name: string
  /** One call for each. */
  calls: TaskFilter[]
  /** Their states: actions that none of them allows are not offered. */
  states: readonly TaskState[]
  /** The reason why no action is possible. */
  hindered?: string | null
  done: () => void
}

interface Wording {
  label: string
  does: string
  did: string
  danger?: boolean
  fields?: FormField[]
}

const wordings: Record<TaskAction, Wording> = {
  redrive: {
    label: 'Redrive',
    does: 'Dead tasks wait for their turn again; their failures are forgotten.',
    did: 'redriven',
  },
  retry: { label: 'Retry', does: 'Tasks that wait for their next attempt become due at once.', did: 'due at once' },
  drop: {
    label: 'Drop',
    does: 'Waiting, retrying and dead tasks are given up until they are redriven. Leased and done tasks stay as they are.',
    did: 'dropped',
    danger: true,
    fields: [{ name: 'why', label: 'Reason', hint: 'Stored as their error' }],
  },
  priority: {
    label: 'Priority',
    does: 'Tasks that have not begun get this priority; higher goes first.',
    did: 'moved',
    fields: [{ name: 'priority', label: 'Priority', type: 'number', required: true, value: 0 }],
  },
}

export function TaskControls({ name, calls, states, hindered = null, done }: TaskControlsProps) {
  const session = useSession()
  const word = session.known ? session.confirmationWord : ''
  const begin = (action: TaskAction): void => {
    const { label, does, did, danger = false, fields = [] } = wordings[action]
    ask({ title: `${label} ${name}?`, text: does, action: label, danger, fields, word: danger ? word : undefined }, async (answers) => {
      toast(`${plural(await doTo(action, calls, answers), 'task')} ${did}`)
      done()
    })
  }
  /** Priorities are given to items by name. */
  const nameless = calls.some(({ keys, dataset }) => !keys || !dataset)
  return (
    <fieldset class="row controls">
      <legend class="sr-only">Controls of {name}</legend>
      {possibleIn(states).map((action) => {
        const { label, danger } = wordings[action]
        const own = action === 'priority' && nameless ? 'Select tasks first' : null
        const why = mayControl(session) ? (hindered ?? own) : readOnly
        return (
          <Button key={action} kind={danger ? 'danger' : 'normal'} hindrance={why} onClick={() => begin(action)}>
            {label}
          </Button>
        )
      })}
    </fieldset>
  )
}

/** @returns how many tasks were changed, over all calls */
async function doTo(action: TaskAction, calls: readonly TaskFilter[], { why, confirmation, priority }: Answers): Promise<number> {
  const more = {
    ...(action === 'drop' && { confirmation, ...(why && { why }) }),
    ...(action === 'priority' && { priority: Number(priority) }),
  }
  let count = 0
  for (const { states, ...call } of calls) {
    // Only dropping is for tasks of several states.
    const body = { ...call, ...(action === 'drop' && states && { states }), ...more }
    count += (await request<{ count: number }>('POST', `/tasks/${action}`, body)).count
  }
  return count
}
