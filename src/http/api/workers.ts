/** Workers as a list, and one worker with its history and failures. */
import { Hono } from 'hono'
import { etag } from 'hono/etag'
import * as v from 'valibot'
import type { WorkerName, WorkerSettings } from '../../actors/system/view.js'
import { type WorkerState, workerStates } from '../../machines/lifecycle/states.js'
import type { Env } from '../base/request-env.js'
import { count, cursor, name, pageOf, queryNumber, wordList } from '../contract/common.js'
import { logRecord } from '../contract/log.js'
import { failure, transition, worker, workerDetail } from '../contract/worker.js'
import { pageAfter } from '../present/page.js'
import { presentWorker, presentWorkerDetail, transitionOf } from '../present/worker.js'
import { cachedOperation, path, query } from './describe.js'
import { logQuery, logsOf } from './logs.js'
import type { V1Context } from './v1-context.js'

const states = Object.keys(workerStates) as WorkerState[]
const listQuery = v.strictObject({
  annotator: v.optional(name),
  domain: v.optional(name),
  dataset: v.optional(name),
  state: v.optional(wordList(states)),
  search: v.optional(name),
  limit: queryNumber(1, 1_000, 100),
  after: v.optional(cursor),
})
type ListQuery = v.InferOutput<typeof listQuery>

const one = v.strictObject({ id: name })
const latest = v.strictObject({ limit: queryNumber(1, 1_000, 100) })
const listOf = (id: string, summary: string, entry: v.GenericSchema) =>
  cachedOperation({ id, tag: 'Workers', summary, answers: { 200: pageOf(entry) }, refuses: [404] })
const workerPage = v.object({ ...pageOf(worker).entries, total: count })

function matches({ annotator, domain, dataset, state, search }: ListQuery, worker: WorkerName): boolean {
  return (
    (annotator === undefined || worker.annotator === annotator) &&
    (domain === undefined || worker.domain === domain) &&
    (dataset === undefined || worker.dataset === dataset) &&
    (state === undefined || state.includes(worker.state)) &&
    (search === undefined || worker.id.toLowerCase().includes(search.toLowerCase()))
  )
}

export function workersRoutes({ drover }: V1Context) {
  return new Hono<Env>()
    .get(
      '/workers',
      cachedOperation({
        id: 'listWorkers',
        tag: 'Workers',
        summary: 'Workers, in the order of the configuration',
        more: '`total` is the number of all matches. `search`: a text within the id, in any letter case.',
        answers: { 200: workerPage },
      }),
      query(listQuery),
      etag({ weak: true }),
      (c) => {
        const asked = c.req.valid('query')
        const matching = drover.view.find((worker) => matches(asked, worker))
        const { items, next } = pageAfter(matching, asked.after, asked.limit, (id) => id)
        const page = Array.from(drover.view.workers(items), (status) => presentWorker(status))
        return c.json({ items: page, next, total: matching.length })
      },
    )
    .get(
      '/workers/:id',
      cachedOperation({
        id: 'getWorker',
        tag: 'Workers',
        summary: 'One worker with its settings, and its latest changes of state (50) and failures (10)',
        answers: { 200: workerDetail },
        refuses: [404],
      }),
      path(one),
      etag({ weak: true }),
      async (c) => {
        const { id } = c.req.valid('param')
        const status = drover.worker(id).status()
        const [history, failures] = await Promise.all([
          drover.history({ worker: id, types: ['worker:state:changed'], limit: 50 }),
          drover.failures({ worker: id, limit: 10 }),
        ])
        return c.json(presentWorkerDetail(status, drover.view.settings(id) as WorkerSettings, drover.tree(), history, failures))
      },
    )
    .get(
      '/workers/:id/history',
      listOf('getWorkerHistory', 'Changes of state of one worker, newest first', transition),
      path(one),
      query(latest),
      etag({ weak: true }),
      async (c) => {
        const { id } = c.req.valid('param')
        drover.worker(id)
        const events = await drover.history({ worker: id, types: ['worker:state:changed'], limit: c.req.valid('query').limit })
        return c.json({ items: events.map(transitionOf), next: null })
      },
    )
    .get(
      '/workers/:id/failures',
      listOf('getWorkerFailures', 'Failures of one worker, newest first', failure),
      path(one),
      query(latest),
      etag({ weak: true }),
      async (c) => {
        const { id } = c.req.valid('param')
        drover.worker(id)
        const failures = await drover.failures({ worker: id, limit: c.req.valid('query').limit })
        return c.json({ items: failures.map((row) => row.failure), next: null })
      },
    )
    .get(
      '/workers/:id/logs',
      listOf('getWorkerLogs', 'The latest log lines of one worker, oldest first', logRecord),
      path(one),
      query(logQuery),
      etag({ weak: true }),
      (c) => c.json(logsOf(drover, { ...c.req.valid('query'), worker: c.req.valid('param').id })),
    )
}
