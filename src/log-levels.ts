/** The levels a line can have. */
export type RecordLevel = 'error' | 'warn' | 'info' | 'debug'

/** The least severe level that is written; `'silent'`: nothing is. */
export type LogLevel = 'silent' | RecordLevel

/** The levels that a line of the log can have, the most severe first. */
export const recordLevels = ['error', 'warn', 'info', 'debug'] as const satisfies readonly RecordLevel[]
/** The levels that a log can be set to: lines up to that level are written. */
export const logLevels = ['silent', ...recordLevels] as const satisfies readonly LogLevel[]

/** Higher is more talkative. */
export const levelRank = Object.fromEntries(logLevels.map((level, rank) => [level, rank])) as Record<LogLevel, number>
