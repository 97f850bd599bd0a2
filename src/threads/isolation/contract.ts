/**
 * What carries one life of a worker: a thread (`in-thread.ts`) or a process (`in-process.ts`). It knows how to bring it
 * about, to reach it and to end it by force; what is asked of it when, and what its end means, is decided in `worker-thread.ts`.
 */
import type { MessagePort } from 'node:worker_threads'
import type { Remote } from 'comlink'
import type { Failure } from '../../failure.js'
import type { ResourceLimits } from '../../options/isolation.js'
import type { Abandoned } from '../../store/contract/tasks.js'
import type { CpuProfile } from '../evidence/stack-and-profile.js'
import type { BeatCell } from '../heartbeat/beats.js'
import type { ThreadControl, ThreadReport, WorkerBoot } from '../protocol/messages.js'

export interface IsolationOptions {
  boot: WorkerBoot
  /** To the store thread. */
  store: MessagePort
  /** Where its beats are to be seen. */
  beats: BeatCell
  resourceLimits: ResourceLimits
  onReport: (report: ThreadReport) => void
  /** It sent what is not understood: nothing that it sends can be relied on. Nothing is heard of it then but its end. */
  onFault: (what: string) => void
  /** It is gone, and everything it had said has been told. Once, and the last thing that is heard of it. */
  onExit: (exit: IsolationExit) => void
}

/** An end as it looks from outside. */
export interface IsolationExit {
  failure: Pick<Failure, 'kind' | 'message' | 'error' | 'exitCode'>
  /** Something brought it down: it neither exited nor was terminated. */
  fault: boolean
  abandoned: Abandoned
}

export interface Isolation {
  /** The process that it runs in. */
  readonly pid: number
  /** null: the main thread of its process. */
  readonly threadId: number | null
  /** Its answers never come once it is gone. */
  readonly control: Remote<ThreadControl>
  /** Has it go on with the store over another port. */
  reconnect(port: MessagePort): Promise<void>
  /** Share of time that its event loop was busy since it started, 0 to 1. */
  eventLoopUtilization(): number
  /** Where it is, innermost first; null if it does not say in time. Never rejects. */
  stack(): Promise<string[] | null>
  /** @throws DroverError TIMEOUT if it does not answer */
  profile(ms: number, options?: { stuck?: boolean }): Promise<CpuProfile>
  /** Writes a heap snapshot. @throws as `snapshotOf` */
  snapshot(file: string, withinMs: number): Promise<void>
  /** Ends it by force. */
  terminate(): void
  /** It does not end: the host's own end does not wait for it. */
  unref(): void
}
