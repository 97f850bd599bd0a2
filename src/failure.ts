/**
 * What can go wrong with a worker, as a closed union of kinds. An intended stop is never a failure, and `error` followed by
 * `exit` is one failure, not two.
 */
import type { ErrorRecord } from './errors.js'

/** The kinds, each with what it means. */
export const failureKinds = {
  'start-timeout': 'not ready within the start timeout',
  'start-error': 'the module could not be loaded, or setup threw',
  'uncaught-error': 'an error was thrown that nothing caught, or ctx.fail was called',
  'unhandled-rejection': 'a promise was rejected that nothing handled',
  exit: 'the thread, or its process, ended by itself or by a signal, without saying why',
  'out-of-memory': 'the thread reached its heap limit',
  'heartbeat-lost': 'the event loop of the thread stopped turning',
  'progress-stalled': 'the event loop turned, but the work did not move on',
  orphaned: 'the host that ran the worker is gone',
  unkillable: 'the thread did not end when it was terminated',
} as const

/** What went wrong with a worker, in one word; {@link failureKinds} has what each means. */
export type FailureKind = keyof typeof failureKinds

/** The kinds at which the thread is still there to be looked at, or V8 looks at it by itself. */
export const snapshotKinds = ['start-timeout', 'heartbeat-lost', 'progress-stalled', 'out-of-memory'] as const satisfies FailureKind[]

export type SnapshotKind = (typeof snapshotKinds)[number]

/** What was seen of a thread when it was found stuck or gone. */
export interface Evidence {
  /** Share of time that its event loop was busy since it started, 0 to 1; null for a thread that was gone. */
  eventLoopUtilization: number | null
  /** Heap in use at its last beat, in bytes; null if it never beat. */
  heapUsed: number | null
  /** The last lines of its log, oldest first. */
  log: string[]
  /** Paths of the CPU profile and the heap snapshot that were written of it; see the option `evidence`. */
  files: string[]
}

/** One failure, as it goes into the store, the log, the API and the dashboard. */
export interface Failure {
  kind: FailureKind
  message: string
  /** The error behind it, if there is one; `error.code` is its own code. */
  error: ErrorRecord | null
  /** Exit code of the thread, if it ended by itself. A process that a signal ended has none; `error.code` is the signal then. */
  exitCode: number | null
  /** JavaScript stack of the thread where it hung, innermost first, as `function (file:line:column)`. */
  hungAt: string[] | null
  /** What else was seen; null for an orphan, of which nothing was. */
  evidence: Evidence | null
  /** Keys of the tasks in hand. */
  tasks: string[]
  /** How long the worker had been ready, in ms; null if it never was. */
  uptimeMs: number | null
  /** Milliseconds since the epoch. */
  at: number
}
