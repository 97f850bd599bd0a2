/**
 * The store's clock: milliseconds close to those since the epoch that never jump. Deadlines are stored by it, so that setting the
 * wall clock neither ends a wait nor makes it longer. It is the machine's monotonic clock, which all processes share until a
 * reboot, plus its difference to the wall clock at the first open of the store.
 */
import type Database from 'better-sqlite3'
import { machineMs } from '../../time/machine-clock.js'
import type { Time } from '../contract/basics.js'
import { thisBoot } from '../host-identity.js'
import { inTransaction } from './transaction.js'

export function storeClock(db: Database.Database): () => Time {
  const fresh = Math.round(Date.now() - machineMs())
  const anchor = thisBoot() === '' ? fresh : remembered(db, nameOfClock(), fresh)
  return () => anchor + machineMs()
}

/** The same on a connection that cannot write, of a store that is open for writing somewhere. */
export function readStoreClock(db: Database.Database): () => Time {
  const fresh = Math.round(Date.now() - machineMs())
  const select = db.prepare<[string], number>('SELECT value FROM counter WHERE name = ?').pluck()
  return () => (select.get(nameOfClock()) ?? fresh) + machineMs()
}

const nameOfClock = (): string => `clock ${thisBoot()}`

/** The difference of the clocks at the first open since the boot. */
function remembered(db: Database.Database, name: string, fresh: number): number {
  return inTransaction(db, () => {
    db.prepare<[string, number]>('INSERT OR IGNORE INTO counter (name, value) VALUES (?, ?)').run(name, fresh)
    return db.prepare<[string], number>('SELECT value FROM counter WHERE name = ?').pluck().get(name) ?? fresh
  })
}
