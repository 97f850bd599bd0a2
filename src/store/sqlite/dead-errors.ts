/** The errors of dead tasks, stored once, with their attempts. */
import type Database from 'better-sqlite3'
import type { ErrorRecord } from '../../errors.js'
import { kindOf } from '../../failures/error-groups.js'
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

/** Groups of known errors are looked up, because errors of one cause mostly have the same text. */
const knownTexts = 1_000

/** Names the group of a dead task's error. */
export function errorNames(): (error: DeadError) => string {
  const known = new Map<string, string>()
  return ({ error, cause }) => {
    const text = `${error} ${cause}`
    const name = known.get(text) ?? kindOf(deadError({ error, cause })).id
    if (known.size < knownTexts) known.set(text, name)
    return name
  }
}

/** Names the errors of tasks that died under an earlier version. */
export function nameErrors(db: Database.Database): void {
  const nameOf = errorNames()
  db.function('error_name', { deterministic: true }, (error, cause) => {
    try {
      return nameOf({ error, cause } as DeadError)
    } catch {
      // What is damaged says so when it is read.
      return ''
    }
  })
  db.exec(`UPDATE dead SET error = named.name FROM (SELECT d.lane, d.item, error_name(e.error, c.error) AS name FROM dead d ${withDeadError}
    WHERE d.error = '') named WHERE dead.lane = named.lane AND dead.item = named.item`)
}
