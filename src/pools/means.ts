import type { DroverEvents, EventName } from '../events/event-map.js'
import type { Log } from '../logs/logs.js'

/** What a pool needs of its system. */
export interface PoolMeans {
  log: Log
  secrets: readonly string[]
  redact: <T>(data: T) => T
  publish: <Name extends EventName>(name: Name, payload: DroverEvents[Name]) => void
  /** Monotonic, and close to the epoch's milliseconds. */
  now: () => number
  /** How long a terminated thread may take to end. */
  killMs: number
}
