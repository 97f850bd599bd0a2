/**
 * The protocol between the main thread and a worker in a thread or process: its boot data, its reports, and the calls to it.
 * Requests to the store use their own port (`store/thread/client.ts`).
 */
import type { MessagePort } from 'node:worker_threads'
import type { ErrorKind, ErrorRecord } from '../../errors.js'
import type { LogLevel, RecordLevel } from '../../log-levels.js'
import type { Streak } from '../../machines/task-breaker.js'
import type { Heartbeat } from '../../options/heartbeat.js'
import type { RecycleOptions } from '../../options/isolation.js'
import type { MailboxPolicy } from '../../options/mailbox.js'
import type { TaskPolicy } from '../../options/tasks.js'
import type { CompiledWorkerQuota } from '../../options/worker-quota.js'
import type { Fence } from '../../store/contract/basics.js'
import type { Amounts } from '../../store/contract/quotas.js'
import type { LaneCounts } from '../../store/contract/registry.js'
import type { CpuProfile } from '../evidence/stack-and-profile.js'
import type { DeadLetter } from '../messages/contract.js'
import type { PeerNews } from '../messages/wire.js'

/** The boot data of a worker. */
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
  mailbox: MailboxPolicy
  /** V8 writes a heap snapshot when the heap comes near its limit; see `threads/evidence/files.ts`. */
  snapshotNearHeapLimit: boolean
  /** Whether a `run` that returns is a failure (restart mode `permanent`). */
  permanent: boolean
  quota: CompiledWorkerQuota | null
  /** The host that it belongs to. */
  host: string
  tasks: TaskPolicy
  /** The breaker's state from the earlier thread. */
  breaker: { open: boolean; streak: Streak | null }
  logLevel: LogLevel
  /** Values to redact in every text that leaves the worker. */
  secrets: string[]
}

/** The `workerData` of a thread. */
export interface ThreadBoot {
  boot: WorkerBoot
  /** To the store thread. */
  store: MessagePort
  /** To the main thread, for {@link ThreadControl}, and for {@link ThreadReport}s: `parentPort` is the user's. */
  control: MessagePort
  reports: MessagePort
  /** This thread's cell in the shared beats; see `beats.ts`. */
  beats: { buffer: SharedArrayBuffer; index: number }
  /** Its tasks in hand; see `tasks-in-hand.ts`. */
  inHand: SharedArrayBuffer
}

/** The channels between a worker process and its host. */
export const processWiring = {
  /** Ports on its channel: boot data, {@link ThreadControl}, {@link ThreadReport}s, and one for each store thread. */
  boot: 'boot',
  control: 'control',
  reports: 'reports',
  store: (connection: number) => `store ${connection}`,
  /** A link to another worker; see `threads/messages/wire.ts`. */
  link: (number: number) => `link ${number}`,
  /** The one port of its observer. */
  observer: 'observer',
  /**
   * File descriptors: its channel (`ports/frame-channel.ts`), its crash file (`crash-file.ts`), and a channel between its
   * observer and the host.
   */
  channelFd: 3,
  crashFileFd: 4,
  observerFd: 5,
} as const

/** A message of a worker process's observer: the current beats (`BeatCell.copy`). */
export interface ObserverReport {
  beats: number[]
}

/** Calls to the observer, over comlink; see `threads/evidence/stack-and-profile.ts`. */
export interface ObserverControl {
  stack(): Promise<string[] | null>
  profile(ms: number, options?: { stuck?: boolean }): Promise<CpuProfile>
  snapshot(file: string, withinMs: number): Promise<void>
}

/** Failed attempts with one error since the last report. */
export interface FailedAttempts extends ErrorKind {
  count: number
  /** How many of these attempts gave their task up. */
  dead: number
  /** The key of the first. */
  key: string
  /** The latest, in ms since the epoch. */
  at: number
}

/** A worker's reports. They are plain messages without an answer, because any may be its last. */
export type ThreadReport =
  /** `setup` asks for this much time from now on. */
  | { type: 'extend'; ms: number }
  /** `setup` has finished; the watchdog may be armed. `actor`: it only receives messages, so it has no end. */
  | { type: 'ready'; actor: boolean }
  /** `setup` has declined: the thread waits to be ended. */
  | { type: 'declined'; reason: string }
  /** The thread is about to end because of this. */
  | { type: 'failed'; kind: 'start-error' | 'uncaught-error' | 'unhandled-rejection' | 'exit'; error: ErrorRecord }
  | { type: 'log'; level: RecordLevel; message: string; fields: Record<string, unknown> | null }
  /** Attempts failed. The first is reported at once, further ones in sums once a second. */
  | { type: 'failing'; errors: FailedAttempts[]; streak: Streak | null }
  /** The breaker opened: no task begins until the worker is resumed or its thread replaced. */
  | { type: 'breaker-opened'; error: ErrorKind; attempts: number }
  /** The trial task succeeded. */
  | { type: 'breaker-closed' }
  /** It waits for quota or for a task to be due. */
  | { type: 'waiting' }
  | { type: 'working' }
  /** No work is left, with the counts of its lane. null: `run` returned. */
  | { type: 'complete'; counts: LaneCounts | null }
  /** A quota cannot grant a task of these amounts for `inMs`; Infinity: a budget is spent. */
  | { type: 'spent'; inMs: number; quota: string; window: string; amounts: Amounts }
  /** The provider no longer accepts the key of a quota. */
  | { type: 'retired'; quota: string; reason: string }
  /** A limit of `recycle` is reached: it asks to be replaced, once between two pauses. */
  | { type: 'recycle'; reason: string }
  /** It wants to talk to another worker. */
  | { type: 'wanted'; peer: string }
  /** Messages that it sent are dead. */
  | { type: 'dead-letters'; letters: DeadLetter[] }
  /** The worker's fencing token is outdated: another host has the worker. */
  | { type: 'fenced' }

/** Calls to a thread, over comlink. */
export interface ThreadControl {
  /** Takes no new task; tasks in hand continue. */
  pause(): void
  resume(): void
  /** There may be work again. */
  poke(): void
  /** Takes no new task, finishes and commits tasks in hand, runs `teardown`. */
  finish(): Promise<void>
  /** Sets the least severe level of new log records. */
  setLogLevel(level: LogLevel): void
  /** Aborts the tasks in hand through their signal. */
  abort(reason: string): void
  /** The store thread was replaced: pending requests are sent again on the new port. A process gets the port's name. */
  reconnect(port: MessagePort | string): void
  /** News of a worker that it talks to; with the end of a link, if that is up. A process gets the name of its port. */
  peer(news: PeerNews, link: MessagePort | string | null): void
  /** A worker, or the main program (null), talks to it over this link; `begun` as in the news of it. */
  accept(from: string | null, link: MessagePort | string, begun: SharedArrayBuffer | null): void
}
