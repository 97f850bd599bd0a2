/** The errors of dead tasks, stored once, with their attempts. */
import type { ErrorRecord } from '../../errors.js'
import { found } from './sqlite-errors.js'

/** Joins to `dead d` the attempt with the error, `e`, and for a dropped task the earlier one, `c`. */
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
