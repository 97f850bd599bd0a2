/** Single tasks: list, get, count, retry, redrive, redo, drop, change the priority; dead tasks by error; results that were set aside. */
import { Hono } from 'hono'
import { etag } from 'hono/etag'
import * as v from 'valibot'
import type { DroppableState } from '../../drover/tasks.js'
import { refuse } from '../base/errors.js'
import type { Env } from '../base/request-env.js'
import { given } from '../base/without-undefined.js'
import { anyText, confirmation, count, cursor, laneEntries, name, pageOf, queryNumber, strictly } from '../contract/common.js'
import { deadKind, pastResult, type TaskCount, taskCount, taskDetail, taskPage, taskState } from '../contract/task.js'
import { errorGroup } from '../contract/worker.js'
import { clientGone } from './client-gone.js'
import { assertConfirmed } from './confirm.js'
import { body, cachedOperation, operation, path, query } from './describe.js'
import type { V1Context } from './v1-context.js'

/** `error`: the id of a group of errors; `code`: of such groups. */
const matchEntries = {
  search: v.optional(name),
  prefix: v.optional(name),
  kind: v.optional(deadKind),
  error: v.optional(name),
  code: v.optional(name),
}
const keys = v.pipe(v.array(name), v.minLength(1, 'at least one key'))
const whole = v.pipe(v.number(), v.safeInteger('a whole number'))

const listQuery = v.strictObject({
  ...laneEntries,
  ...matchEntries,
  key: v.optional(name),
  state: v.optional(taskState),
  limit: queryNumber(1, 1_000, 50),
  after: v.optional(cursor),
})
const pastQuery = v.strictObject({
  annotator: v.optional(name),
  domain: v.optional(name),
  limit: queryNumber(1, 1_000, 50),
  after: v.optional(cursor),
})
const chosenEntries = { ...laneEntries, ...matchEntries, keys: v.optional(keys) }
const chosen = strictly(chosenEntries)
const movedEntries = { ...laneEntries, search: matchEntries.search, prefix: matchEntries.prefix, keys: v.optional(keys) }
const moved = strictly(movedEntries)
const redone = strictly({ ...movedEntries, confirmation })
const droppable = v.pipe(v.array(v.picklist(['waiting', 'retrying', 'dead'])), v.minLength(1, 'at least one state'))
const action = v.picklist(['redrive', 'retry', 'redo', 'drop', 'priority'])
const counting = strictly({ ...chosenEntries, action, states: v.optional(droppable) })
const dropped = strictly({
  ...chosenEntries,
  states: v.optional(droppable),
  why: v.optional(anyText, 'dropped by hand'),
  confirmation,
})
const prioritised = strictly({ ...laneEntries, dataset: name, keys, priority: whole })
const counted = v.object({ count })
const conflicts = [413, 415] as const

export function tasksRoutes({ drover, control }: V1Context) {
  return new Hono<Env>()
    .get(
      '/tasks',
      cachedOperation({
        id: 'listTasks',
        tag: 'Tasks',
        summary: 'A page of tasks',
        more: 'Lane by lane: waiting tasks in the order in which they will be handed out, those of another state in order of loading, without `state` by key. With `search` (text within the key), `prefix` (how it begins) or `key` (the whole key) they come key by key, each in all its lanes. `kind`, `error` (the id of a group of `/errors`) and `code` (of such groups) match dead tasks only. All given parts must match. A page before the last may be short, and with `search` or `kind` even empty: only `next` shows whether there are more.',
        answers: { 200: taskPage },
      }),
      query(listQuery),
      etag({ weak: true }),
      async (c) => {
        const { key, ...match } = c.req.valid('query')
        return c.json(await drover.tasks.list({ ...given(match), ...(key !== undefined && { keys: [key] }), signal: clientGone(c) }))
      },
    )
    .get(
      '/errors',
      cachedOperation({
        id: 'listErrors',
        tag: 'Tasks',
        summary: 'Dead tasks grouped by error, the most frequent first',
        more: 'Errors with the same code, the same line of code and the same message, except for numbers, ids and quoted texts, are one group. At most 100 groups: all further errors are counted as `OTHER`.',
        answers: { 200: pageOf(errorGroup) },
      }),
      query(v.strictObject(laneEntries)),
      etag({ weak: true }),
      async (c) => c.json({ items: await drover.errors({ ...given(c.req.valid('query')), signal: clientGone(c) }), next: null }),
    )
    .get(
      '/tasks/:dataset/:key',
      cachedOperation({
        id: 'getTask',
        tag: 'Tasks',
        summary: 'One item with its task in every lane',
        more: '`attempts`, oldest first: of each lane the latest 20 without a result, the latest 20 whose result was set aside, and the one that made the result.',
        answers: { 200: taskDetail },
        refuses: [404],
      }),
      path(v.strictObject({ dataset: name, key: name })),
      etag({ weak: true }),
      async (c) => {
        const { dataset, key } = c.req.valid('param')
        const detail = await drover.tasks.get(dataset, key)
        if (!detail) throw refuse('NOT_FOUND', 'there is no such item')
        return c.json(detail)
      },
    )
    .get(
      '/tasks/:dataset/:key/past-results',
      cachedOperation({
        id: 'listPastResults',
        tag: 'Tasks',
        summary: 'The results of one item that a redo has set aside',
        more: 'Lane by lane, the latest first. The current result is at `/tasks/{dataset}/{key}`. An item that does not exist has none.',
        answers: { 200: pageOf(pastResult) },
      }),
      path(v.strictObject({ dataset: name, key: name })),
      query(pastQuery),
      etag({ weak: true }),
      async (c) => c.json(await drover.tasks.pastResults({ ...c.req.valid('param'), ...given(c.req.valid('query')) })),
    )
    .post(
      '/tasks/count',
      operation({
        id: 'countTasks',
        tag: 'Tasks',
        summary: 'How many tasks a call would change',
        more: '`action` names the call, and the filter is the one of that call. `retry` may change fewer, because tasks that are due already stay as they are. `states`: how many tasks that match are in each state; `dead` includes `dropped`. Changes nothing.',
        answers: { 200: taskCount },
        refuses: [...conflicts],
      }),
      body(counting),
      async (c) => {
        const { action, states, ...match } = c.req.valid('json')
        const counts = await drover.tasks.count({ ...given(match), signal: clientGone(c) })
        return c.json({ count: countedBy(action, counts, states), states: counts })
      },
    )
    .post(
      '/tasks/retry',
      operation({
        id: 'retryTasks',
        tag: 'Tasks',
        summary: 'Makes retrying tasks due at once',
        more: 'With an empty filter: those of all lanes. `count`: how many were not yet due.',
        answers: { 200: counted },
        refuses: [...conflicts],
      }),
      control('tasks.retry'),
      body(moved),
      async (c) => c.json({ count: await drover.tasks.retry(given(c.req.valid('json'))) }),
    )
    .post(
      '/tasks/redrive',
      operation({
        id: 'redriveTasks',
        tag: 'Tasks',
        summary: 'Brings dead tasks back',
        more: 'They become `retrying` and are due at once; their attempts count from 0. With an empty filter: those of all lanes.',
        answers: { 200: counted },
        refuses: [...conflicts],
      }),
      control('tasks.redrive'),
      body(chosen),
      async (c) => c.json({ count: await drover.redrive(given(c.req.valid('json'))) }),
    )
    .post(
      '/tasks/redo',
      operation({
        id: 'redoTasks',
        tag: 'Tasks',
        summary: 'Has done tasks done again, for another result',
        more: 'Needs the confirmation word, and a filter. The tasks become `retrying` and are due at once; their attempts count from 0. The old results are kept, see `past-results`; counts, exports and labels no longer have them.',
        answers: { 200: counted },
        refuses: [...conflicts],
      }),
      control('tasks.redo'),
      body(redone),
      async (c) => {
        const { confirmation, ...filter } = c.req.valid('json')
        assertConfirmed(confirmation)
        return c.json({ count: await drover.tasks.redo(given(filter)) })
      },
    )
    .post(
      '/tasks/drop',
      operation({
        id: 'dropTasks',
        tag: 'Tasks',
        summary: 'Gives up waiting, retrying and dead tasks',
        more: 'Needs the confirmation word. `states`: which of the three; with `kind`, `error` or `code` only dead tasks. `why` becomes the message of their error. A redrive brings the tasks back.',
        answers: { 200: counted },
        refuses: [...conflicts],
      }),
      control('tasks.drop'),
      body(dropped),
      async (c) => {
        const { why, confirmation, ...filter } = c.req.valid('json')
        assertConfirmed(confirmation)
        return c.json({ count: await drover.tasks.drop(given(filter), why) })
      },
    )
    .post(
      '/tasks/priority',
      operation({
        id: 'prioritiseTasks',
        tag: 'Tasks',
        summary: 'Changes the priority of waiting and retrying tasks',
        more: 'Higher goes first. With the dataset alone it becomes the priority of the items, also for lanes that are added later; with a lane it holds there until the task begins. `count`: each item and lane counts.',
        answers: { 200: counted },
        refuses: [...conflicts],
      }),
      control('tasks.priority'),
      body(prioritised),
      async (c) => {
        const { priority, ...filter } = c.req.valid('json')
        return c.json({ count: await drover.tasks.prioritise(given(filter), priority) })
      },
    )
}

/** The tasks of the states that an action moves. */
function countedBy(
  of: v.InferOutput<typeof action>,
  counts: TaskCount['states'],
  states: readonly DroppableState[] = ['waiting', 'retrying', 'dead'],
): number {
  const { waiting, retrying, done, dead, dropped } = counts
  const droppable = { waiting, retrying, dead: dead - dropped }
  if (of === 'drop') return states.reduce((sum, state) => sum + droppable[state], 0)
  return { redrive: dead, retry: retrying, redo: done, priority: waiting + retrying }[of]
}
