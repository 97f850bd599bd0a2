/**
 * Checks a store: SQLite's own check of the file, and the rules between drover's tables. It runs in parts, each in one
 * transaction and for at most one lane, so that the caller can stop in between.
 */
import type Database from 'better-sqlite3'
import type { EngineReply, EngineRequest } from '../contract/engine.js'
import { type CheckPart, type CheckProblem, mostExamples } from '../contract/reads.js'
import { type Check, checks, type Row } from './check-rules.js'
import { numberOf } from './reads/paging.js'
import { checkRead, codeOf, isDamage } from './sqlite-errors.js'

/** SQLite stops its check after this many errors. */
const mostErrors = 100

export function checkReads(db: Database.Database): { check: (request: EngineRequest<'check'>) => EngineReply<'check'> } {
  /** SQLite's own check of the file. */
  function file(quick: boolean): CheckProblem[] {
    const said: string[] = []
    try {
      for (const line of db
        .prepare<[], string>(`PRAGMA ${quick ? 'quick_check' : 'integrity_check'}(${mostErrors})`)
        .pluck()
        .iterate())
        said.push(line)
    } catch (error) {
      if (!isDamage(error)) throw error
      // It reports errors, and may then fail to continue.
      said.push((error as Error).message)
    }
    for (const line of said) checkRead(line)
    if (said.length === 1 && said[0] === 'ok') return []
    return [{ check: 'file', message: "SQLite finds the store's file damaged", count: said.length, examples: said.slice(0, mostExamples) }]
  }

  /** In one transaction. */
  function broken({ name, rules }: Check, lane: number | null): CheckProblem[] {
    const look = db.transaction((): CheckProblem[] =>
      rules.flatMap(({ message, sql, breaks = () => true }) => {
        const problem: CheckProblem = { check: name, message, count: 0, examples: [] }
        for (const row of db.prepare<unknown[], Row>(sql).iterate(...(lane === null ? [] : [{ lane }]))) {
          if (!breaks(row)) continue
          problem.count++
          if (problem.examples.length < mostExamples) problem.examples.push(row)
        }
        return problem.count > 0 ? [problem] : []
      }),
    )
    try {
      return look()
    } catch (error) {
      return [{ check: name, message: `could not be checked: ${contentError(error)}`, count: 1, examples: [] }]
    }
  }

  function outcome(check: string, look: () => CheckProblem[]): Omit<CheckPart, 'next'> {
    const begun = performance.now()
    const problems = look()
    return { problems, checked: { check, ms: performance.now() - begun } }
  }

  /** The first lane with a higher id; null: there is none. */
  function laneAfter(id: number): number | null {
    try {
      return db.prepare<[number], number | null>('SELECT min(id) FROM lane WHERE id > ?').pluck().get(id) ?? null
    } catch (error) {
      contentError(error)
      // The check of the file reports it.
      return null
    }
  }

  function check({ after, quick = false }: EngineRequest<'check'>): EngineReply<'check'> {
    const made = quick ? checks.filter((one) => one.quick) : checks
    const nextOf = (index: number): string | null => (index < made.length ? `${index}.0` : null)
    if (after === null) return { ...outcome('file', () => file(quick)), next: nextOf(0) }
    const [at = '', from = ''] = after.split('.')
    const index = numberOf(at, after)
    const one = made[index]
    if (!one) return { problems: [], checked: { check: 'file', ms: 0 }, next: null }
    if (!one.byLane) return { ...outcome(one.name, () => broken(one, null)), next: nextOf(index + 1) }
    const lane = laneAfter(numberOf(from, after))
    if (lane === null) return { problems: [], checked: { check: one.name, ms: 0 }, next: nextOf(index + 1) }
    return { ...outcome(one.name, () => broken(one, lane)), next: `${index}.${lane}` }
  }

  return { check }
}

/**
 * Describes an error caused by the file's content, which is a problem to report. Other errors say nothing about the store.
 * @throws other errors
 */
function contentError(error: unknown): string {
  // SQLITE_ERROR: the statement itself fails, because a table is missing or a text is not JSON.
  if (isDamage(error) || codeOf(error) === 'SQLITE_ERROR') return (error as Error).message
  throw error
}
