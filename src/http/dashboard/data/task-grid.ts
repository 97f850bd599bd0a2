/** One item over all its lanes: which lane is looked at, and what the lanes answered. Pure. */
import type { TaskDetail } from '../../contract/task.js'
import type { Query } from '../routing/address.js'
import { brief } from './brief.js'

export type LaneTask = TaskDetail['tasks'][number]

/** The lane that the address names, else one that somebody has to look at. */
export function laneOf(tasks: readonly LaneTask[], { annotator, domain }: Query): LaneTask | undefined {
  const named = tasks.find((task) => task.annotator === annotator && task.domain === domain)
  return named ?? tasks.find(({ state }) => state === 'dead') ?? tasks.find(({ state }) => state === 'retrying') ?? tasks[0]
}

/** A result in a word or two: its label, or its only value, or all of it. */
export function inAWord(result: unknown): string {
  const isObject = typeof result === 'object' && result !== null && !Array.isArray(result)
  if (isObject && 'label' in result) return brief(result.label, 60)
  const values = isObject ? Object.values(result) : []
  return brief(values.length === 1 ? values[0] : result, 60)
}

/** What a lane has to show: its result, or what it failed with; null: its state says it all. */
export function wordOf({ state, result, error }: LaneTask): string | null {
  if (state === 'done') return inAWord(result)
  if (!error) return null
  const { code = error.name, message } = error
  return brief(message === code ? code : `${code}: ${message}`, 80)
}

export interface Answer {
  word: string
  count: number
}

/** How often each result was given, the most frequent first. */
export function answersOf(tasks: readonly LaneTask[]): Answer[] {
  const counts = new Map<string, number>()
  for (const { state, result } of tasks) {
    if (state !== 'done') continue
    const word = inAWord(result)
    counts.set(word, (counts.get(word) ?? 0) + 1)
  }
  return [...counts].map(([word, count]) => ({ word, count })).sort((a, b) => b.count - a.count)
}
