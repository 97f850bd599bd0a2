/** Workers that come, change and go: what a form sends, and what is said before. Pure. */
import type { Worker, WorkerDetail } from '../../contract/worker.js'
import { plural } from '../format.js'

export type Settings = WorkerDetail['settings']

/** Of a form, by the names of its fields. */
type Answers = Record<string, string>

/** Options with a whole number. Empty stands for the default. */
const numbers = ['target', 'delayMs', 'concurrency', 'priority', 'drainMs', 'idleMs'] as const

/** The options that a form has changed, in the form of the API. @throws Error if the input is no JSON object */
export function changesOf(settings: Settings, answers: Answers): Record<string, unknown> {
  const changes: Record<string, unknown> = {}
  for (const name of numbers) {
    const wanted = answers[name] ? Number(answers[name]) : null
    if (wanted !== settings[name]) changes[name] = wanted
  }
  const prefetch = answers.prefetch === 'auto' || !answers.prefetch ? 'auto' : Number(answers.prefetch)
  if (prefetch !== settings.prefetch) changes.prefetch = prefetch
  const enabled = answers.enabled === 'on'
  if (enabled !== settings.enabled) changes.enabled = enabled
  if ((answers.group || null) !== settings.group) changes.group = answers.group || null
  return { ...changes, ...given(answers) }
}

/** The body of a call that adds a worker. @throws Error if the input is no JSON object */
export function additionOf({ id = '', like = '', persist, ...answers }: Answers): Record<string, unknown> {
  return { id: id.trim(), like, options: given(answers), persist: persist === 'on' }
}

/** What stays as it is where nothing is given. */
function given({ quota, input }: Answers): Record<string, unknown> {
  return { ...(quota && { quota }), ...(input?.trim() && { input: objectOf(input) }) }
}

function objectOf(text: string): object {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // Its message may quote a secret.
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw new Error('Fields of its input: a JSON object is needed, such as {"apiKey": "..."}')
}

/** What happens when a worker is removed. */
export function removalOf({ id, progress, threadId }: Pick<Worker, 'id' | 'progress' | 'threadId'>): string {
  const sentences = [`${id} leaves the system${threadId === null ? '' : ' once its tasks in hand are finished; its thread ends'}.`]
  if (progress) {
    const left = Math.max(0, progress.total - progress.done - progress.dead)
    const dead = progress.dead > 0 ? `, ${plural(progress.dead, 'dead task')}` : ''
    if (left > 0) sentences.push(`Left undone: ${plural(left, 'task')}, until a worker is added for its lane again.`)
    sentences.push(`Kept in the store: ${plural(progress.done, 'result')}${dead}.`)
  }
  return sentences.join(' ')
}
