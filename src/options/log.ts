import { dirname, join, resolve } from 'node:path'
import * as v from 'valibot'
import { type LogLevel, logLevels } from '../log-levels.js'
import { either, flag, group, oneOf, option, path, type Schema, whole } from '../validation/schema-pieces.js'

/** The level and the targets of the log. */
export interface LogOptions {
  /** `'silent' | 'error' | 'warn' | 'info' | 'debug'`. @defaultValue 'info' */
  level?: LogLevel
  /** Lines on the terminal (stderr): pretty on a TTY, plain otherwise. @defaultValue true */
  console?: boolean
  /** Folder of the log files, or false for none. @defaultValue `logs` beside the store; false for ':memory:' */
  dir?: string | false
  /** Size at which a file is rotated, in bytes. At least 1_000. @defaultValue 10_000_000 */
  maxBytes?: number
  /** Number of rotated files kept for each name, 0 to 1_000. @defaultValue 5 */
  keep?: number
}

export const log = group({
  level: option(oneOf(...logLevels), 'info'),
  console: option(flag, true),
  dir: option(either((value) => value === false, v.literal(false), path('the path of a folder, or false'))),
  maxBytes: option(whole(1_000), 10_000_000),
  keep: option(whole(0, 1_000), 5),
} satisfies Schema<LogOptions>)

export function logDir(dir: string | false | undefined, store: string): string | false {
  if (dir === false) return false
  if (dir !== undefined) return resolve(dir)
  return store === ':memory:' ? false : join(dirname(store), 'logs')
}
