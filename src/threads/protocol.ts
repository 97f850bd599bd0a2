/**
 * All that crosses the border between the main thread and a worker thread: what a thread is born with, what it reports, and
 * what can be asked of it. Store traffic goes past the main thread on a port of its own (`store/client.ts`).
 */
import type { MessagePort } from 'node:worker_threads'
import type { ErrorRecord } from '../errors.js'
import type { LogLevel, RecycleOptions, TaskPolicy } from '../options.js'
import type { Fence } from '../store/engine.js'

/** What a thread is born with (`workerData`). */
export interface ThreadBoot {
  id: string
  annotator: string
  domain: string
  dataset: string | null
  /** A `file:` URL. */
  module: string
  input: unknown
  fence: Fence
  /** To the store thread. */
  store: MessagePort
  /** To the main thread, for {@link ThreadControl}. */
  control: MessagePort
  /** This thread's slot in the shared beats; see `beats.ts`. */
  beats: { buffer: SharedArrayBuffer; index: number }
  /** What it has in its hands; see `hands.ts`. */
  hands: SharedArrayBuffer
  beatEveryMs: number
  concurrency: number
  prefetch: number | 'auto'
  delayMs: number
  recycle: RecycleOptions
  /** V8 writes a heap snapshot when the heap comes near its limit; see `evidence-files.ts`. */
  snapshotNearHeapLimit: boolean
  /** A `run` that returns is a failure: the worker is to run for ever. */
  permanent: boolean
  quota: string | null
  tasks: TaskPolicy
  logLevel: LogLevel
  /** Values to strike out of every text that leaves the thread. */
  secrets: string[]
}

/** What a thread reports, in plain messages: they may be its last words, so none waits for an answer. */
export type ThreadReport =
  /** `setup` is through, the watchdog may be armed. */
  | { type: 'ready' }
  /** The thread is about to end because of this. */
  | { type: 'failed'; kind: 'start-error' | 'uncaught-error' | 'unhandled-rejection' | 'exit'; error: ErrorRecord }
  | { type: 'log'; level: Exclude<LogLevel, 'silent'>; message: string; fields: Record<string, unknown> | null }
  /** Nothing can be done now: waits for quota, or for a task to be due. */
  | { type: 'waiting' }
  | { type: 'working' }
  /** Nothing is left to do (or `run` returned). */
  | { type: 'complete' }
  /** The quota is spent for so long. */
  | { type: 'park'; inMs: number; quota: string }
  /** It has done its share, and wants to be replaced; told once between two pauses. */
  | { type: 'recycle'; reason: string }
  /** The worker's fence is not current any more: another host has it. */
  | { type: 'fenced' }

/** What can be asked of a thread, over comlink. */
export interface ThreadControl {
  /** Takes no new task; those in hand go on. */
  pause(): void
  resume(): void
  /** There may be work again. */
  poke(): void
  /** Takes no new task, finishes and commits those in hand, runs `teardown`. */
  finish(): Promise<void>
  /** Aborts the tasks in hand through their signal. */
  abort(reason: string): void
  /** The store thread was replaced: what is pending is sent again on the new port. */
  reconnect(port: MessagePort): void
}
