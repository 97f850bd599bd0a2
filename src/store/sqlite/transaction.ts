/**
 * Write transactions on a file that several processes may share. Each takes the write lock at its start: SQLite refuses a
 * transaction that turns from reading to writing after another process has written.
 */
import type Database from 'better-sqlite3'
import { DroverError } from '../../errors.js'
import { duration } from '../../values/duration.js'
import { sleepSync } from './sleep-sync.js'
import { isBusy } from './sqlite-errors.js'

/** How long a transaction waits for other processes. */
const patienceMs = 30_000

const statements = new WeakMap<Database.Database, Record<'begin' | 'commit' | 'rollback', Database.Statement<[]>>>()

/**
 * Runs `work` in one transaction: all of it is committed, or none of it and its error is rethrown.
 *
 * @param isHurried whether to stop waiting for a lock
 */
export function inTransaction<T>(db: Database.Database, work: () => T, isHurried: () => boolean = () => false): T {
  const began = performance.now()
  for (;;) {
    try {
      return attempt(db, work)
    } catch (error) {
      if (!isBusy(error)) throw error
      const waited = Math.round(performance.now() - began)
      if (waited > patienceMs || isHurried()) {
        throw new DroverError('STORE_FAILED', `the store was locked by another process for ${duration(waited)}`, { cause: error })
      }
      sleepSync(Math.random() * 2)
    }
  }
}

function attempt<T>(db: Database.Database, work: () => T): T {
  let prepared = statements.get(db)
  if (!prepared) {
    prepared = { begin: db.prepare('BEGIN IMMEDIATE'), commit: db.prepare('COMMIT'), rollback: db.prepare('ROLLBACK') }
    statements.set(db, prepared)
  }
  prepared.begin.run()
  try {
    const value = work()
    prepared.commit.run()
    return value
  } catch (error) {
    // SQLite itself rolls back on some errors (disk full, I/O).
    if (db.inTransaction) prepared.rollback.run()
    throw error
  }
}
