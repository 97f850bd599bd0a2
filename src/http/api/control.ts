/** Starting, stopping and the like, of one worker, several or all. */
import { Hono } from 'hono'
import * as v from 'valibot'
import { longestTimerMs } from '../../bounds.js'
import type { Env } from '../base/request-env.js'
import { given } from '../base/without-undefined.js'
import { anyText, confirmation, strictly } from '../contract/common.js'
import { controlOutcome, resetOutcome } from '../contract/log.js'
import { assertConfirmed } from './confirm.js'
import { body, operation } from './describe.js'
import { chosenWorkers, selection } from './selection.js'
import type { V1Context } from './v1-context.js'

const drainMs = v.optional(
  v.pipe(
    v.number(),
    v.safeInteger('whole milliseconds'),
    v.minValue(0, 'at least 0'),
    v.maxValue(longestTimerMs, `at most ${longestTimerMs}`),
  ),
)
const workers = strictly(selection)
const drained = strictly({ ...selection, drainMs })
const resets = strictly({ ...selection, data: v.optional(v.boolean(), false), confirmation })
const blacklisted = strictly({ ...selection, drainMs, why: anyText })

const selects =
  'Selects the workers that meet all given conditions; without a condition, all enabled workers. If a named worker does not exist, nothing changes. The answer has an outcome for each worker.'
const described = (id: string, summary: string) =>
  operation({
    id,
    tag: 'Control',
    summary,
    more: selects,
    answers: { 200: v.array(controlOutcome) },
    refuses: [404, 409, 413, 415, 504],
  })

export function controlRoutes({ drover, control }: V1Context) {
  return new Hono<Env>()
    .post('/control/start', described('startWorkers', 'Starts workers'), control('workers.start'), body(workers), async (c) =>
      c.json(await drover.start(chosenWorkers(drover, c.req.valid('json')))),
    )
    .post(
      '/control/stop',
      described(
        'stopWorkers',
        'Lets workers finish their tasks in hand (for at most `drainMs`, by default their own), then ends their threads',
      ),
      control('workers.stop'),
      body(drained),
      async (c) => {
        const { drainMs, ...selected } = c.req.valid('json')
        return c.json(await drover.stop(chosenWorkers(drover, selected), given({ drainMs })))
      },
    )
    .post(
      '/control/pause',
      described('pauseWorkers', 'Lets workers take no new tasks; their threads stay'),
      control('workers.pause'),
      body(workers),
      async (c) => c.json(await drover.pause(chosenWorkers(drover, c.req.valid('json')))),
    )
    .post(
      '/control/resume',
      described('resumeWorkers', 'Lets paused workers take tasks again'),
      control('workers.resume'),
      body(workers),
      async (c) => c.json(await drover.resume(chosenWorkers(drover, c.req.valid('json')))),
    )
    .post(
      '/control/restart',
      described('restartWorkers', 'Stops workers, then starts them'),
      control('workers.restart'),
      body(drained),
      async (c) => {
        const { drainMs, ...selected } = c.req.valid('json')
        const ids = chosenWorkers(drover, selected)
        await drover.stop(ids, given({ drainMs }))
        return c.json(await drover.start(ids))
      },
    )
    .post(
      '/control/reset',
      operation({
        id: 'resetWorkers',
        tag: 'Control',
        summary: 'Forgets failures and lifts blacklistings of workers that are down',
        more: `With \`data\` all results and dead tasks of their lanes are deleted too, which needs the confirmation word. ${selects}`,
        answers: { 200: v.array(resetOutcome) },
        refuses: [404, 409, 413, 415],
      }),
      control('workers.reset'),
      body(resets),
      async (c) => {
        const { data, confirmation, ...selected } = c.req.valid('json')
        if (data) assertConfirmed(confirmation)
        return c.json(await drover.reset(chosenWorkers(drover, selected), { data }))
      },
    )
    .post(
      '/control/blacklist',
      described('blacklistWorkers', 'Gives workers up, until they are reset'),
      control('workers.blacklist'),
      body(blacklisted),
      async (c) => {
        const { drainMs, why, ...selected } = c.req.valid('json')
        return c.json(await drover.blacklist(chosenWorkers(drover, selected), why, given({ drainMs })))
      },
    )
}
