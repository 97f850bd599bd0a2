/** What dead tasks died of: kept with their attempts, once. */
import type { ErrorRecord } from '../../errors.js'
import { found } from './failure.js'

/** Joins to `dead d` the attempt that a task died of, `e`, and what a dropped one had died of before, `c`. */
export const withDeadError = `LEFT JOIN attempt e ON e.lane = d.lane AND e.item = d.item AND e.seq = d.seq
       LEFT JOIN attempt c ON c.lane = d.lane AND c.item = d.item AND c.seq = d.cause`

/** Their errors as JSON texts. */
export interface DeadError {
  error: string | null
  cause: string | null
}

/** @throws Damage if the attempt is not there */
export function deadError({ error, cause }: DeadError): ErrorRecord {
  const own = JSON.parse(found(error, 'what a dead task died of')) as ErrorRecord
  return cause === null ? own : { ...own, cause: JSON.parse(cause) as ErrorRecord }
}
