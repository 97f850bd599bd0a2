/** Tasks: which an address shows, which are selected, and what can be done to them. */
import type { TaskCount, TaskRecord } from '../../contract/task.js'
import type { Query } from '../routing/address.js'

export type TaskState = TaskRecord['state']
export type TaskAction = 'redrive' | 'retry' | 'redo' | 'drop' | 'priority'

/** Which tasks, in the form of the API; all given parts must match. */
export interface TaskFilter {
  dataset?: string
  annotator?: string
  domain?: string
  worker?: string
  search?: string
  prefix?: string
  keys?: string[]
  /** As the two below: only of dead tasks. */
  kind?: string
  error?: string
  code?: string
  states?: TaskState[]
}

export const taskStates: readonly TaskState[] = ['waiting', 'leased', 'retrying', 'done', 'dead']

/** Parts of the address. */
const ofLanes = ['dataset', 'annotator', 'domain', 'worker'] as const
/** How keys are searched; one of them at a time. */
export const ofKeys = { search: 'contains', prefix: 'begins with', key: 'is' } as const
const ofDead = ['kind', 'error', 'code'] as const

/** The parts that an address gives. */
function given<Name extends string>(query: Query, names: readonly Name[]): { [Each in Name]?: string } {
  return Object.fromEntries(names.flatMap((name) => (query[name] ? [[name, query[name]]] : []))) as { [Each in Name]?: string }
}

export const lanesOf = (query: Query): TaskFilter => given(query, ofLanes)

export const stateOf = ({ state }: Query): TaskState | undefined => taskStates.find((each) => each === state)

/** How the keys are searched, if they are. */
export const keyPart = (query: Query): keyof typeof ofKeys | undefined =>
  (Object.keys(ofKeys) as (keyof typeof ofKeys)[]).find((name) => query[name])

/** The query of the list that an address shows, in the form of the API. */
export function listOf(query: Query): Record<string, string> {
  const part = keyPart(query)
  const state = stateOf(query)
  return {
    ...given(query, ofLanes),
    ...(part && { [part]: query[part] as string }),
    ...(state && { state }),
    ...(state === 'dead' && given(query, ofDead)),
  }
}

/** All tasks that an address shows, on whichever page. */
export function matching(query: Query): TaskFilter {
  const { state, key, ...parts } = listOf(query)
  return { ...parts, ...(key && { keys: [key] }), ...(state && { states: [state as TaskState] }) }
}

/** As people say it: `all dead tasks of dataset reviews whose key contains m-1`. */
export function describe(query: Query, errorName: string | null = null): string {
  const lanes = Object.entries(lanesOf(query)).map(([name, value]) => `${name} ${value}`)
  const part = keyPart(query)
  const state = stateOf(query)
  const { kind, error, code } = state === 'dead' ? query : ({} as Query)
  return [
    `all ${kind ? `${kind} ` : state ? `${state} ` : ''}tasks`,
    lanes.length > 0 && `of ${lanes.join(', ')}`,
    part && `whose key ${ofKeys[part]} ${query[part]}`,
    (error || code) && `with the error ${(error && errorName) || code || error}`,
  ]
    .filter(Boolean)
    .join(' ')
}

/** How many of the counted tasks an address shows. */
export function shownOf(counts: TaskCount['states'], query: Query): number {
  const state = stateOf(query)
  return state ? counts[state] : taskStates.reduce((sum, each) => sum + counts[each], 0)
}

/** Actions in each state. */
const possible: Record<TaskState, readonly TaskAction[]> = {
  waiting: ['drop', 'priority'],
  leased: [],
  retrying: ['retry', 'drop', 'priority'],
  done: ['redo'],
  dead: ['redrive', 'drop'],
}

/** Actions for tasks of these states, in the order of the buttons. */
export function possibleIn(states: readonly TaskState[]): TaskAction[] {
  const all: readonly TaskAction[] = ['redrive', 'retry', 'redo', 'drop', 'priority']
  return all.filter((action) => states.some((state) => possible[state].includes(action)))
}

/** The reason why an action cannot be asked for all of these tasks; null: it can. */
export function hindranceOf(action: TaskAction, calls: readonly TaskFilter[]): string | null {
  if (calls.length === 0) return 'Tick tasks first, or choose all that match'
  // Priorities are given to items by name.
  if (action === 'priority' && calls.some(({ keys, dataset }) => !keys || !dataset)) return 'Tick tasks first'
  const unbounded = ({ states: _states, ...parts }: TaskFilter): boolean => Object.keys(parts).length === 0
  if (action === 'redo' && calls.some(unbounded)) return 'Choose a dataset, a lane or keys first: everything would be done again'
  return null
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

/** What the time of a task means. */
export function momentOf({ state, at }: Pick<TaskRecord, 'state' | 'at'>): { word: string; at: number } | null {
  if (at === null) return null
  return { word: state === 'retrying' ? 'due' : state === 'dead' ? 'given up' : state === 'done' ? 'committed' : 'since', at }
}
