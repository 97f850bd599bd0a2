/**
 * All that crosses the border between the main thread and a worker, be that a thread or a process: what it is born with, what it
 * reports, and what can be asked of it. Store traffic goes on a port of its own (`store/thread/client.ts`).
 */
import type { MessagePort } from 'node:worker_threads'
import type { ErrorKind, ErrorRecord } from '../../errors.js'
import type { Streak } from '../../machines/task-breaker.js'
import type { Heartbeat } from '../../options/heartbeat.js'
import type { RecycleOptions } from '../../options/isolation.js'
import type { LogLevel } from '../../options/log.js'
import type { TaskPolicy } from '../../options/tasks.js'
import type { CompiledWorkerQuota } from '../../options/worker-quota.js'
import type { Fence } from '../../store/contract/basics.js'
import type { Amounts } from '../../store/contract/quotas.js'
import type { LaneCounts } from '../../store/contract/registry.js'
import type { CpuProfile } from '../evidence/stack-and-profile.js'

/** What a worker is born with, wherever it runs. */
export interface WorkerBoot {
  id: string
  annotator: string
  domain: string
  dataset: string | null
  /** A `file:` URL. */
  module: string
  input: unknown
  fence: Fence
  heartbeat: Heartbeat
  concurrency: number
  prefetch: number | 'auto'
  delayMs: number
  recycle: RecycleOptions
  /** V8 writes a heap snapshot when the heap comes near its limit; see `threads/evidence/files.ts`. */
  snapshotNearHeapLimit: boolean
  /** A `run` that returns is a failure: the worker is to run for ever. */
  permanent: boolean
  quota: CompiledWorkerQuota | null
  /** The host that it belongs to. */
  host: string
  tasks: TaskPolicy
  /** What an earlier thread left of the breaker of its tasks. */
  breaker: { open: boolean; streak: Streak | null }
  logLevel: LogLevel
  /** Values to strike out of every text that leaves it. */
  secrets: string[]
}

/** What a thread gets besides (`workerData`). */
export interface ThreadBoot {
  boot: WorkerBoot
  /** To the store thread. */
  store: MessagePort
  /** To the main thread, for {@link ThreadControl}, and for {@link ThreadReport}s: `parentPort` is the user's. */
  control: MessagePort
  reports: MessagePort
  /** This thread's cell in the shared beats; see `beats.ts`. */
  beats: { buffer: SharedArrayBuffer; index: number }
  /** What it has in its hands; see `tasks-in-hand.ts`. */
  inHand: SharedArrayBuffer
}

/** How a worker process is connected with its host. */
export const processWiring = {
  /** Ports on its channel: what it is born with, {@link ThreadControl}, {@link ThreadReport}s, and the store, once more for each store thread. */
  boot: 'boot',
  control: 'control',
  reports: 'reports',
  store: (connection: number) => `store ${connection}`,
  /** The one port of its observer. */
  observer: 'observer',
  /** Open files: its channel (`ports/frame-channel.ts`), what it leaves behind (`crash-file.ts`), and a channel between its observer and the host. */
  channelFd: 3,
  crashFileFd: 4,
  observerFd: 5,
} as const

/** What the observer of a worker process tells unasked: its beats as they are now (`BeatCell.copy`). */
export interface ObserverReport {
  beats: number[]
}

/** What can be asked of the observer, over comlink; see `threads/evidence/stack-and-profile.ts`. */
export interface ObserverControl {
  stack(): Promise<string[] | null>
  profile(ms: number, options?: { stuck?: boolean }): Promise<CpuProfile>
  snapshot(file: string, withinMs: number): Promise<void>
}

/** Attempts at tasks that failed with one error, since it was last told of. */
export interface FailedAttempts extends ErrorKind {
  count: number
  /** Of them, how many tasks were given up with it. */
  dead: number
  /** The key of the first. */
  key: string
  /** The latest, in ms since the epoch. */
  at: number
}

/** What a worker reports, in plain messages: they may be its last words, so none waits for an answer. */
export type ThreadReport =
  /** `setup` wants so long from now on. */
  | { type: 'extend'; ms: number }
  /** `setup` is through, the watchdog may be armed. */
  | { type: 'ready' }
  /** `setup` does not want it to run: it waits to be ended. */
  | { type: 'declined'; reason: string }
  /** The thread is about to end because of this. */
  | { type: 'failed'; kind: 'start-error' | 'uncaught-error' | 'unhandled-rejection' | 'exit'; error: ErrorRecord }
  | { type: 'log'; level: Exclude<LogLevel, 'silent'>; message: string; fields: Record<string, unknown> | null }
  /** Attempts at tasks failed: at once when it begins, then summed up once a second. */
  | { type: 'failing'; errors: FailedAttempts[]; streak: Streak | null }
  /** Attempts fail and fail: it begins no task until it is resumed, or replaced. */
  | { type: 'breaker-opened'; error: ErrorKind; attempts: number }
  /** The task that was tried then succeeded. */
  | { type: 'breaker-closed' }
  /** Nothing can be done now: waits for quota, or for a task to be due. */
  | { type: 'waiting' }
  | { type: 'working' }
  /** Nothing is left to do: where its lane stands. null: `run` returned. */
  | { type: 'complete'; counts: LaneCounts | null }
  /** There is no room for a task of such amounts for so long; Infinity: a budget is spent. */
  | { type: 'spent'; inMs: number; quota: string; window: string; amounts: Amounts }
  /** The provider does not accept the key of a quota any more. */
  | { type: 'retired'; quota: string; reason: string }
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
  /** Log records beyond this level are not made any more. */
  setLogLevel(level: LogLevel): void
  /** Aborts the tasks in hand through their signal. */
  abort(reason: string): void
  /** The store thread was replaced: what is pending is sent again on the new port. A process is given its name. */
  reconnect(port: MessagePort | string): void
}
