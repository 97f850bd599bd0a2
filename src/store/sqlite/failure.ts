/** What SQLite fails with, as an error of drover's. */
import { DroverError } from '../../errors.js'

/** The file is damaged: no other try fares better. */
export function isDamage(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^SQLITE_(CORRUPT|NOTADB)/.test(String(error.code))
}

/** The error itself if it is drover's, else STORE_FAILED with it as its cause. */
export function storeFailure(cause: unknown): DroverError {
  if (DroverError.is(cause)) return cause
  const what = cause instanceof Error ? cause.message : String(cause)
  const message = isDamage(cause) ? `the store's file is damaged (${what}): go on from a copy of it` : `the store failed: ${what}`
  return new DroverError('STORE_FAILED', message, { cause })
}
