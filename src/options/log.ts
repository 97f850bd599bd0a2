import { dirname, join, resolve } from 'node:path'

export function logDir(dir: string | false | undefined, store: string): string | false {
  if (dir === false) return false
  if (dir !== undefined) return resolve(dir)
  return store === ':memory:' ? false : join(dirname(store), 'logs')
}

export interface LogOptions {
  /** `'silent' | 'error' | 'warn' | 'info' | 'debug'`. @defaultValue 'info' */
  level?: LogLevel
  /** Lines on the terminal (stderr): pretty on a TTY, plain otherwise. @defaultValue true */
  console?: boolean
  /** Folder of the log files, or false for none. @defaultValue `logs` beside the store; false for ':memory:' */
  dir?: string | false
  /** A file is rotated at so many bytes. At least 1_000. @defaultValue 10_000_000 */
  maxBytes?: number
  /** So many rotated files of each name are kept, 0 to 1_000. @defaultValue 5 */
  keep?: number
}

export type LogLevel = 'silent' | 'error' | 'warn' | 'info' | 'debug'
