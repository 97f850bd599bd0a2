/** What was done over the last hour or day. */
import { Hono } from 'hono'
import * as v from 'valibot'
import type { Env } from '../base/request-env.js'
import { given } from '../base/without-undefined.js'
import { laneEntries, queryNumber } from '../contract/common.js'
import { workHistory } from '../contract/work-history.js'
import { clientGone } from './client-gone.js'
import { operation, query } from './describe.js'
import type { V1Context } from './v1-context.js'

const asked = v.strictObject({ ...laneEntries, lastMs: queryNumber(60_000, 86_400_000, 3_600_000) })

export function workHistoryRoutes({ drover }: V1Context) {
  return new Hono<Env>().get(
    '/work-history',
    operation({
      id: 'getWorkHistory',
      tag: 'System',
      summary: 'Results, failed attempts, dead tasks and restarts over the last hour or day',
      more: 'By the minute for at most an hour, else in steps of ten minutes. All hosts on the store together. Kept for a day.',
      answers: { 200: workHistory },
    }),
    query(asked),
    async (c) => c.json(await drover.workHistory({ ...given(c.req.valid('query')), signal: clientGone(c) })),
  )
}
