/** The end of a log: loaded rows and later live rows, each once, in order. */
import { levelRank, type RecordLevel } from '../../../log-levels.js'

/**
 * @param asked oldest first
 * @param most the number of latest rows to keep
 * @param place rises from row to row
 */
export function joined<Row>(asked: readonly Row[], told: readonly Row[], most: number, place: (row: Row) => number): Row[] {
  const last = asked.at(-1)
  const after = last === undefined ? Number.NEGATIVE_INFINITY : place(last)
  return [...asked, ...told.filter((row) => place(row) > after)].slice(-most)
}

/** Whether a record is of this level or worse. */
export const atLeast = (level: RecordLevel, least: RecordLevel): boolean => levelRank[level] <= levelRank[least]
