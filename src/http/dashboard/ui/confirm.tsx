/**
 * Asks before an action: its effect, its targets and its inputs. An error is shown in the dialog, so that no input is lost.
 */
import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { createStore, useStore } from '../live/store.js'
import { toast } from '../shell/toasts.js'
import { Button } from './button.js'
import { Dialog } from './dialog.js'
import { type FormField, FormFields } from './form-field.js'

/** By the names of the fields; a box that is ticked is `on`, one that is not is missing. */
export type Answers = Record<string, string>

export interface Question {
  title: string
  /** What will happen. */
  text: ComponentChildren
  fields?: FormField[]
  /** Further fields of a form. */
  children?: ComponentChildren
  /** The button that does it. */
  action: string
  /** Whether it deletes something or ends work. */
  danger?: boolean
  /** Has to be typed; it comes as the answer `confirmation`. */
  word?: string | undefined
}

interface Asked {
  question: Question
  run: (answers: Answers) => Promise<unknown>
}

const asked = createStore<Asked | null>(null)
const close = (): void => asked.set(null)

/** Asks, and calls `run` after the confirmation. An error of `run` is shown, and the dialog stays. */
export const ask = (question: Question, run: (answers: Answers) => Promise<unknown>): void => asked.set({ question, run })

/** Where questions are asked: once in the page. */
export function Questions() {
  const now = useStore(asked)
  return now && <Confirm asking={now} />
}

function Confirm({ asking }: { asking: Asked }) {
  const { question, run } = asking
  const { title, text, fields = [], children, action, danger = false, word } = question
  const [typed, type] = useState('')
  const [busy, setBusy] = useState(false)
  const [problem, tell] = useState('')
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    if (busy) return
    const answers = Object.fromEntries(new FormData(event.currentTarget as HTMLFormElement)) as Answers
    setBusy(true)
    try {
      await run(answers)
      // The dialog may have been closed meanwhile, and another one opened.
      if (asked.get() === asking) close()
    } catch (error) {
      const { message } = error as Error
      if (asked.get() !== asking) toast(message, 'error')
      tell(message)
      setBusy(false)
    }
  }
  const confirmed = word === undefined || typed === word
  return (
    <Dialog title={title} onClose={close}>
      <form class="stack-y" onSubmit={submit}>
        <p>{text}</p>
        {children}
        <FormFields fields={fields} />
        {word !== undefined && (
          <FormFields
            fields={[{ name: 'confirmation', label: `Type ${word} to confirm`, required: true }]}
            onInput={(value) => type(value)}
          />
        )}
        <p role="alert" class="problem">
          {problem}
        </p>
        <div class="row dialog-actions">
          <Button onClick={close}>{busy ? 'Close' : 'Cancel'}</Button>
          <Button
            type="submit"
            kind={danger ? 'danger' : 'primary'}
            disabled={busy || !confirmed}
            title={confirmed ? undefined : `Type ${word} first`}
          >
            {busy ? `${action} …` : action}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
