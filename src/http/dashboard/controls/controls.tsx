/**
 * Buttons that start, stop and change workers: one, a selection, or all that match a filter. An action with wider effect asks
 * first.
 */
import type { ControlOutcome } from '../../contract/log.js'
import { type Action, actions, type Chosen, hindrance, outcomeOf } from '../data/control.js'
import { request } from '../live/live.js'
import { mayControl, readOnly, useSession } from '../live/session.js'
import { toast } from '../shell/toasts.js'
import { Button } from '../ui/button.js'
import { type Answers, ask, type Question } from '../ui/confirm.js'
import type { FormField } from '../ui/form-field.js'

export type { Chosen } from '../data/control.js'

interface ControlsProps {
  of: Chosen
  /** @defaultValue all of them */
  only?: readonly Action[]
  /** Called once something was done. */
  done?: () => void
}

/**
 * @example
 * <WorkerControls of={{ name: 'annotator-1/urgency', selection: { workers: ['annotator-1/urgency'] }, states: ['running'] }} />
 */
export function WorkerControls({ of, only = Object.keys(actions) as Action[], done }: ControlsProps) {
  const session = useSession()
  const word = session.known ? session.confirmationWord : ''
  return (
    <fieldset class="row controls">
      <legend class="sr-only">Controls of {of.name}</legend>
      {only.map((action) => {
        const { label, danger } = actions[action]
        const why = mayControl(session) ? hindrance(action, of) : readOnly
        return (
          <Button key={action} kind={danger ? 'danger' : 'normal'} hindrance={why} onClick={() => begin(action, of, word, done)}>
            {label}
          </Button>
        )
      })}
    </fieldset>
  )
}

async function begin(action: Action, of: Chosen, word: string, done: (() => void) | undefined): Promise<void> {
  const run = async (answers: Answers): Promise<void> => {
    const outcomes = await request<ControlOutcome[]>('POST', `/control/${action}`, { ...of.selection, ...bodyOf(action, answers) })
    toast(outcomeOf(action, outcomes), outcomes.every(({ ok }) => ok) ? 'ok' : 'error')
    done?.()
  }
  if (actions[action].asks || of.selection.workers?.length !== 1) ask(questionOf(action, of, word), run)
  else await run({}).catch((error: Error) => toast(error.message, 'error'))
}

const drain: FormField = {
  name: 'drainS',
  label: 'Seconds that tasks in hand may take',
  type: 'number',
  min: 0,
  max: 86_400,
  step: 'any',
  hint: "Empty: each worker's own limit",
}
const why: FormField = { name: 'why', label: 'Reason', required: true, hint: 'Stored and shown with the worker' }

const fields: Partial<Record<Action, FormField[]>> = { stop: [drain], restart: [drain], blacklist: [why, drain] }

function questionOf(action: Action, { name }: Chosen, word: string): Question {
  const { label, does, danger } = actions[action]
  const question = { title: `${label} ${name}?`, text: does, action: label, danger, fields: fields[action] ?? [] }
  if (action !== 'reset') return question
  const hint = `The lanes begin again. To delete, type ${word}. Left empty, everything is kept`
  return { ...question, fields: [{ name: 'confirmation', label: 'Delete their results and dead tasks too', hint }] }
}

function bodyOf(action: Action, { drainS, why, confirmation }: Answers): Record<string, unknown> {
  return {
    ...(drainS && { drainMs: Math.round(Number(drainS) * 1_000) }),
    ...(action === 'blacklist' && { why }),
    ...(action === 'reset' && confirmation && { data: true, confirmation }),
  }
}

/** Asks how many results the lanes of these workers should have. */
export function askTarget({ name, selection }: Chosen, done?: () => void): void {
  const field: FormField = { name: 'target', label: 'Results per lane', type: 'number', min: 0, hint: 'Empty: one for every item' }
  const text = 'After a raise, completed lanes continue; after a cut, they stop at the new target.'
  ask({ title: `Target of ${name}`, text, action: 'Set target', fields: [field] }, async ({ target }) => {
    await request('POST', '/targets', { selector: selection, target: target ? Number(target) : null })
    toast(`Target of ${name}: ${target || 'every item'}`)
    done?.()
  })
}

/** Asks how many may run at once: in all (`group` null), or in one group. */
export function askConcurrency({ group, limit }: { group: string | null; limit: number }, done?: () => void): void {
  const name = group === null ? 'concurrency' : `limit of group ${group}`
  const text =
    'After a raise, waiting workers start at once. After a cut, workers of the lowest priority finish their tasks in hand and queue again.'
  const field: FormField = { name: 'limit', label: 'Workers at once', type: 'number', min: 1, required: true, value: limit }
  ask({ title: `Change the ${name}`, text, action: 'Change', fields: [field] }, async (answers) => {
    const wanted = Number(answers.limit)
    await request('PATCH', '/settings', group === null ? { concurrency: wanted } : { groups: { [group]: wanted } })
    toast(`The ${name} is ${wanted}`)
    done?.()
  })
}
