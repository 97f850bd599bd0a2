/** What a pool is asked, what it shows, and the messages between it and its threads. */
import type { MessagePort, Transferable } from 'node:worker_threads'
import type { ErrorRecord } from '../errors.js'
import type { Failure } from '../failure.js'
import type { PoolState } from '../pool-state.js'

/** Options of one task of a pool. */
export interface PoolRunOptions {
  /** Cancels the task: a waiting one leaves the line, a running one is aborted and, `graceMs` later, its thread ended. */
  signal?: AbortSignal
  /** Its place in the line: higher first, then the longest wait. A whole number. @defaultValue 0 */
  priority?: number
  /** Instead of the pool's `deadlineMs`, in whole milliseconds, at least 1; `Infinity`: none. */
  deadlineMs?: number
  /** Parts of the value that move to the thread instead of being copied, as for `postMessage`. @defaultValue none */
  transfer?: readonly Transferable[]
  /** The exported function to call. @defaultValue the pool's `name` */
  name?: string
}

export const runOptionNames = ['signal', 'priority', 'deadlineMs', 'transfer', 'name'] as const satisfies (keyof PoolRunOptions)[]

/** Times of tasks in ms since the pool was made: half of them were shorter than `p50`, 99 % shorter than `p99`. null: no task yet. */
export interface PoolTimes {
  p50: number
  p99: number
  max: number
}

/** A pool. */
export interface PoolStatus {
  id: string
  state: PoolState
  /** Why it is in this state. */
  reason: string
  /** Since when, in ms since the epoch. */
  since: number
  threads: {
    min: number
    max: number
    /** With a thread, ready or not. */
    live: number
    ready: number
    busy: number
  }
  queue: { length: number; max: number }
  /** Tasks that returned. */
  done: number
  /** Tasks that threw, crashed their thread, ran over their deadline or were refused. */
  failed: number
  /** Tasks that ended in a second, over the last ten. */
  runsPerSecond: number
  /** The wait for a thread. */
  wait: PoolTimes | null
  /** The time in a thread. */
  run: PoolTimes | null
  /** How often a thread was replaced after a failure. */
  restarts: number
  lastFailure: Failure | null
  /** When the next thread starts (backoff), in ms since the epoch. */
  until: number | null
}

/** The first task of a thread: it loads the module. */
export interface StartMessage {
  start: {
    pool: string
    /** A `file:` URL. */
    module: string
    /** The function that must exist. */
    name: string
    input: unknown
    secrets: readonly string[]
    control: MessagePort
  }
}

export interface RunMessage {
  /** Number of the task. */
  n: number
  name: string
  value: unknown
}

/** Errors travel as data: piscina would lose their code. */
export type Answer = { ok: true; value: unknown } | { ok: false; error: ErrorRecord }

/** Over the thread's own port, to it: abort this task. */
export interface AbortMessage {
  abort: number
  reason: ErrorRecord
}

/** Over the same port, from it. */
export type ThreadWords =
  /** The abort of a task was heard: the event loop of the thread turns. */
  | { heard: number }
  /** The last words before it ends. `unsendable`: the result of this task cannot be cloned. */
  | { failed: 'uncaught-error' | 'unhandled-rejection'; error: ErrorRecord; unsendable: boolean }
