/** The system as a whole: in numbers, as a tree, and its failures. */
import { Hono } from 'hono'
import { etag } from 'hono/etag'
import * as v from 'valibot'
import type { Env } from '../base/request-env.js'
import { name, pageOf, queryNumber } from '../contract/common.js'
import { health } from '../contract/health.js'
import { treeNode } from '../contract/tree.js'
import { beat, blacklistEntry, failure, overview } from '../contract/worker.js'
import { presentOverview } from '../present/overview.js'
import { presentTree } from '../present/tree.js'
import { presentBeats } from '../present/worker.js'
import { cachedOperation, operation, query } from './describe.js'
import type { V1Context } from './v1-context.js'

const failures = v.strictObject({ worker: v.optional(name), limit: queryNumber(1, 1_000, 100) })
const failureRow = v.object({ worker: v.string(), failure })

export function systemRoutes({ drover, quotas }: V1Context) {
  return new Hono<Env>()
    .get(
      '/overview',
      cachedOperation({ id: 'getOverview', tag: 'System', summary: 'The whole system in numbers', answers: { 200: overview } }),
      etag({ weak: true }),
      async (c) => {
        const { quotas: shown, tally } = await quotas.withTally()
        const { view } = drover
        return c.json(presentOverview(view.sums(tally.totals), tally, view.down(), shown, Date.now()))
      },
    )
    .get(
      '/tree',
      cachedOperation({ id: 'getTree', tag: 'System', summary: 'The supervision tree', answers: { 200: pageOf(treeNode) } }),
      etag({ weak: true }),
      (c) => c.json({ items: presentTree(drover.tree()), next: null }),
    )
    .get(
      '/health',
      operation({
        id: 'getHealth',
        tag: 'System',
        summary: 'Whether the hosts, the store, its disk, the main thread and memory are well',
        more: 'Answers 200 also when something is wrong: `ok` and `troubles` say so. For probes see `/livez` and `/readyz`.',
        answers: { 200: health },
      }),
      async (c) => c.json(await drover.health()),
    )
    .get(
      '/beats',
      operation({
        id: 'getBeats',
        tag: 'System',
        summary: 'Age of the last beat (ms) and heap in use (bytes) of each live thread, by worker',
        answers: { 200: v.record(v.string(), beat) },
      }),
      (c) => c.json(presentBeats(drover.view)),
    )
    .get(
      '/failures',
      cachedOperation({
        id: 'listFailures',
        tag: 'System',
        summary: 'Failures of workers, newest first',
        answers: { 200: pageOf(failureRow) },
      }),
      query(failures),
      etag({ weak: true }),
      async (c) => {
        const { worker, limit } = c.req.valid('query')
        const items = await drover.failures({ limit, ...(worker !== undefined && { worker }) })
        return c.json({ items, next: null })
      },
    )
    .get(
      '/blacklist',
      cachedOperation({
        id: 'listBlacklist',
        tag: 'System',
        summary: 'Blacklisted workers',
        answers: { 200: pageOf(blacklistEntry) },
      }),
      etag({ weak: true }),
      (c) => c.json({ items: drover.blacklisted(), next: null }),
    )
}
