/**
 * The form of the options, as valibot schemas. What one option allows by itself is said here; what options must fit together
 * is in `rules.ts`. The message of a schema is what it expects, in words; values that it names in quotes are offered to whoever
 * misspelt one.
 */
import * as v from 'valibot'
import { snapshotKinds } from '../failure.js'
import { expectedTimeZone, flag, group, isRecord, isTimeZone, longestName, milliseconds, oneOf, path, whole } from '../validation/pieces.js'
import { flagOrKinds } from './evidence.js'
import { heartbeat } from './heartbeat.js'
import { resourceLimits } from './isolation.js'
import type { RestartMode } from './restart.js'
import { restart } from './restart-schema.js'
import { isSupervisorOptions, type SupervisorOptions } from './supervisor.js'
import { tasks } from './tasks.js'
import type { AutoShutdown, RestartIntensity, SupervisorStrategy } from './tree.js'
import { moduleUrl, type WorkerOptions } from './worker.js'
import { workerQuota } from './worker-quota.js'

export const between = (min: number, max: number) =>
  v.custom<number>(
    (value) => Number.isFinite(value) && (value as number) >= min && (value as number) <= max,
    max === Number.MAX_VALUE ? `a number, at least ${min}` : `a number, ${min} to ${max}`,
  )

const isName = (value: unknown): boolean =>
  typeof value === 'string' && value.trim() !== '' && value.length <= longestName && !/\p{Cc}/u.test(value)

export const name = (expected = 'a name') =>
  v.custom<string>(isName, `${expected}: 1 to ${longestName} characters, none of them control characters`)

export const breaker = group(
  {
    failures: v.optional(
      v.custom<number>(
        (value) => (Number.isSafeInteger(value) && (value as number) >= 1) || ((value as number) > 0 && (value as number) < 1),
        'a whole number, at least 1, or a share, more than 0 and less than 1',
      ),
    ),
    withinMs: v.optional(milliseconds(1)),
    do: v.optional(oneOf('park', 'pause')),
    forMs: v.optional(milliseconds(1)),
    maxMs: v.optional(milliseconds(1)),
  },
  'true, false or an object: { failures, withinMs, do, forMs, maxMs }',
)

const workerId = v.custom<string>(
  (value) => isName(value) && (value as string).split('/').every((part) => /^[A-Za-z0-9._-]+$/.test(part) && !/^\.+$/.test(part)),
  `an id such as annotator-1/urgency: parts of letters, digits, dots, _ and -, joined by /, at most ${longestName} characters`,
)

const worker = group({
  id: workerId,
  annotator: v.optional(v.custom<string | number>((value) => isName(value) || Number.isFinite(value), 'a name or a number')),
  domain: v.optional(name()),
  module: moduleUrl,
  input: v.optional(v.unknown()),
  dataset: v.optional(name()),
  quota: v.optional(v.lazy((value) => (isRecord(value) ? workerQuota : name('the name of a quota')))),
  enabled: v.optional(flag),
  target: v.optional(whole(0)),
  delayMs: v.optional(whole(100, 60_000, { value: 0 })),
  concurrency: v.optional(whole(1, 1_024)),
  prefetch: v.optional(
    v.custom<number | 'auto'>(
      (value) => value === 'auto' || (Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= 1_024),
      "'auto' or a whole number, 0 to 1024",
    ),
  ),
  priority: v.optional(between(-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)),
  group: v.optional(name('the name of a group')),
  restart: v.optional(restart),
  isolation: v.optional(oneOf('thread', 'process')),
  resourceLimits: v.optional(resourceLimits),
  recycle: v.optional(
    group({ maxTasks: v.optional(whole(1)), maxAgeMs: v.optional(milliseconds(1_000)), maxHeapMb: v.optional(between(1, 1_000_000)) }),
  ),
  heartbeat: v.optional(heartbeat),
  tasks: v.optional(tasks),
  drainMs: v.optional(milliseconds(0)),
  idleMs: v.optional(milliseconds(0)),
  significant: v.optional(flag),
})

export type CheckedWorker = v.InferOutput<typeof worker>
export interface CheckedSupervisor {
  id: string
  strategy?: SupervisorStrategy | undefined
  intensity?: { [Key in keyof RestartIntensity]: RestartIntensity[Key] | undefined } | undefined
  children: CheckedEntry[]
  restart?: RestartMode | undefined
  significant?: boolean | undefined
  autoShutdown?: AutoShutdown | undefined
}
export type CheckedEntry = CheckedWorker | CheckedSupervisor

export const entry: v.GenericSchema<WorkerOptions | SupervisorOptions, CheckedEntry> = v.lazy((value) =>
  isSupervisorOptions(value) ? supervisor : worker,
) as never
const supervisor = group({
  id: workerId,
  strategy: v.optional(oneOf('one-for-one', 'one-for-all', 'rest-for-one')),
  intensity: v.optional(group({ restarts: v.optional(whole(0)), withinMs: v.optional(milliseconds(1)) })),
  children: v.array(entry, 'a list of workers and supervisors'),
  restart: v.optional(oneOf('permanent', 'transient', 'temporary')),
  significant: v.optional(flag),
  autoShutdown: v.optional(oneOf('never', 'any-significant', 'all-significant')),
})

/** As of a supervisor, or of the system. */
export const entries = v.array(entry, 'a list of workers and supervisors')

const above0 = v.custom<number>((value) => typeof value === 'number' && Number.isFinite(value) && value > 0, 'a number above 0')

const quotaLimit = group({
  limit: above0,
  per: v.custom<'second' | 'minute' | 'hour' | 'day' | 'month' | number>(
    (value) =>
      ['second', 'minute', 'hour', 'day', 'month'].includes(value as string) || (Number.isSafeInteger(value) && (value as number) >= 1),
    "'second', 'minute', 'hour', 'day', 'month' or whole milliseconds, at least 1",
  ),
  timeZone: v.optional(v.custom<string>(isTimeZone, expectedTimeZone)),
  burst: v.optional(whole(1)),
})

/** What a unit of a quota may be; also the answer to a key of a quota that is none. */
export const expectedLimits = 'limits of a unit: { limit, per }, or a list of them'

const quotaLimits = v.pipe(
  v.custom<unknown>((value) => isRecord(value) || (Array.isArray(value) && value.length > 0), expectedLimits),
  v.lazy((value) => (Array.isArray(value) ? v.array(quotaLimit) : quotaLimit)),
)

const share = v.custom<number>((value) => typeof value === 'number' && value > 0 && value <= 1, 'a number above 0, at most 1')
const budget = v.pipe(
  v.custom<Record<string, unknown>>((value) => isRecord(value) && Object.keys(value).length > 0, 'amounts by unit, such as { cost: 25 }'),
  v.record(v.string(), above0),
)
const names = (expected: string) =>
  v.pipe(
    v.custom<string | string[]>(
      (value) => typeof value === 'string' || (Array.isArray(value) && value.length > 0),
      `${expected}, or a list of them`,
    ),
    v.lazy((value) => (Array.isArray(value) ? v.array(name(expected)) : name(expected))),
  )

/** What a quota may have besides units. */
const quotaEntries = {
  burst: v.optional(whole(1)),
  concurrency: v.optional(whole(1)),
  within: v.optional(names('the name of a quota')),
  budget: v.optional(budget),
  adapt: v.optional(
    v.pipe(
      v.custom<unknown>((value) => typeof value === 'boolean' || isRecord(value), 'true, false or an object'),
      v.lazy((value) =>
        typeof value === 'boolean'
          ? v.boolean()
          : group({
              decrease: v.optional(
                v.custom<number>((own) => typeof own === 'number' && own > 0 && own < 1, 'a number above 0 and below 1'),
              ),
              increasePerMinute: v.optional(share),
              least: v.optional(share),
            }),
      ),
    ),
  ),
}
/** Those that a misspelt one would be taken for a unit for. */
export const quotaOptions = Object.keys(quotaEntries)

/** The options of one quota. */
const quotaSchema = v.pipe(
  v.custom<Record<string, unknown>>(isRecord, 'an object of limits'),
  v.objectWithRest(quotaEntries, v.optional(quotaLimits)),
  v.check(
    (value) => Object.values(value).some((limit) => limit !== undefined),
    "at least one limit, such as requests: { limit: 15, per: 'minute' }",
  ),
)
const evidence = group({
  dir: path('the path of a folder'),
  cpuProfileMs: v.optional(whole(10, 60_000, { value: 0 })),
  heapSnapshot: v.optional(v.lazy((value) => (Array.isArray(value) ? v.array(oneOf(...snapshotKinds)) : flagOrKinds))),
  withinMs: v.optional(milliseconds(1)),
  keep: v.optional(whole(1)),
})

/** The options of a system. */
export const droverSchema = group(
  {
    store: path("the path of a file, or ':memory:'"),
    workers: v.array(entry, 'a list of workers'),
    concurrency: v.optional(whole(1)),
    groups: v.optional(
      v.pipe(v.custom<Record<string, unknown>>(isRecord, 'an object of limits by group'), v.record(name('the name of a group'), whole(1))),
    ),
    onFull: v.optional(oneOf('queue', 'reject')),
    onHeld: v.optional(oneOf('wait', 'refuse')),
    onEscalation: v.optional(oneOf('stop', 'keep')),
    quotas: v.optional(
      v.pipe(
        v.custom<Record<string, unknown>>(isRecord, 'an object of quotas by name'),
        v.record(name('the name of a quota'), quotaSchema),
      ),
    ),
    budget: v.optional(budget),
    heartbeat: v.optional(heartbeat),
    restart: v.optional(restart),
    tasks: v.optional(tasks),
    durability: v.optional(oneOf('power', 'process')),
    drainMs: v.optional(milliseconds(0)),
    idleMs: v.optional(milliseconds(0)),
    killMs: v.optional(milliseconds(1)),
    keepEvents: v.optional(whole(0)),
    limits: v.optional(group({ maxTarget: v.optional(whole(1)) })),
    log: v.optional(
      group({
        level: v.optional(oneOf('silent', 'error', 'warn', 'info', 'debug')),
        console: v.optional(flag),
        dir: v.optional(v.lazy((value) => (value === false ? v.literal(false) : path('the path of a folder, or false')))),
        maxBytes: v.optional(whole(1_000)),
        keep: v.optional(whole(0, 1_000)),
      }),
    ),
    evidence: v.optional(evidence),
    secrets: v.optional(
      v.array(
        v.custom<string>((value) => typeof value === 'string' && value !== '', 'a text'),
        'a list of texts',
      ),
    ),
  },
  'an object with at least store and workers',
)

/** Options that have the right form. */
export type CheckedOptions = v.InferOutput<typeof droverSchema>
