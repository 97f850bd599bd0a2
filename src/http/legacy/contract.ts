/** The answers for clients of the system that drover replaces. */
import * as v from 'valibot'
import { longestKey } from '../../bounds.js'
import { count } from '../contract/common.js'
import { workerState } from '../contract/worker.js'

/** The status words of those clients. */
export const seedStatuses = ['not_started', 'running', 'paused', 'stopped', 'completed', 'crashed'] as const
const seedStatus = v.picklist(seedStatuses)
export type SeedStatus = (typeof seedStatuses)[number]

/** A number where it looks like one. */
export const annotatorId = v.union([v.number(), v.string()])
const isoTime = v.pipe(v.string(), v.isoTimestamp())
const percentage = v.pipe(v.number(), v.minValue(0), v.maxValue(100))

export const seedWorker = v.object({
  annotator_id: annotatorId,
  domain: v.string(),
  status: seedStatus,
  /** Whether it has a live thread. */
  running: v.boolean(),
  /** It has a thread whose last beat is too old. */
  stale: v.boolean(),
  enabled: v.boolean(),
  /** `malformed`: given up. `percentage` counts `completed` only. */
  progress: v.object({ completed: count, target: count, malformed: count, speed: v.pipe(v.number(), v.minValue(0)), percentage }),
  last_updated: isoTime,
  pid: v.nullable(v.number()),
  id: v.string(),
  dataset: v.nullable(v.string()),
  state: workerState,
  reason: v.string(),
  dead: count,
  restarts: count,
  last_error: v.nullable(v.string()),
})
export type SeedWorker = v.InferOutput<typeof seedWorker>

export const seedOverview = v.object({
  total_workers: count,
  enabled_workers: count,
  running_workers: count,
  paused_workers: count,
  completed_workers: count,
  crashed_workers: count,
  not_started: count,
  running: count,
  paused: count,
  stopped: count,
  completed: count,
  crashed: count,
  total_progress: v.object({ completed: count, target: count, percentage }),
  /** Samples a minute, of all workers together. */
  avg_speed: v.pipe(v.number(), v.minValue(0)),
  /** Seconds, null: unknown. Wrapped, a text: `2h 3m`, `Unknown`. */
  estimated_time_remaining: v.nullable(v.union([count, v.string()])),
  /** By drover's own states. */
  states: v.record(v.string(), count),
})
export type SeedOverview = v.InferOutput<typeof seedOverview>

const trouble = v.object({
  annotator_id: annotatorId,
  domain: v.string(),
  last_update: isoTime,
  stale_minutes: v.pipe(v.number(), v.minValue(0)),
})
export const seedHealth = v.object({ crashed: v.array(trouble), stuck: v.array(trouble), stalled: v.array(trouble), healthy: count })
export type SeedHealth = v.InferOutput<typeof seedHealth>

const seedQuota = v.object({
  requests_today: v.number(),
  /** null: requests are not limited. */
  quota_limit: v.nullable(v.number()),
  percentage_used: v.number(),
  /** Requests that could be made at once; null: no limit. */
  tokens_available: v.nullable(v.number()),
  can_make_request: v.boolean(),
  /** null: until a budget is raised. */
  wait_time_seconds: v.nullable(v.number()),
})
export const seedQuotas = v.record(v.string(), seedQuota)
export type SeedQuotas = v.InferOutput<typeof seedQuotas>

export const seedLog = v.object({
  timestamp: isoTime,
  level: v.picklist(['ERROR', 'WARNING', 'INFO', 'DEBUG']),
  annotator_id: v.nullable(annotatorId),
  domain: v.nullable(v.string()),
  message: v.string(),
  part: v.string(),
  fields: v.nullable(v.record(v.string(), v.unknown())),
})
export type SeedLog = v.InferOutput<typeof seedLog>

export const seedOutcome = v.object({
  annotator: annotatorId,
  domain: v.string(),
  status: seedStatus,
  message: v.optional(v.string()),
  worker: v.string(),
  state: workerState,
  ok: v.boolean(),
})
export type SeedOutcome = v.InferOutput<typeof seedOutcome>

export const seedRestart = v.object({ stop: seedOutcome, start: seedOutcome })

const deleted = v.object({ results: count, dead: count })
export const seedReset = v.object({
  scope: v.picklist(['single', 'all']),
  deleted,
  workers: v.array(v.object({ ...seedOutcome.entries, deleted })),
})

/** Without fields: all enabled workers. Unknown fields are ignored. */
export const seedSelection = v.object({ annotator_id: v.nullish(annotatorId), domain: v.nullish(v.string()) })

export const seedResetCall = v.object({
  scope: v.picklist(['single', 'all'], 'scope has to be "single" or "all"'),
  annotator_id: v.nullish(annotatorId),
  domain: v.nullish(v.string()),
  confirmation: v.optional(v.unknown()),
})

/** Levels in any letter case, and Python's names. */
const levels = ['debug', 'info', 'warn', 'warning', 'error', 'critical'] as const
const level = v.pipe(v.string(), v.toLowerCase(), v.picklist(levels, `one of ${levels.join(', ')}`))

const text = v.pipe(v.string(), v.maxLength(longestKey))
const selection = { annotator_id: v.optional(text), domain: v.optional(text) }
/** Clients send further parameters of their own, for example against caches; these are ignored. */
export const workersQuery = v.object({ ...selection, status: v.optional(seedStatus) })
export const logsQuery = v.object({
  ...selection,
  level: v.optional(level),
  limit: v.optional(
    v.pipe(v.string(), v.regex(/^\d{1,6}$/, 'a whole number'), v.transform(Number), v.minValue(1), v.maxValue(1_000)),
    '100',
  ),
})
export const oneAnnotator = v.object({ annotator_id: text })
export const onePath = v.object({ annotator_id: text, domain: text })
