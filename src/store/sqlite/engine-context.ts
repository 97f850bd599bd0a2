/** The context shared by the parts of the SQLite engine. */
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
  /** Unique name of this process's engine on the store. */
  process: string
  /** Number of events to keep. */
  keepEvents: number
  /** Lanes whose counts changed since the last notice. */
  touched: Set<number>
}
