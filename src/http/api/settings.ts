/** Settings that can be changed while the system runs. */
import { Hono } from 'hono'
import { etag } from 'hono/etag'
import * as v from 'valibot'
import { DroverError } from '../../errors.js'
import type { Env } from '../base/request-env.js'
import { pageOf, strictly } from '../contract/common.js'
import { settings } from '../contract/log.js'
import { worker } from '../contract/worker.js'
import { presentWorker } from '../present/worker.js'
import { body, cachedOperation, operation } from './describe.js'
import { chosenWorkers, selection } from './selection.js'
import type { V1Context } from './v1-context.js'

const slots = v.pipe(v.number(), v.safeInteger('a whole number'), v.minValue(1, 'at least 1'))
const changes = strictly({
  concurrency: v.optional(slots),
  groups: v.optional(v.record(v.string(), slots)),
  logLevel: v.optional(settings.entries.logLevel),
})
const target = strictly({
  selector: v.optional(strictly(selection), {}),
  target: v.nullable(v.pipe(v.number(), v.safeInteger('a whole number'), v.minValue(0, 'at least 0'))),
})

export function settingsRoutes({ drover, control }: V1Context) {
  return new Hono<Env>()
    .get(
      '/settings',
      cachedOperation({ id: 'getSettings', tag: 'Settings', summary: 'The current settings', answers: { 200: settings } }),
      etag({ weak: true }),
      (c) => c.json(drover.settings()),
    )
    .patch(
      '/settings',
      operation({
        id: 'changeSettings',
        tag: 'Settings',
        summary: 'Changes settings: all given ones or none',
        more: 'After a raise of a limit, waiting workers start at once. After a cut, workers of the lowest priority finish their tasks in hand and queue again.',
        answers: { 200: settings },
        refuses: [413, 415],
      }),
      control('settings.change'),
      body(changes),
      (c) => {
        const { concurrency, groups = {}, logLevel } = c.req.valid('json')
        const known = Object.keys(drover.settings().groups)
        for (const group of Object.keys(groups)) {
          if (known.includes(group)) continue
          throw new DroverError('ARGUMENT_INVALID', `groups: there is no such group; there is ${known.join(', ') || 'none'}`)
        }
        if (concurrency !== undefined) drover.setConcurrency(concurrency)
        for (const [group, limit] of Object.entries(groups)) drover.setConcurrency(limit, group)
        if (logLevel !== undefined) drover.setLogLevel(logLevel)
        return c.json(drover.settings())
      },
    )
    .post(
      '/targets',
      operation({
        id: 'setTargets',
        tag: 'Settings',
        summary: 'Sets how many results each lane should have',
        more: '`target`: 0 or more; null: one for every item. `selector` has the conditions of a control call. After a raise, completed workers continue. Answers with the workers concerned.',
        answers: { 200: pageOf(worker) },
        refuses: [404, 413, 415],
      }),
      control('targets.set'),
      body(target),
      async (c) => {
        const asked = c.req.valid('json')
        const ids = chosenWorkers(drover, asked.selector)
        await drover.setTarget(ids, asked.target)
        return c.json({ items: Array.from(drover.view.workers(ids), (status) => presentWorker(status)), next: null })
      },
    )
}
