/** Whether the ground is well that the system stands on. */
import * as v from 'valibot'
import { count, time } from './common.js'

/** Ms; null: nothing was measured. */
const ms = v.nullable(v.number())

/** What is wrong, in words. `since`: null if that is not known. */
export const healthTrouble = v.object({
  kind: v.picklist([
    'store-failed',
    'store-waits',
    'store-unread',
    'store-unsound',
    'disk-nearly-full',
    'host-gone',
    'host-silent',
    'loop-late',
    'memory-nearly-full',
  ]),
  severity: v.picklist(['error', 'warning']),
  message: v.string(),
  since: v.nullable(time),
})
export type HealthTrouble = v.InferOutput<typeof healthTrouble>

/** A host that shares the store, or died within the last hour. `diedAt`: when its workers were taken back. `workers`: how many it holds. */
export const hostHealth = v.object({
  id: v.string(),
  pid: v.number(),
  hostname: v.string(),
  here: v.boolean(),
  joinedAt: v.nullable(time),
  renewedAt: v.nullable(time),
  gone: v.boolean(),
  diedAt: v.nullable(time),
  workers: count,
})
export type HostHealth = v.InferOutput<typeof hostHealth>

export const health = v.object({
  /** Nothing is wrong. */
  ok: v.boolean(),
  /** The worst first. */
  troubles: v.array(healthTrouble),
  at: time,
  /** null: they could not be read. */
  hosts: v.nullable(v.array(hostHealth)),
  store: v.object({
    file: v.string(),
    version: v.nullable(count),
    /** In bytes; null for a store in memory. */
    space: v.nullable(
      v.object({
        fileBytes: count,
        logBytes: count,
        logLimitBytes: count,
        disk: v.nullable(v.object({ freeBytes: count, totalBytes: count })),
      }),
    ),
    /** Since when it cannot be written, and why; null: it can. */
    waits: v.nullable(v.object({ since: time, why: v.string() })),
    /** Requests without an answer. */
    pending: count,
    /** Of the last minute (`ofMs`), at most the last two thousand. */
    commits: v.object({ count, ofMs: v.number(), perSecond: v.number(), p50Ms: ms, p99Ms: ms }),
    lastCheck: v.nullable(v.object({ at: time, ok: v.boolean(), problems: count })),
  }),
  /** How late the event loop of the main thread runs. It is measured from the first call on, until nobody has asked for a minute. */
  loop: v.object({ ofMs: v.number(), p50Ms: ms, p99Ms: ms, maxMs: ms, utilization: v.number() }),
  process: v.object({
    pid: v.number(),
    startedAt: time,
    rssBytes: count,
    /** The most that its container allows; null: there is no limit. */
    limitBytes: v.nullable(count),
    heapUsedBytes: count,
    heapLimitBytes: count,
    threads: v.nullable(count),
    workerThreads: count,
  }),
})
/** Hosts, store, main thread and memory. Times are ms since the epoch, lengths in ms, sizes in bytes. */
export type Health = v.InferOutput<typeof health>
