/** What SQLite fails with, as an error of drover's; and damage that SQLite itself does not see. */
import { DroverError } from '../../errors.js'

/** The tables contradict each other. Thrown in the midst of an operation, it undoes the transaction. */
export class Damage extends Error {
  override readonly name = 'Damage'
  readonly code = 'SQLITE_CORRUPT'
}

/**
 * What must be there.
 *
 * @throws Damage if it is not
 */
export function found<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined) throw new Damage(`${what} is missing`)
  return value
}

/** SQLite's name for what went wrong, or the system's; '': it has none. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

/** The file is damaged: no other try fares better. */
export function isDamage(error: unknown): boolean {
  return /^SQLITE_(CORRUPT|NOTADB)/.test(codeOf(error))
}

/** There is no room on its disk. */
export function isFull(error: unknown): boolean {
  return codeOf(error) === 'SQLITE_FULL'
}

/** Another process holds its lock. */
export function isBusy(error: unknown): boolean {
  return codeOf(error).startsWith('SQLITE_BUSY')
}

/**
 * The error itself if it is drover's, else STORE_FAILED with it as its cause.
 *
 * @param more what its message does not tell
 */
export function storeFailure(cause: unknown, more = ''): DroverError {
  if (DroverError.is(cause)) return cause
  const what = `${cause instanceof Error ? cause.message : cause}${more}`
  const message = isDamage(cause) ? `the store's file is damaged (${what}): go on from a copy of it` : `the store failed: ${what}`
  return new DroverError('STORE_FAILED', message, { cause })
}
