/**
 * The latest attempts of each task that did not end in its result. A successful attempt has no row here: the result is its
 * record.
 */
import type { ErrorRecord } from '../../../errors.js'
import type { Time } from '../../contract/basics.js'
import type { TaskAttempt } from '../../contract/single-tasks.js'
import type { EngineContext } from '../engine-context.js'

/** The most stored attempts of a task. */
const remembered = 20

/** An attempt that is over. */
export interface EndedAttempt {
  attempt: number
  /** Row of the worker; 0: none. */
  worker: number
  outcome: TaskAttempt['outcome']
  error: ErrorRecord
  at: Time
  /** Whether the task is charged: its own failure or crash. */
  counts: boolean
}

export type Attempts = ReturnType<typeof attempts>

export function attempts({ db }: EngineContext) {
  const insert = db
    .prepare<[number, number, number, number, string, string, Time, 0 | 1, number, number], number>(
      `INSERT INTO attempt (lane, item, seq, attempt, worker, outcome, error, at, counts)
       SELECT ?, ?, coalesce(max(seq), 0) + 1, ?, ?, ?, ?, ?, ? FROM attempt WHERE lane = ? AND item = ? RETURNING seq`,
    )
    .pluck()
  const selectError = db
    .prepare<[number, number, number], string>('SELECT error FROM attempt WHERE lane = ? AND item = ? AND seq = ?')
    .pluck()
  const forget = db.prepare<[number, number, number]>('DELETE FROM attempt WHERE lane = ? AND item = ? AND seq <= ?')

  return {
    /** @returns its number */
    note(lane: number, item: number, { attempt, worker, outcome, error, at, counts }: EndedAttempt): number {
      const seq = insert.get(lane, item, attempt, worker, outcome, JSON.stringify(error), at, counts ? 1 : 0, lane, item) ?? 0
      if (seq > remembered) forget.run(lane, item, seq - remembered)
      return seq
    },

    /** The error of an attempt, as JSON text. */
    errorOf: (lane: number, item: number, seq: number): string | null => selectError.get(lane, item, seq) ?? null,
  }
}
