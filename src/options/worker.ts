import * as v from 'valibot'
import type { Finding } from '../validation/issues.js'
import {
  between,
  either,
  flag,
  group,
  isName,
  milliseconds,
  name,
  oneOf,
  option,
  type Schema,
  textOrNumber,
  whole,
  workerId,
} from '../validation/schema-pieces.js'
import { asRecord } from '../values/fields.js'
import { read } from '../values/plain.js'
import { asNumber, type Path } from './checks.js'
import { type HeartbeatOptions, heartbeat } from './heartbeat.js'
import { type RecycleOptions, type ResourceLimits, recycle, resourceLimits, survives } from './isolation.js'
import { type MailboxOptions, mailbox } from './mailbox.js'
import { resolveModule } from './module-path.js'
import type { RestartPolicy } from './restart.js'
import { restart } from './restart-schema.js'
import { type TaskOptions, tasks } from './tasks.js'
import { type WorkerQuotaOptions, workerQuota } from './worker-quota.js'

/** A worker module; its URL is checked to be that of a file. */
export const moduleUrl = v.pipe(
  v.custom<string | URL>((value) => typeof value === 'string' || value instanceof URL, 'a path, a file: URL or a URL'),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const resolved = resolveModule(dataset.value)
    if ('href' in resolved) return resolved.href
    addIssue({ message: resolved.expected })
    return NEVER
  }),
)

/** The options of a worker, except its id and names. */
export interface WorkerBase {
  /**
   * The worker module: a path (relative to the working directory), a `file:` URL or a `URL`. It ends in `.js`, `.mjs`,
   * `.cjs`, `.ts` or `.mts` and exists. Its default export is made by `defineWorker`; of a CommonJS module, that is `module.exports`.
   */
  module: string | URL
  /**
   * The value of `ctx.input`; must survive structured cloning, which keeps maps, sets, dates, BigInts and typed arrays, and makes
   * instances of classes into plain objects. Never stored, never logged.
   */
  input?: unknown
  /**
   * Fields that {@link input} must have, such as `['apiKey']`: neither absent nor null nor empty text. Found out where the worker is
   * declared or changed, and not in its thread. A worker that is disabled may lack them until it is enabled. @defaultValue none
   */
  requires?: string[]
  /** Name of the dataset whose items are its tasks. A worker without one has no tasks; its module has `run`. */
  dataset?: string
  /** Name of the quota (a key of `quotas`) from which each task takes one request, or an object with more options. */
  quota?: string | WorkerQuotaOptions
  /** A disabled worker is declared but not started by `start()`. @defaultValue true */
  enabled?: boolean
  /** How many tasks the lane does; may be raised later. 0 to `limits.maxTarget`. @defaultValue all items of the dataset */
  target?: number
  /** Wait between a task's end and the next one's start, in whole milliseconds. 100 to 60_000, or 0. @defaultValue 0 */
  delayMs?: number
  /** Tasks in flight at once, in each of its threads. 1 to 1_024. @defaultValue 1 */
  concurrency?: number
  /**
   * How many threads share its lane, 1 to 256. Each is an instance, `ID#1` to `ID#n`: a worker of its own with its own beats, failures,
   * restarts and slot, under a supervisor with the id of the worker. Each item still gets exactly one result. May be changed
   * while it runs. @defaultValue one thread, which is the worker itself
   */
  instances?: number
  /** Tasks held ready beyond those in flight, 0 to 1_024; `'auto'`: as many as are done in about 20 ms. @defaultValue 'auto' */
  prefetch?: number | 'auto'
  /**
   * The place in the queue for slots: higher first, then the longest wait. Each minute of waiting counts as one step of priority,
   * so that no worker starves. @defaultValue 0
   */
  priority?: number
  /** Name of a group (a key of `groups`) whose limit also applies. */
  group?: string
  /** Replaces the system's `restart` completely. @defaultValue the system's `restart` */
  restart?: RestartPolicy
  /**
   * `'process'`: the worker runs on the main thread of its own process, so that a crash of native code, an abort of V8 or a
   * native call that never returns harms only this worker. It costs some 60 MB of memory and a slower start; tasks and results go
   * through the host's main thread. Then {@link resourceLimits} has no `codeRangeSizeMb`, a `stackSizeMb` beyond `ulimit -s` ends
   * the process, and {@link input} shares no memory. @defaultValue 'thread'
   */
  isolation?: 'thread' | 'process'
  /** Heap limits of the thread, as `worker_threads` takes them. @defaultValue those of Node.js */
  resourceLimits?: ResourceLimits
  /** Replaces the thread now and then, between tasks; see {@link RecycleOptions}. @defaultValue never */
  recycle?: RecycleOptions
  /** The messages that wait for the module's `receive`. */
  mailbox?: MailboxOptions
  /** Options that are left out come from the system's. */
  heartbeat?: HeartbeatOptions
  /** Options that are left out come from the system's. */
  tasks?: TaskOptions
  /** How long a stop waits for tasks in hand to finish, in whole milliseconds. 0: not at all. @defaultValue the system's `drainMs` */
  drainMs?: number
  /**
   * How long the thread is kept after the lane has run empty, in whole milliseconds. 0: not at all. @defaultValue the system's
   * `idleMs`
   */
  idleMs?: number
  /**
   * Whether its end by itself may shut its supervisor down, as `autoShutdown` there says. Not with restart mode `permanent`.
   * @defaultValue false
   */
  significant?: boolean
}

/** A worker by its own id. No two workers have the same id, nor the same dataset, annotator and domain. */
export interface WorkerOptions extends WorkerBase {
  /** `annotator-1/urgency`: parts of letters, digits, `.`, `_`, `-`, joined by `/`; at most 200 characters. */
  id: string
  /** @defaultValue the id without its last part and without a leading `annotator-`; an id of one part as it is */
  annotator?: string | number
  /** @defaultValue the last part of the id */
  domain?: string
}

export const workerSchema = group({
  id: workerId,
  annotator: option(v.custom<string | number>((value) => isName(value) || Number.isFinite(value), 'a name or a number')),
  domain: option(name()),
  module: moduleUrl,
  input: option(v.unknown()),
  requires: option(v.array(name('the name of a field of input'), 'a list of names of fields of input')),
  dataset: option(name()),
  quota: option(either((value) => asRecord(value) !== null, workerQuota, name('the name of a quota'))),
  enabled: option(flag, true),
  target: option(whole(0)),
  delayMs: option(whole(100, 60_000, { value: 0 }), 0),
  concurrency: option(whole(1, 1_024), 1),
  instances: option(whole(1, 256)),
  prefetch: option(textOrNumber("'auto' or a whole number, 0 to 1024", ['auto'], { min: 0, max: 1_024, whole: true }), 'auto'),
  priority: option(between(-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER), 0),
  group: option(name('the name of a group')),
  restart: option(restart),
  isolation: option(oneOf('thread', 'process'), 'thread'),
  resourceLimits: option(resourceLimits),
  recycle: option(recycle),
  mailbox: option(mailbox),
  heartbeat: option(heartbeat),
  tasks: option(tasks),
  drainMs: option(milliseconds(0)),
  idleMs: option(milliseconds(0)),
  significant: option(flag, false),
} satisfies Schema<WorkerOptions>)

export type CheckedWorker = v.InferOutput<typeof workerSchema>

export interface Lane {
  annotator: string
  domain: string
}

/**
 * Annotator and domain, taken from the id if not given: the domain is its last part, the annotator all before it, without a
 * leading `annotator-`. An id of one part is both.
 */
export function laneOf(worker: { id: string; annotator?: string | number | undefined; domain?: string | undefined }): Lane {
  const cut = worker.id.lastIndexOf('/')
  const annotator = cut === -1 ? worker.id : worker.id.slice(0, cut).replace(/^annotator-(?=.)/, '')
  return { annotator: String(worker.annotator ?? annotator), domain: worker.domain ?? worker.id.slice(cut + 1) }
}

/** Only a lane can be shared; and what a significant child's end means is not decided for one of several. */
export function checkInstances(path: Path, { instances, dataset, significant }: Record<string, unknown>, findings: Finding[]): void {
  if (instances === undefined) return
  const refuse = (expected: string) => findings.push({ path: [...path, 'instances'], expected, input: instances, known: [] })
  if (dataset === undefined) refuse('no value, because a worker without a dataset has no lane to share')
  if (significant === true) refuse('no value, because the worker is significant')
}

export function checkTarget(path: Path, { target, dataset }: Record<string, unknown>, maxTarget: number, findings: Finding[]): void {
  if (target !== undefined && dataset === undefined) {
    findings.push({ path, expected: 'no value, because a worker without a dataset has no tasks', input: target, known: [] })
  }
  if ((asNumber(target) ?? 0) > maxTarget) findings.push({ path, expected: `at most ${maxTarget} (limits.maxTarget)`, input: target })
}

/** The value is shown in no case: it is a secret, as a rule. */
export function checkRequired(path: Path, { id, input, requires, enabled }: Record<string, unknown>, findings: Finding[]): void {
  if (enabled === false || !Array.isArray(requires)) return
  for (const field of new Set<unknown>(requires)) {
    if (!isName(field) || !isEmpty(read(input, field as string))) continue
    const expected = `a value that is not empty, since requires of ${String(id)} names ${String(field)}`
    findings.push({ path: [...path, field as string], expected, input: undefined, known: [] })
  }
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'string' && value.trim() === '')
}

export function checkInput(path: Path, input: unknown, checked: Set<unknown>, findings: Finding[]): void {
  if (checked.has(input)) return
  checked.add(input)
  if (survives(input, structuredClone)) return
  // Neither the value nor the error is shown: the error may quote the value.
  findings.push({ path, expected: 'data that structured cloning can copy, without functions and symbols', input, hidden: true })
}
