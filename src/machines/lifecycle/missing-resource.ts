/**
 * Recognises starts that fail because the machine lacks resources: files, memory, threads, disk, the store. The worker is not to
 * blame, so no restart policy judges it: the start is tried again until it succeeds.
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

/** The code of the missing resource, if it caused the error. */
export function missingResourceOf(error: ErrorRecord | null): string | null {
  for (let at: ErrorRecord | undefined = error ?? undefined; at; at = at.cause) if (at.code && codes.has(at.code)) return at.code
  return null
}
