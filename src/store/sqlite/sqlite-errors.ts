/** Turns SQLite's errors into DroverErrors, and defines damage that SQLite itself does not notice. */
import { DroverError } from '../../errors.js'

/** The tables contradict each other. Thrown in the middle of an operation, it rolls the transaction back. */
export class Damage extends Error {
  override readonly name = 'Damage'
  readonly code = 'SQLITE_CORRUPT'
}

/**
 * Requires a value.
 *
 * @throws Damage if it is missing
 */
export function found<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined) throw new Damage(`${what} is missing`)
  return value
}

/** The code of SQLite's or the system's error; '' without a code. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

/** Whether the file is damaged, so that another try is useless. */
export function isDamage(error: unknown): boolean {
  return /^SQLITE_(CORRUPT|NOTADB)/.test(codeOf(error))
}

/**
 * What SQLite's own check of a file says of a page that it could not read, which may be sound: the disk failed, or memory was short.
 *
 * @throws if it says so of any
 */
export function checkRead(said: string): void {
  const line = said.split('\n').find((one) => {
    const [, code] = /error code[= ](\d+)/.exec(one) ?? []
    return one.includes('failed to get page') || (code !== undefined && !damageCodes.includes(Number(code) & 0xff))
  })
  if (line !== undefined) throw new Error(`SQLite could not read every page (${line})`)
}

/** SQLITE_CORRUPT and SQLITE_NOTADB, as numbers. */
const damageCodes = [11, 26]

/** Whether its disk is full. */
export function isFull(error: unknown): boolean {
  return codeOf(error) === 'SQLITE_FULL'
}

/** Whether another process holds its lock. */
export function isBusy(error: unknown): boolean {
  return codeOf(error).startsWith('SQLITE_BUSY')
}

/**
 * The error itself if it is drover's, else STORE_FAILED with it as its cause.
 *
 * @param more text to add to the message
 */
export function storeFailure(cause: unknown, more = ''): DroverError {
  if (DroverError.is(cause)) return cause
  const what = `${cause instanceof Error ? cause.message : cause}${more}`
  return new DroverError('STORE_FAILED', isDamage(cause) ? damageText(what) : `the store failed: ${what}`, { cause })
}

export function damageText(what: string): string {
  return `the store's file is damaged (${what}): continue with a backup copy`
}
