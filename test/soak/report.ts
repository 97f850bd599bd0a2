/** What a soak has done and found, as data and as text. */
import type { Violation } from './checker.js'
import type { Note } from './notes.js'

export interface SoakReport {
  /** What was done, by kind. */
  done: Record<string, number>
  /** Failures that drover told of, by kind. */
  failures: Record<string, number>
  /** So many of the planned steps were done within the time. */
  steps: number
  planned: number
  hosts: number
  threads: number
  starts: number
  results: number
  dead: number
  notes: number
  checks: number
  violations: Violation[]
  /** What came before the first violation, at most 50 notes that matter; else nothing. */
  before: Note[]
}

/** One line: what was done, what came of it, and what was found. */
export function summary({ done, failures, violations, before: _, ...counts }: SoakReport): string {
  const list = (numbers: Record<string, number>): string =>
    Object.entries(numbers)
      .sort(([, a], [, b]) => b - a)
      .map(([name, count]) => `${count} ${name}`)
      .join(', ')
  return `done: ${list(done)}; failures: ${list(failures)}; ${list(counts)}; ${violations.length} violations`
}

/** What is needed to look into it. */
export function describeViolations({ violations, before }: SoakReport, seed: number): string {
  const shown = violations.slice(0, 10).map(({ invariant, complaint, index }) => `VIOLATION ${invariant}: ${complaint} (note ${index})`)
  return [
    `the ${before.length} notes before it (tasks left out):`,
    ...before.map((note) => JSON.stringify(note)),
    ...shown,
    `seed ${seed}`,
  ].join('\n')
}
