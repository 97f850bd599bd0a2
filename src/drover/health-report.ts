/** What is told of the ground that a system stands on. */
import type { HostRow } from '../store/contract/hosts.js'
import type { StoreSpace } from '../store/space.js'
import type { LoopDelay } from '../time/loop-delay.js'

/** A host that shares the store. */
export interface HostHealth extends HostRow {
  /** It is this one. */
  here: boolean
}

/** The store of a system. */
export interface StoreHealth {
  /** The path of its file, or `':memory:'`. */
  file: string
  /** Version of its tables; null: it could not be read. */
  version: number | null
  /** Sizes and space, in bytes; null for a store in memory, and if its file cannot be looked at. */
  space: StoreSpace | null
  /** Since when calls wait because it cannot be written, in ms since the epoch, and why; null: it can be written. */
  waits: { since: number; why: string } | null
  /** Requests of all threads that have no answer yet, as far as they have arrived. */
  pending: number
  /** Commits of the last minute (at most the last two thousand): their number, how many a second, and how long they took, in ms. */
  commits: { count: number; ofMs: number; perSecond: number; p50Ms: number | null; p99Ms: number | null }
  /** The last `check()` of this system; null: none has ended. */
  lastCheck: { at: number; ok: boolean; problems: number } | null
}

/** Memory and threads of this process. */
export interface ProcessHealth {
  pid: number
  /** Since when it runs, in ms since the epoch. */
  startedAt: number
  rssBytes: number
  /** The most that its container allows; null: there is no such limit. */
  limitBytes: number | null
  /** Heap of the main thread. */
  heapUsedBytes: number
  heapLimitBytes: number
  /** Threads of the operating system; null: not known. */
  threads: number | null
  /** Those of workers. */
  workerThreads: number
}

/** Whether the ground is well that a system stands on. */
export interface Health {
  /** Nothing is wrong. */
  ok: boolean
  /** What is wrong, the worst first. */
  troubles: HealthTrouble[]
  /** When it was looked at, in ms since the epoch. */
  at: number
  /** The hosts that share the store, and those that died within the last hour, oldest first; null: they could not be read. */
  hosts: HostHealth[] | null
  store: StoreHealth
  /** How late the event loop of the main thread runs. It is measured from the first call on, until nobody has asked for a minute. */
  loop: LoopDelay
  process: ProcessHealth
}

/** Something that is not well. */
export interface HealthTrouble {
  kind:
    | 'store-failed'
    | 'store-waits'
    | 'store-unread'
    | 'store-unsound'
    | 'disk-nearly-full'
    | 'host-gone'
    | 'host-silent'
    | 'loop-late'
    | 'memory-nearly-full'
  severity: 'error' | 'warning'
  message: string
  /** Since when, in ms since the epoch; null: not known. */
  since: number | null
}
