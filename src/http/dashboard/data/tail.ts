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

/**
 * How many newer rows there are, where that has to be said: always if the list is held; else only if none of what it shows is among
 * the latest, because rows are always on their way.
 *
 * @param last the latest place in the log
 * @param seen the place up to which rows came
 * @param most the number of rows shown
 */
export function newerRows({ last, seen, held, most }: { last: number; seen: number; held: boolean; most: number }): number {
  const newer = Math.max(0, last - seen)
  return held || newer > most ? newer : 0
}

/** Whether a record is of this level or worse. */
export const atLeast = (level: RecordLevel, least: RecordLevel): boolean => levelRank[level] <= levelRank[least]
