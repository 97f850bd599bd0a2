/** The end of a log: loaded rows and later live rows, each once, in order. */

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

/** The worst first. */
export const logLevels = ['error', 'warn', 'info', 'debug'] as const
export type Level = (typeof logLevels)[number]

/** Whether a record is of this level or worse. */
export const atLeast = (level: Level, least: Level): boolean => logLevels.indexOf(level) <= logLevels.indexOf(least)
