/**
 * The kinds of failure of a worker, as a closed union. An intended stop is no failure, and `error` followed by `exit` is one
 * failure.
 */
import type { ErrorRecord } from './errors.js'

/** The kinds and their meanings. */
export const failureKinds = {
  'start-timeout': 'not ready within the start timeout',
  'start-error': 'the module could not be loaded, or setup threw',
  'uncaught-error': 'an uncaught error, or ctx.fail was called',
  'unhandled-rejection': 'a rejected promise without a handler',
  exit: 'the thread or its process ended by itself or by a signal, without an error',
  'out-of-memory': 'the thread reached its heap limit',
  'heartbeat-lost': 'the event loop of the thread stopped turning',
  'progress-stalled': 'the event loop turned, but the work did not advance',
  orphaned: 'the host that ran the worker is gone',
  unkillable: 'the thread did not end when it was terminated',
} as const

/** The kind of a worker's failure; see {@link failureKinds} for their meanings. */
export type FailureKind = keyof typeof failureKinds

/** The kinds for which a heap snapshot is possible: the thread still exists, or V8 takes the snapshot itself. */
export const snapshotKinds = ['start-timeout', 'heartbeat-lost', 'progress-stalled', 'out-of-memory'] as const satisfies FailureKind[]

export type SnapshotKind = (typeof snapshotKinds)[number]

/** Observations of a thread when it was found stuck or gone. */
export interface Evidence {
  /** Share of time in which its event loop was busy since it started, 0 to 1; null for a thread that was gone. */
  eventLoopUtilization: number | null
  /** Heap in use at its last beat, in bytes; null if it never beat. */
  heapUsed: number | null
  /** The last lines of its log, oldest first. */
  log: string[]
  /** Paths of its CPU profile and heap snapshot; see the option `evidence`. */
  files: string[]
}

/** One failure, as it goes into the store, the log, the API and the dashboard. */
export interface Failure {
  kind: FailureKind
  message: string
  /** The error that caused it, if any; `error.code` is the error's own code. */
  error: ErrorRecord | null
  /** Exit code of the thread, if it ended by itself. For a process that a signal ended it is null, and `error.code` is the signal. */
  exitCode: number | null
  /** JavaScript stack of the thread where it hung, innermost first, as `function (file:line:column)`. */
  hungAt: string[] | null
  /** Further observations; null for an orphan. */
  evidence: Evidence | null
  /** Keys of the tasks in hand. */
  tasks: string[]
  /** How long the worker had been ready, in ms; null if it was never ready. */
  uptimeMs: number | null
  /** Milliseconds since the epoch. */
  at: number
}
