/** Buttons that add a worker like another one, change its options, and remove it. */
import type { Worker } from '../../contract/worker.js'
import { additionOf, changesOf, removalOf, type Settings } from '../data/members.js'
import { request, useLive } from '../live/live.js'
import { mayControl, readOnly, useSession } from '../live/session.js'
import { navigate, pathOf } from '../routing/router.js'
import { toast } from '../shell/toasts.js'
import { Button } from '../ui/button.js'
import { ask } from '../ui/confirm.js'
import type { FormField } from '../ui/form-field.js'

const persist: FormField = {
  name: 'persist',
  label: 'Also in later runs',
  type: 'checkbox',
  hint: 'Stored with the tasks; not possible if its input holds a secret',
}
const input: FormField = {
  name: 'input',
  label: 'Fields of its input, as JSON',
  type: 'long',
  hint: 'Such as {"apiKey": "..."}. What is not named stays as it is. Never shown, stored or logged',
}
const drain: FormField = { name: 'drainS', label: 'Seconds that tasks in hand may take', type: 'number', min: 0, max: 86_400, step: 'any' }

const quotaOf = (names: readonly string[], as: string): FormField => ({ name: 'quota', label: 'Quota', choices: [['', as], ...names] })

/** Names of all quotas. The result is a text, which stays the same while they do. */
const useQuotaNames = (): string[] => JSON.parse(useLive(({ quotas }) => JSON.stringify(Object.keys(quotas ?? {})))) as string[]

/** @param like the existing worker; of several, one is chosen */
export function AddButton({ like }: { like: readonly string[] }) {
  const may = mayControl(useSession())
  const quotas = useQuotaNames()
  const [only] = like.length === 1 ? like : []
  const begin = (): void => {
    const fields: FormField[] = [
      { name: 'id', label: 'Id', required: true, hint: 'Such as annotator-3/urgency: annotator, then domain' },
      ...(only === undefined ? [{ name: 'like', label: 'Like', choices: like }] : []),
      quotaOf(quotas, 'that of the other'),
      input,
      { name: 'start', label: 'Start it at once', type: 'checkbox', value: true },
      persist,
    ]
    const of = only ?? 'an existing one'
    const text = `It has the module, the input and the options of ${of}, and does the same tasks as another annotator or for another question.`
    ask({ title: `Add a worker like ${of}`, text, action: 'Add', fields }, async (answers) => {
      const { id } = await request<Worker>('POST', '/workers', additionOf({ ...(only !== undefined && { like: only }), ...answers }))
      toast(`${id} was added`)
      navigate(pathOf('workers', id))
      if (answers.start === 'on') await request('POST', '/control/start', { workers: [id] })
    })
  }
  return (
    <Button hindrance={!may ? readOnly : like.length === 0 ? 'There is no worker to take the options from' : null} onClick={begin}>
      {only === undefined ? 'Add worker' : 'Add another'}
    </Button>
  )
}

interface MemberControlsProps {
  worker: Worker
  /** Undefined: not known yet. */
  settings: Settings | undefined
  done: () => void
}

export function MemberControls({ worker, settings, done }: MemberControlsProps) {
  const may = mayControl(useSession())
  const quotas = useQuotaNames()
  const groups = useLive(({ overview }) => JSON.stringify(Object.keys(overview?.slots.groups ?? {})))
  const why = may ? null : readOnly
  const { id } = worker
  return (
    <fieldset class="row controls">
      <legend class="sr-only">Membership of {id}</legend>
      <AddButton like={[id]} />
      <Button hindrance={why} disabled={!settings} onClick={() => settings && change(id, settings, quotas, JSON.parse(groups), done)}>
        Options
      </Button>
      <Button kind="danger" hindrance={why} onClick={() => remove(worker)}>
        Remove
      </Button>
    </fieldset>
  )
}

function change(id: string, settings: Settings, quotas: readonly string[], groups: readonly string[], done: () => void): void {
  const count = (name: keyof Settings, label: string, hint?: string): FormField => ({
    name,
    label,
    type: 'number',
    value: (settings[name] ?? '') as number | string,
    ...(hint && { hint }),
  })
  const fields: FormField[] = [
    { name: 'enabled', label: 'Enabled', type: 'checkbox', value: settings.enabled, hint: 'Started together with all others' },
    count('target', 'Target', 'Results of its lane. Empty: one for every item'),
    count('concurrency', 'Tasks in flight at once'),
    { name: 'prefetch', label: 'Tasks held ready', value: settings.prefetch, hint: 'auto, or a number' },
    count('delayMs', 'Wait between two tasks, in ms'),
    count('priority', 'Priority'),
    { name: 'group', label: 'Group', value: settings.group ?? '', choices: [['', 'none'], ...groups] },
    quotaOf(quotas, 'as it is'),
    count('drainMs', 'How long a stop waits for tasks in hand, in ms'),
    count('idleMs', 'How long its thread is kept without tasks, in ms'),
    input,
    persist,
  ]
  const text = 'If a change concerns its thread, it finishes its tasks in hand and continues in a new one.'
  ask({ title: `Options of ${id}`, text, action: 'Change', fields }, async (answers) => {
    const body = { options: changesOf(settings, answers), persist: answers.persist === 'on' }
    await request('PATCH', pathOf('workers', id), body)
    toast(`${id} was changed`)
    done()
  })
}

function remove(worker: Worker): void {
  const { id } = worker
  const fields = [...(worker.threadId === null ? [] : [drain]), { ...persist, hint: 'Otherwise it is back in the next run' }]
  ask({ title: `Remove ${id}?`, text: removalOf(worker), action: 'Remove', danger: true, fields }, async ({ drainS, persist }) => {
    const query = new URLSearchParams({
      persist: String(persist === 'on'),
      ...(drainS && { drainMs: String(Math.round(Number(drainS) * 1_000)) }),
    })
    await request('DELETE', `${pathOf('workers', id)}?${query}`)
    toast(`${id} was removed`)
    navigate('/workers')
  })
}
