import * as v from 'valibot'
import { group, isRecord, milliseconds, name, oneOf, option, path, type Schema, whole } from '../validation/pieces.js'
import { type EvidenceOptions, evidence } from './evidence.js'
import { type HeartbeatOptions, heartbeat } from './heartbeat.js'
import { type LogOptions, log } from './log.js'
import { budget, type QuotaOptions, quotaSchema } from './quota.js'
import type { RestartPolicy } from './restart.js'
import { restart } from './restart-schema.js'
import { entry, type SupervisorOptions } from './supervisor.js'
import { type TaskOptions, tasks } from './tasks.js'
import type { WorkerOptions } from './worker.js'

/** What `createDrover` takes. Options that are not listed here are refused. */
export interface DroverOptions {
  /** Path of the SQLite file (relative to the working directory), or `':memory:'`. Its folder is made if its parent exists. */
  store: string
  /** Workers, and supervisors with workers. May be empty, to read what earlier runs left. */
  workers: (WorkerOptions | SupervisorOptions)[]
  /** Workers with a thread at once. At least 1. @defaultValue 10 */
  concurrency?: number
  /** More limits, by name: at most so many workers that name the group have a thread at once, each at least 1. @defaultValue none */
  groups?: Record<string, number>
  /** What `start` does when no slot is free: wait for one, or throw SLOTS_FULL. @defaultValue 'queue' */
  onFull?: 'queue' | 'reject'
  /**
   * What becomes of a worker that is started while another host holds it: it waits, `queued` and without a slot, and is taken over as soon
   * as that host lets it go or is gone; or `start` refuses it. @defaultValue 'wait'
   */
  onHeld?: 'wait' | 'refuse'
  /** By name; workers refer to them. */
  quotas?: Record<string, QuotaOptions>
  /** What all quotas together may use ever, by unit, e.g. `{ cost: 25 }`; when it is spent their workers pause. @defaultValue no cap */
  budget?: Record<string, number>
  heartbeat?: HeartbeatOptions
  /** @defaultValue `policies.default` */
  restart?: RestartPolicy
  tasks?: TaskOptions
  /**
   * What is done about a failure that nobody below could answer, because a policy escalates it or a supervisor gave up: `'stop'` stops
   * every worker, each with the reason; `'keep'` keeps the rest. Either way `system:failure:escalated` tells of it. @defaultValue 'stop'
   */
  onEscalation?: 'stop' | 'keep'
  /** `'power'`: what is committed survives a power cut (fsync at each group commit). `'process'`: it survives the process only. @defaultValue 'power' */
  durability?: 'power' | 'process'
  /** How long `stop` and `close` let workers finish their tasks in hand, in whole milliseconds. 0: not at all. @defaultValue 10_000 */
  drainMs?: number
  /**
   * How long a worker keeps its thread when its lane has run empty, for items that may come soon: a new thread imports its modules and runs
   * `setup` again. In whole milliseconds. 0: not at all. `done()` does not wait for it, and whoever waits for a slot gets it at once.
   * @defaultValue 5_000
   */
  idleMs?: number
  /**
   * How long a thread may take to end once it is terminated, in whole milliseconds, at least 1; then it is `unkillable`. If it still is when
   * the process ends, the process ends by SIGKILL, because Node.js would wait for it. @defaultValue 5_000
   */
  killMs?: number
  /** How many events the store keeps. At least 0. @defaultValue 100_000 */
  keepEvents?: number
  limits?: {
    /** The highest `target` that a worker may have. At least 1. @defaultValue 100_000 */
    maxTarget?: number
  }
  log?: LogOptions
  /** Profiles and heap snapshots of threads that fail; see {@link EvidenceOptions} for what is in them. @defaultValue none is written */
  evidence?: EvidenceOptions
  /** Values that must never be written anywhere, besides those found in workers' `input` under names like apiKey, token, secret, password. */
  secrets?: string[]
}

export const limits = group({ maxTarget: option(whole(1), 100_000) } satisfies Schema<NonNullable<DroverOptions['limits']>>)

export const droverSchema = group(
  {
    store: path("the path of a file, or ':memory:'"),
    workers: v.array(entry, 'a list of workers'),
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
