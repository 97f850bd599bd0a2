/**
 * Tells missing resources from other failures: what a start needs and is not to be had now (files, memory, threads, disk, the store). None of
 * that is a worker's own, so no restart policy judges it: the start is tried again until it can be had.
 */
import type { ErrorCode, ErrorRecord } from '../../errors.js'

const codes = new Set<string>([
  'EMFILE',
  'ENFILE',
  'EAGAIN',
  'ENOMEM',
  'ENOSPC',
  'EDQUOT',
  'ERR_WORKER_INIT_FAILED',
  ...(['HOST_SHORT', 'STORE_FAILED'] satisfies ErrorCode[]),
])

/** The code of what is missing, if that is behind an error. */
export function missingResourceOf(error: ErrorRecord | null): string | null {
  for (let at: ErrorRecord | undefined = error ?? undefined; at; at = at.cause) if (at.code && codes.has(at.code)) return at.code
  return null
}
