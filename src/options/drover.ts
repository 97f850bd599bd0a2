import * as v from 'valibot'
import { group, isRecord, milliseconds, name, oneOf, option, path, type Schema, whole } from '../validation/schema-pieces.js'
import { type EvidenceOptions, evidence } from './evidence.js'
import { type HeartbeatOptions, heartbeat } from './heartbeat.js'
import { type LogOptions, log } from './log.js'
import { type PoolOptions, poolSchema } from './pool.js'
import { budget, type QuotaOptions, quotaSchema } from './quota.js'
import type { RestartPolicy } from './restart.js'
import { restart } from './restart-schema.js'
import { entry, type SupervisorOptions } from './supervisor.js'
import { type TaskOptions, tasks } from './tasks.js'
import type { WorkerOptions } from './worker.js'

/** The options of `createDrover`. Unknown options are refused. */
export interface DroverOptions {
  /** Path of the SQLite file (relative to the working directory), or `':memory:'`. Its folder is created if the parent exists. */
  store: string
  /** Workers, and supervisors with workers. May be empty, to read the results of earlier runs. */
  workers: (WorkerOptions | SupervisorOptions)[]
  /** Pools of threads for short pieces of work; more can be made by `drover.pool`. @defaultValue none */
  pools?: PoolOptions[]
  /** Workers with a thread at once. At least 1. @defaultValue 10 */
  concurrency?: number
  /** Further limits by name: how many workers of the group have a thread at once. Each at least 1. @defaultValue none */
  groups?: Record<string, number>
  /** How `start` acts when no slot is free: it waits for one, or throws SLOTS_FULL. @defaultValue 'queue' */
  onFull?: 'queue' | 'reject'
  /**
   * How `start` treats a worker that another host holds. `'wait'`: the worker is `queued` without a slot, and is taken over once
   * that host releases it or is gone. `'refuse'`: the call refuses the worker. @defaultValue 'wait'
   */
  onHeld?: 'wait' | 'refuse'
  /** Quotas by name; workers refer to these names. */
  quotas?: Record<string, QuotaOptions>
  /**
   * The total that all quotas together may ever use, by unit, e.g. `{ cost: 25 }`. When it is spent, their workers pause.
   * @defaultValue no cap
   */
  budget?: Record<string, number>
  heartbeat?: HeartbeatOptions
  /** @defaultValue `policies.default` */
  restart?: RestartPolicy
  tasks?: TaskOptions
  /**
   * The response to a failure that reaches the root, because a policy escalated it or a supervisor gave up. `'stop'` stops every
   * worker, with the reason; `'keep'` lets the others continue. Both emit `system:failure:escalated`. @defaultValue 'stop'
   */
  onEscalation?: 'stop' | 'keep'
  /**
   * `'power'`: commits survive a power cut (fsync at each group commit). `'process'`: commits survive only the end of the
   * process. @defaultValue 'power'
   */
  durability?: 'power' | 'process'
  /** How long `stop` and `close` wait for tasks in hand to finish, in whole milliseconds. 0: not at all. @defaultValue 10_000 */
  drainMs?: number
  /**
   * How long a worker keeps its thread after its lane has run empty, in whole milliseconds. 0: not at all. New items then need no
   * new thread, which would import its modules and run `setup` again. `done()` does not wait for this time, and a worker that
   * waits for the slot gets it at once.
   * @defaultValue 5_000
   */
  idleMs?: number
  /**
   * How long a thread may take to end after it was terminated, in whole milliseconds, at least 1; then it is `unkillable`. While
   * such a thread exists, the process ends by SIGKILL, because Node.js would wait for the thread for ever. @defaultValue 5_000
   */
  killMs?: number
  /** How many events the store keeps. At least 0. @defaultValue 100_000 */
  keepEvents?: number
  limits?: {
    /** The highest `target` that a worker may have. At least 1. @defaultValue 100_000 */
    maxTarget?: number
  }
  log?: LogOptions
  /** Profiles and heap snapshots of failing threads; see {@link EvidenceOptions}. @defaultValue none are written */
  evidence?: EvidenceOptions
  /** Values that are redacted everywhere, besides those in workers' `input` under names like apiKey, token, secret, password. */
  secrets?: string[]
}

export const limits = group({ maxTarget: option(whole(1), 100_000) } satisfies Schema<NonNullable<DroverOptions['limits']>>)

export const droverSchema = group(
  {
    store: path("the path of a file, or ':memory:'"),
    workers: v.array(entry, 'a list of workers'),
    pools: option(v.array(poolSchema, 'a list of pools')),
    concurrency: option(whole(1), 10),
    groups: option(
      v.pipe(v.custom<Record<string, unknown>>(isRecord, 'an object of limits by group'), v.record(name('the name of a group'), whole(1))),
    ),
    onFull: option(oneOf('queue', 'reject'), 'queue'),
    onHeld: option(oneOf('wait', 'refuse'), 'wait'),
    quotas: option(
      v.pipe(
        v.custom<Record<string, unknown>>(isRecord, 'an object of quotas by name'),
        v.record(name('the name of a quota'), quotaSchema),
      ),
    ),
    budget: option(budget),
    heartbeat: option(heartbeat),
    restart: option(restart),
    tasks: option(tasks),
    onEscalation: option(oneOf('stop', 'keep'), 'stop'),
    durability: option(oneOf('power', 'process'), 'power'),
    drainMs: option(milliseconds(0), 10_000),
    idleMs: option(milliseconds(0), 5_000),
    killMs: option(milliseconds(1), 5_000),
    keepEvents: option(whole(0), 100_000),
    limits: option(limits),
    log: option(log),
    evidence: option(evidence),
    secrets: option(
      v.array(
        v.custom<string>((value) => typeof value === 'string' && value !== '', 'a text'),
        'a list of texts',
      ),
    ),
  } satisfies Schema<DroverOptions>,
  'an object with at least store and workers',
)

/** Options that have the right form. */
export type CheckedOptions = v.InferOutput<typeof droverSchema>
