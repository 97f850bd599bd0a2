/** Buttons for tasks: one, a selection, or all that match a filter. Each first asks, with the exact number of tasks and the effect. */
import { countMoved, move, titleAndText, wordings } from '../data/task-moves.js'
import { hindranceOf, possibleIn, type TaskAction, type TaskFilter, type TaskState } from '../data/tasks.js'
import { plural } from '../format.js'
import { request } from '../live/live.js'
import { mayControl, readOnly, useSession } from '../live/session.js'
import { toast } from '../shell/toasts.js'
import { Button } from '../ui/button.js'
import { ask } from '../ui/confirm.js'
import type { FormField } from '../ui/form-field.js'

interface TaskControlsProps {
  /** For people: `m-17 in all lanes`, `The ticked tasks`, `All dead tasks of dataset reviews`. */
  name: string
  /** One call for each. None: nothing is selected, and nothing can be done. */
  calls: TaskFilter[]
  /** Their states: actions that none of them allows are not offered. */
  states: readonly TaskState[]
  done: () => void
}

const fields: Partial<Record<TaskAction, FormField[]>> = {
  drop: [{ name: 'why', label: 'Reason', hint: 'Stored as their error' }],
  priority: [{ name: 'priority', label: 'Priority', type: 'number', required: true, value: 0 }],
}

export function TaskControls({ name, calls, states, done }: TaskControlsProps) {
  const session = useSession()
  const word = session.known ? session.confirmationWord : ''
  const begin = async (action: TaskAction): Promise<void> => {
    const { label, did, danger = false } = wordings[action]
    try {
      const count = await countMoved(request, { action, calls })
      if (count === 0) return toast(`${label}: it would change none of these tasks`, 'error')
      const question = {
        ...titleAndText(action, name, count),
        action: label,
        danger,
        fields: fields[action] ?? [],
        word: danger ? word : undefined,
      }
      ask(question, async (answers) => {
        toast(`${plural(await move(request, { action, calls }, answers), 'task')} ${did}`)
        done()
      })
    } catch (error) {
      toast(`The tasks could not be counted: ${(error as Error).message}`, 'error')
    }
  }
  return (
    <fieldset class="row controls">
      <legend class="sr-only">Controls of {name}</legend>
      {possibleIn(states).map((action) => {
        const { label, danger } = wordings[action]
        const why = mayControl(session) ? hindranceOf(action, calls) : readOnly
        return (
          <Button key={action} kind={danger ? 'danger' : 'normal'} hindrance={why} onClick={() => begin(action)}>
            {label}
          </Button>
        )
      })}
    </fieldset>
  )
}
