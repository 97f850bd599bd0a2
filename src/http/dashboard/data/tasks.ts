/** Tasks: selection and actions for the views. */
import type { Dataset, TaskRecord } from '../../contract/task.js'

export type TaskState = TaskRecord['state']
export type TaskAction = 'redrive' | 'retry' | 'drop' | 'priority'

/** The lanes and keys of a call, in the form of the API. */
export interface TaskFilter {
  dataset?: string
  annotator?: string
  domain?: string
  worker?: string
  keys?: string[]
  states?: TaskState[]
}

export const taskStates: readonly TaskState[] = ['waiting', 'leased', 'retrying', 'done', 'dead']

/** Actions in each state. */
const possible: Record<TaskState, readonly TaskAction[]> = {
  waiting: ['drop', 'priority'],
  leased: [],
  retrying: ['retry', 'drop', 'priority'],
  done: [],
  dead: ['redrive', 'drop'],
}

/** Actions for tasks of these states, in the order of the buttons. */
export function possibleIn(states: readonly TaskState[]): TaskAction[] {
  const all: readonly TaskAction[] = ['redrive', 'retry', 'drop', 'priority']
  return all.filter((action) => states.some((state) => possible[state].includes(action)))
}

export const laneKey = ({ dataset, annotator, domain, key }: Pick<TaskRecord, 'dataset' | 'annotator' | 'domain' | 'key'>): string =>
  JSON.stringify([dataset, annotator, domain, key])

/** One call for each lane: the same key in another lane is another task. */
export function callsFor(tasks: readonly TaskRecord[]): (TaskFilter & { keys: string[] })[] {
  const lanes = new Map<string, TaskFilter & { keys: string[] }>()
  for (const { dataset, annotator, domain, key } of tasks) {
    const lane = JSON.stringify([dataset, annotator, domain])
    const known = lanes.get(lane)
    if (known) known.keys.push(key)
    else lanes.set(lane, { dataset, annotator, domain, keys: [key] })
  }
  return [...lanes.values()]
}

/** How many tasks are in each state, of one dataset or of all. */
export function countsOf(datasets: readonly Dataset[], name?: string): Record<TaskState, number> {
  const counts: Record<TaskState, number> = { waiting: 0, leased: 0, retrying: 0, done: 0, dead: 0 }
  for (const dataset of datasets) {
    if (name !== undefined && dataset.name !== name) continue
    const { total, done, dead, leased, retrying } = dataset
    counts.done += done
    counts.dead += dead
    counts.leased += leased
    counts.retrying += retrying
    counts.waiting += Math.max(0, total - done - dead - leased - retrying)
  }
  return counts
}

/** What the time of a task means. */
export function momentOf({ state, at }: Pick<TaskRecord, 'state' | 'at'>): { word: string; at: number } | null {
  if (at === null) return null
  return { word: state === 'retrying' ? 'due' : state === 'dead' ? 'given up' : state === 'done' ? 'committed' : 'since', at }
}
