/** What the parts of the SQLite engine share. */
import type Database from 'better-sqlite3'
import type { Time } from '../contract/basics.js'
import type { HostIdentity } from '../contract/hosts.js'

export interface EngineContext {
  db: Database.Database
  /** The store's clock: never jumps, for waits and deadlines. */
  now(): Time
  /** The wall clock, for timestamps and calendars. */
  wall(): Time
  isGone(identity: HostIdentity): boolean | 'unknown'
  /** Names this process's engine, apart from every other one on the store. */
  process: string
  /** How many events are kept. */
  keepEvents: number
  /** Lanes whose counts changed since they were last told. */
  touched: Set<number>
}
