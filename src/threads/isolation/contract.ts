/**
 * The interface of a thread (`in-thread.ts`) or a process (`in-process.ts`) that runs a worker: start it, talk to it, end it by
 * force. `worker-thread.ts` decides when to do so and how to judge its end.
 */
import type { MessagePort } from 'node:worker_threads'
import type { Remote } from 'comlink'
import type { Failure } from '../../failure.js'
import type { ResourceLimits } from '../../options/isolation.js'
import type { Abandoned } from '../../store/contract/tasks.js'
import type { CpuProfile } from '../evidence/stack-and-profile.js'
import type { BeatCell } from '../heartbeat/beats.js'
import type { PeerNews } from '../messages/wire.js'
import type { ThreadControl, ThreadReport, WorkerBoot } from '../protocol/messages.js'

export interface IsolationOptions {
  boot: WorkerBoot
  /** To the store thread. */
  store: MessagePort
  /** The cell of its beats. */
  beats: BeatCell
  resourceLimits: ResourceLimits
  /** Where the crash file of a process may be (`crash-file.ts`). */
  crashFolders: readonly string[]
  onReport: (report: ThreadReport) => void
  /** It sent an invalid message, so no message of it can be trusted. Only its end is reported after this. */
  onFault: (what: string) => void
  /** It has ended, and all its messages were delivered. Called once, as the last callback. */
  onExit: (exit: IsolationExit) => void
}

/** An end as it looks from outside. */
export interface IsolationExit {
  failure: Pick<Failure, 'kind' | 'message' | 'error' | 'exitCode'>
  /** It crashed: it neither exited by itself nor was terminated. */
  fault: boolean
  abandoned: Abandoned
}

export interface Isolation {
  /** The process that it runs in. */
  readonly pid: number
  /** null: the main thread of its process. */
  readonly threadId: number | null
  /** Pending calls never settle after its end. */
  readonly control: Remote<ThreadControl>
  /** Connects it to the store over another port. */
  reconnect(port: MessagePort): Promise<void>
  /** News of a worker that it talks to, with its end of the link if that is up. */
  peer(news: PeerNews, link: MessagePort | null): void
  /** A worker, or the main program (null), talks to it over this link. */
  accept(from: string | null, link: MessagePort, begun: SharedArrayBuffer | null): void
  /** Share of time that its event loop was busy since it started, 0 to 1. */
  eventLoopUtilization(): number
  /** Its stack, innermost frame first; null if there is none in time. Never rejects. */
  stack(): Promise<string[] | null>
  /** @throws DroverError TIMEOUT if it does not answer */
  profile(ms: number, options?: { stuck?: boolean }): Promise<CpuProfile>
  /** Writes a heap snapshot. @throws as `snapshotOf` */
  snapshot(file: string, withinMs: number): Promise<void>
  /** Ends it by force. */
  terminate(): void
  /** Lets the host end without waiting for it, because it does not end. */
  unref(): void
}
