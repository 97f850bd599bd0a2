/** Quotas, as they are shown. JSON knows no infinity: it is null here. */
import * as v from 'valibot'
import { count, time } from './common.js'

const quotaWindow = v.object({
  unit: v.string(),
  per: v.string(),
  limit: v.number(),
  burst: v.nullable(v.number()),
  used: v.number(),
  resetsAt: v.nullable(time),
})

const quotaLimit = v.strictObject({
  limit: v.number(),
  per: v.union([v.picklist(['second', 'minute', 'hour', 'day', 'month']), v.number()]),
  timeZone: v.optional(v.string()),
  burst: v.optional(v.number()),
})

type QuotaLimit = v.InferOutput<typeof quotaLimit>

const adaptOptions = v.strictObject({
  decrease: v.optional(v.number()),
  increasePerMinute: v.optional(v.number()),
  least: v.optional(v.number()),
})
type AdaptOptions = v.InferOutput<typeof adaptOptions>

/** Written out: TypeScript cannot say that only the other names are limits. */
export interface QuotaLimits {
  burst?: number | undefined
  concurrency?: number | undefined
  within?: string | string[] | undefined
  budget?: Record<string, number> | undefined
  adapt?: boolean | AdaptOptions | undefined
  [unit: string]: QuotaLimit | QuotaLimit[] | number | string | string[] | boolean | AdaptOptions | Record<string, number> | undefined
}

/** The limits of a quota, as `quotas` of the configuration has them: all of them, by unit (`requests`, `tokens`, or any other). */
export const quotaOptions: v.GenericSchema<QuotaLimits> = v.objectWithRest(
  {
    burst: v.optional(v.number()),
    concurrency: v.optional(v.number()),
    within: v.optional(v.union([v.string(), v.array(v.string())])),
    budget: v.optional(v.record(v.string(), v.number())),
    adapt: v.optional(v.union([v.boolean(), adaptOptions])),
  },
  v.union([quotaLimit, v.array(quotaLimit)]),
)

export const quota = v.object({
  name: v.string(),
  windows: v.array(quotaWindow),
  within: v.array(v.string()),
  /** How long one request would wait now, in ms; null: until a budget is raised. */
  waitMs: v.nullable(v.number()),
  waitsFor: v.nullable(v.string()),
  blockedUntil: v.nullable(time),
  inFlight: count,
  concurrency: v.nullable(count),
  waiting: count,
  retired: v.nullable(v.object({ reason: v.string(), at: time })),
  health: v.number(),
  pace: v.number(),
  granted: v.number(),
  requestsToday: v.number(),
  quotaLimit: v.nullable(v.number()),
  percentageUsed: v.number(),
  /** null: no limit. */
  available: v.nullable(v.number()),
  canMakeRequest: v.boolean(),
  /** The configured limits; `windows` has the slowed-down ones. */
  limits: quotaOptions,
  backlog: v.object({ tasks: count, doneAt: v.nullable(time) }),
  /** Workers that take from it. */
  workers: v.array(v.string()),
  /** When the first of its parked workers wakes; null: none is parked. */
  parkedUntil: v.nullable(time),
})
/** The status of one quota. Times are ms since the epoch; Infinity is null. */
export type Quota = v.InferOutput<typeof quota>

export const quotaSample = v.object({
  at: time,
  used: v.record(v.string(), v.number()),
  waiting: count,
  inFlight: count,
  granted: v.number(),
})
export type QuotaSample = v.InferOutput<typeof quotaSample>
