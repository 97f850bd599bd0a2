/** The event log, log records, settings, and outcomes of control calls. */
import * as v from 'valibot'
import type { DroverEvents } from '../../events/event-map.js'
import type { StoredEventName } from '../../events/stored-events.js'
import { logLevels, recordLevels } from '../../log-levels.js'
import { count, time } from './common.js'
import { workerState } from './worker.js'

/** `id` rises with every event of a store: pages and streams go by it. */
export const event = v.object({
  id: count,
  host: v.string(),
  at: time,
  type: v.string(),
  worker: v.nullable(v.string()),
  payload: v.unknown(),
})
/**
 * One event of the event log, as it is stored: `type` tells the type of `payload`, which is what the event was emitted with. Times
 * are ms since the epoch. A newer server may have further types.
 */
export type StatusEvent = {
  [Type in StoredEventName]: Omit<v.InferOutput<typeof event>, 'type' | 'payload'> & { type: Type; payload: DroverEvents[Type] }
}[StoredEventName]

export const logLevel = v.picklist(recordLevels)
export const logRecord = v.object({
  /** Rises with every record of this process. */
  seq: count,
  at: time,
  level: logLevel,
  part: v.string(),
  annotator: v.nullable(v.string()),
  domain: v.nullable(v.string()),
  message: v.string(),
  fields: v.nullable(v.record(v.string(), v.unknown())),
})
/** One line of the log. Times are ms since the epoch. */
export type LogRecord = v.InferOutput<typeof logRecord>

/** The outcome of a control call for one worker. */
export const controlOutcome = v.object({
  worker: v.string(),
  annotator: v.string(),
  domain: v.string(),
  state: workerState,
  ok: v.boolean(),
  message: v.string(),
})
export type ControlOutcome = v.InferOutput<typeof controlOutcome>

/** The outcome of a reset, with the numbers of deleted rows. */
export const resetOutcome = v.object({ ...controlOutcome.entries, deleted: v.object({ results: count, dead: count }) })

/** Settings that can be changed while the system runs. */
export const settings = v.object({
  concurrency: count,
  groups: v.record(v.string(), count),
  logLevel: v.picklist(logLevels),
})
export type Settings = v.InferOutput<typeof settings>

/** A CPU profile without its data, which is at `/profiles/:id`. */
export const profile = v.object({ id: v.string(), worker: v.string(), at: time, ms: count, bytes: count })
export type Profile = v.InferOutput<typeof profile>

/** The caller. With a cookie, calls that change something need `csrf` in the header `x-drover-csrf`. */
export const session = v.object({
  role: v.nullable(v.picklist(['read', 'control'])),
  /** The name of the user, if the application gave it (`authorize`). */
  name: v.nullable(v.string()),
  /** Whether a token is required at all. */
  protected: v.boolean(),
  csrf: v.nullable(v.string()),
  version: v.string(),
  confirmationWord: v.string(),
})
export type Session = v.InferOutput<typeof session>
