/** The latest log records. */
import { Hono } from 'hono'
import { etag } from 'hono/etag'
import * as v from 'valibot'
import type { Drover } from '../../drover/drover.js'
import type { Env } from '../base/request-env.js'
import { name, pageOf, queryNumber, wholeText } from '../contract/common.js'
import { type LogRecord, logLevel, logRecord } from '../contract/log.js'
import { cachedOperation, query } from './describe.js'
import type { V1Context } from './v1-context.js'

/** The query of one worker's log. */
export const logQuery = v.strictObject({
  level: v.optional(logLevel, 'debug'),
  limit: queryNumber(1, 1_000, 100),
  after: v.optional(wholeText(0, Number.MAX_SAFE_INTEGER)),
})
const anyLog = v.strictObject({ ...logQuery.entries, worker: v.optional(name), part: v.optional(name) })

/** @throws DroverError WORKER_UNKNOWN */
export function logsOf(
  drover: Drover,
  { worker, part, after, level, limit }: v.InferOutput<typeof anyLog>,
): { items: LogRecord[]; next: null } {
  const status = worker === undefined ? null : drover.worker(worker).status()
  const items = drover.logs({
    level,
    limit,
    ...(after !== undefined && { after }),
    ...(part !== undefined && { part }),
    ...(status && { part: 'worker', annotator: status.annotator, domain: status.domain }),
  })
  return { items, next: null }
}

export function logsRoutes({ drover }: V1Context) {
  return new Hono<Env>().get(
    '/logs',
    cachedOperation({
      id: 'listLogs',
      tag: 'Events and logs',
      summary: 'The latest log records, oldest first',
      more: '`level`: this level and more severe ones. `after`: only records with a higher `seq`; of those, the latest.',
      answers: { 200: pageOf(logRecord) },
      refuses: [404],
    }),
    query(anyLog),
    etag({ weak: true }),
    (c) => c.json(logsOf(drover, c.req.valid('query'))),
  )
}
