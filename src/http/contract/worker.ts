/** Workers, and the system as a whole, as they are shown. */
import * as v from 'valibot'
import { failureKinds } from '../../failure.js'
import { type WorkerState, workerStates } from '../../machines/lifecycle/states.js'
import { count, errorRecord, time } from './common.js'

export const workerState = v.picklist(Object.keys(workerStates) as WorkerState[])

export const failure = v.object({
  kind: v.picklist(Object.keys(failureKinds) as (keyof typeof failureKinds)[]),
  message: v.string(),
  error: v.nullable(errorRecord),
  exitCode: v.nullable(v.number()),
  hungAt: v.nullable(v.array(v.string())),
  evidence: v.nullable(
    v.object({
      eventLoopUtilization: v.nullable(v.number()),
      heapUsed: v.nullable(v.number()),
      log: v.array(v.string()),
      files: v.array(v.string()),
    }),
  ),
  tasks: v.array(v.string()),
  uptimeMs: v.nullable(v.number()),
  at: time,
})

const progress = v.object({ done: count, dead: count, total: count, leased: count, retrying: count })

/** The error of a failed attempt; see `ErrorKind`. */
const errorKind = { id: v.string(), code: v.string(), message: v.string(), where: v.nullable(v.string()) }

/** Dead tasks of one error. */
export const errorGroup = v.object({
  ...errorKind,
  count,
  /** At most 20 names. */
  workers: v.array(v.string()),
  lastAt: time,
  example: v.nullable(v.object({ dataset: v.string(), key: v.string() })),
})
export type ErrorGroup = v.InferOutput<typeof errorGroup>

/**
 * One worker, as lists and the socket show it. Values that change with every beat are left out (see {@link beat}), so that an
 * idle worker stays the same.
 */
const activity = v.picklist(['working', 'waiting', 'idle', 'draining'])

export const worker = v.object({
  id: v.string(),
  annotator: v.string(),
  domain: v.string(),
  dataset: v.nullable(v.string()),
  enabled: v.boolean(),
  state: workerState,
  activity: v.nullable(activity),
  reason: v.string(),
  since: time,
  progress: v.nullable(progress),
  ratePerMinute: v.number(),
  failuresPerMinute: v.number(),
  /** Share of failed attempts in the last minute; null: no attempt ended. */
  errorRate: v.nullable(v.number()),
  /** The latest error of an attempt, with its count since the worker was started. */
  lastError: v.nullable(v.object({ ...errorKind, count, at: time })),
  /** The open breaker, while attempts keep failing. `until`: when a task is tried; null: at a resume. */
  breaker: v.nullable(v.object({ error: v.object(errorKind), since: time, until: v.nullable(time), openings: count })),
  pid: v.nullable(v.number()),
  threadId: v.nullable(v.number()),
  /** How often its thread should beat, in ms (option `heartbeat.everyMs`). */
  beatEveryMs: v.number(),
  restarts: count,
  lastFailure: v.nullable(v.object({ kind: failure.entries.kind, message: v.string(), at: time })),
  until: v.nullable(time),
  heldBy: v.nullable(v.object({ pid: v.number(), hostname: v.string(), since: time })),
  /** The threads that share its lane, by their own ids such as `annotator-1/urgency#2`; null: it is one thread. */
  instances: v.nullable(
    v.array(
      v.object({
        id: v.string(),
        state: workerState,
        activity: v.nullable(activity),
        reason: v.string(),
        since: time,
        pid: v.nullable(v.number()),
        threadId: v.nullable(v.number()),
        restarts: count,
        until: v.nullable(time),
      }),
    ),
  ),
})
/** One worker: its state, the progress of its lane, and its last failure. Times are ms since the epoch. */
export type Worker = v.InferOutput<typeof worker>

/** Values that change with every beat of a thread. */
export const beat = v.object({ beatAgeMs: v.nullable(v.number()), heapUsed: v.nullable(v.number()) })
/** Age of the last beat of a worker's thread in ms, and its heap in use in bytes; null: no thread, or no beat yet. */
export type Beat = v.InferOutput<typeof beat>

/** One change of state, from the event log. */
export const transition = v.object({ from: workerState, to: workerState, reason: v.string(), at: time })

/** Options of a worker that can be changed while the system runs. Its `input` is never shown. */
const workerSettings = v.object({
  enabled: v.boolean(),
  /** Results that its lane should have; null: one for every item. */
  target: v.nullable(count),
  delayMs: count,
  concurrency: count,
  /** How many threads share its lane; null: it is one thread, without instances. */
  instances: v.nullable(count),
  prefetch: v.union([count, v.literal('auto')]),
  priority: v.number(),
  group: v.nullable(v.string()),
  drainMs: count,
  idleMs: count,
})

/** One worker with its history and failures. */
export const workerDetail = v.object({
  ...worker.entries,
  ...beat.entries,
  /** Newest first. */
  history: v.array(transition),
  /** Newest first. */
  failures: v.array(failure),
  /** The quotas it takes from; of several, it takes from any. */
  quotas: v.array(v.string()),
  settings: workerSettings,
  /** The supervisors above it, the nearest last. */
  above: v.array(v.string()),
})
export type WorkerDetail = v.InferOutput<typeof workerDetail>

/** A blacklisted worker. `until`: when it is started on parole; null: never. */
export const blacklistEntry = v.object({
  worker: v.string(),
  reason: v.string(),
  since: time,
  until: v.nullable(time),
  lastFailure: v.nullable(failure),
})
export type BlacklistEntry = v.InferOutput<typeof blacklistEntry>

/** Problems that need a person's attention, the worst first. */
export const attention = v.object({
  kind: v.picklist([
    'blacklisted',
    'stuck',
    'crashing',
    'quota-retired',
    'quota-spent',
    'breaker-open',
    'dead-tasks',
    'supervisor-down',
    'store-failed',
    'held-elsewhere',
  ]),
  severity: v.picklist(['error', 'warning', 'info']),
  message: v.string(),
  /** The reasons of those workers, the most frequent first: at most 3, each with at most 3 of its workers. Empty: `message` says all. */
  reasons: v.array(v.object({ reason: v.string(), count, workers: v.array(v.string()) })),
  /** Workers concerned, at most 20. */
  workers: v.array(v.string()),
  count,
  quota: v.nullable(v.string()),
})

/** The whole system in numbers. */
export const overview = v.object({
  system: v.picklist(['open', 'closing', 'closed', 'failed']),
  /** Number of workers in each state; states without a worker are left out. */
  states: v.record(v.string(), count),
  workers: count,
  done: count,
  dead: count,
  total: count,
  ratePerMinute: v.number(),
  /** Expected end (ms since the epoch): at the current rate, but not before today's quotas allow it; null: unknown. */
  doneAt: v.nullable(time),
  /** The basis of `doneAt`. */
  doneBy: v.nullable(v.picklist(['rate', 'quota'])),
  slots: v.object({
    limit: count,
    used: count,
    queued: count,
    groups: v.record(v.string(), v.object({ limit: count, used: count })),
  }),
  attention: v.array(attention),
})
/** The system as a whole: progress of all lanes, and numbers of workers by state. Times are ms since the epoch. */
export type Overview = v.InferOutput<typeof overview>
