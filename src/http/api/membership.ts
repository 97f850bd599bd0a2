/**
 * Workers that come, change and go while the system runs. Which code may run is decided by the program: a worker has the module of an
 * existing one, or one that the option `modules` names. Inputs are taken, but never shown, stored or logged.
 */
import { Hono } from 'hono'
import * as v from 'valibot'
import type { WorkerStatus } from '../../actors/system/status.js'
import { longestTimerMs } from '../../bounds.js'
import type { WorkerOptions } from '../../options/worker.js'
import { argumentError } from '../../validation/arguments.js'
import { isRecord } from '../../validation/schema-pieces.js'
import type { Env } from '../base/request-env.js'
import { given } from '../base/without-undefined.js'
import { name, notAList, strictly, wholeText } from '../contract/common.js'
import { worker } from '../contract/worker.js'
import { presentWorker } from '../present/worker.js'
import { body, operation, path, query } from './describe.js'
import type { V1Context } from './v1-context.js'

/** Any value: the system checks it together with all other options, and says what is allowed. */
const option = (type: string | string[], description: string) =>
  v.optional(v.pipe(v.unknown(), v.metadata({ jsonSchema: { type, description } })))

/** All that `drover.update` may change. A forgotten one does not compile. */
const changeable = {
  module: option('string', 'one of the `modules` of the status server, as it is written there'),
  enabled: option(['boolean', 'null'], 'whether `start` for all workers starts it'),
  target: option(['integer', 'null'], 'results that its lane should have; null: one for every item'),
  delayMs: option(['integer', 'null'], 'wait between two tasks, in ms'),
  concurrency: option(['integer', 'null'], 'tasks in flight at once, in each of its threads'),
  instances: option(['integer', 'null'], 'how many threads share its lane; null: it is one thread'),
  prefetch: option(['integer', 'string', 'null'], 'tasks held ready, or `auto`'),
  priority: option(['number', 'null'], 'its place in the queue for slots: higher first'),
  group: option(['string', 'null'], 'a group with a limit of its own'),
  quota: option(['string', 'object', 'null'], 'the quota that its tasks take from'),
  tasks: option(['object', 'null'], 'attempts, their time limit and waits, and the breaker'),
  heartbeat: option(['object', 'null'], 'time limits of its thread'),
  restart: option(['object', 'null'], 'its restart policy'),
  isolation: option(['string', 'null'], '`thread` or `process`'),
  resourceLimits: option(['object', 'null'], 'limits of the memory of its thread'),
  recycle: option(['object', 'null'], 'when its thread is replaced'),
  mailbox: option(['object', 'null'], 'how many messages wait for it'),
  significant: option(['boolean', 'null'], 'whether its end may shut its supervisor down'),
  requires: option(['array', 'null'], 'fields that its `input` must have'),
  drainMs: option(['integer', 'null'], 'how long a stop waits for tasks in hand, in ms'),
  idleMs: option(['integer', 'null'], 'how long its thread is kept without tasks, in ms'),
  input: option(['object', 'null'], 'fields that replace those of its `input`; never shown, stored or logged'),
} satisfies Record<Exclude<keyof WorkerOptions, 'id' | 'annotator' | 'domain' | 'dataset'>, unknown>
const optionsSchema = v.pipe(
  notAList<{ [Name in keyof typeof changeable]?: unknown }>(),
  v.strictObject(changeable, `not an option that can be set here; these can: ${Object.keys(changeable).join(', ')}`),
)
const persist = v.optional(v.boolean(), false)

const addition = strictly({
  id: name,
  like: name,
  annotator: v.optional(name),
  domain: v.optional(name),
  dataset: v.optional(name),
  under: v.optional(name),
  options: v.optional(optionsSchema, {}),
  persist,
})
const change = strictly({ options: optionsSchema, persist })
const removal = v.strictObject({
  drainMs: v.optional(wholeText(0, longestTimerMs)),
  persist: v.optional(v.picklist(['true', 'false']), 'false'),
})
const one = v.strictObject({ id: name })
const removed = v.object({ id: v.string() })

const optionsAre =
  '`options` are those of the configuration; null stands for the default, also of a part. An object replaces the whole option, except `input`. `persist`: whether each later system on the store has the change, too, which needs an `input` without secrets.'

export function membershipRoutes({ drover, control, options: { modules } }: V1Context) {
  return new Hono<Env>()
    .post(
      '/workers',
      operation({
        id: 'addWorker',
        tag: 'Workers',
        summary: 'Adds a worker like an existing one',
        more: `It has the input and all options of \`like\`, except what is given here; annotator and domain come from its id. It is under the supervisor of \`like\`, and starts when it is started. ${optionsAre}`,
        answers: { 201: worker },
        refuses: [404, 409, 413, 415],
      }),
      control('workers.add'),
      body(addition),
      async (c) => {
        const { id, like, annotator, domain, dataset, under, options, persist } = c.req.valid('json')
        const entry = { ...changesOf(options, modules), ...given({ annotator, domain, dataset }), id }
        await drover.add(entry, { like, persist, ...given({ under }) })
        return c.json(presentWorker(drover.view.worker(id) as WorkerStatus), 201)
      },
    )
    .patch(
      '/workers/:id',
      operation({
        id: 'changeWorker',
        tag: 'Workers',
        summary: 'Changes options of a worker: all given ones or none',
        more: `If a change concerns its thread, it finishes its tasks in hand and continues in a new thread. ${optionsAre}`,
        answers: { 200: worker },
        refuses: [404, 409, 413, 415],
      }),
      control('workers.change'),
      path(one),
      body(change),
      async (c) => {
        const { id } = c.req.valid('param')
        const { options, persist } = c.req.valid('json')
        drover.worker(id)
        await drover.update(id, changesOf(options, modules), { persist, mergeInput: true })
        return c.json(presentWorker(drover.view.worker(id) as WorkerStatus))
      },
    )
    .delete(
      '/workers/:id',
      operation({
        id: 'removeWorker',
        tag: 'Workers',
        summary: 'Stops a worker and removes it',
        more: 'It finishes its tasks in hand first, for at most `drainMs` (ms; by default its own). Its results and its undone tasks stay in the store: a worker that is added for the same lane continues. `persist`: whether it stays away in each later system on the store.',
        answers: { 200: removed },
        refuses: [404, 409],
      }),
      control('workers.remove'),
      path(one),
      query(removal),
      async (c) => {
        const { id } = c.req.valid('param')
        const { drainMs, persist } = c.req.valid('query')
        drover.worker(id)
        await drover.remove(id, { persist: persist === 'true', ...given({ drainMs }) })
        return c.json({ id })
      },
    )
}

/** @throws DroverError ARGUMENT_INVALID if the module is not one of those that the server names */
function changesOf(options: v.InferOutput<typeof optionsSchema>, modules: ReadonlyMap<string, string>): object {
  const { input, module, ...rest } = options
  return {
    ...(withDefaults(rest) as object),
    ...('input' in options && { input: input === null ? undefined : input }),
    ...('module' in options && { module: allowed(module, modules) }),
  }
}

/** Nothing is looked up for a text that is not allowed: no answer tells which files there are. */
function allowed(module: unknown, modules: ReadonlyMap<string, string>): string {
  const href = typeof module === 'string' ? modules.get(module) : undefined
  if (href !== undefined) return href
  const names = [...modules.keys()].join(', ')
  throw argumentError('options.module', names ? `one of ${names}` : 'left out: the option modules of the status server names none', module)
}

/** JSON has no undefined: null stands for the default. */
function withDefaults(value: unknown): unknown {
  if (value === null) return undefined
  if (!isRecord(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, withDefaults(each)]))
}
