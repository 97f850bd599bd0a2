/** CPU profiles of live workers. The latest few are kept in memory. */
import { randomUUID } from 'node:crypto'
import { Hono } from 'hono'
import * as v from 'valibot'
import { longestProfileMs } from '../../bounds.js'
import { refuse } from '../base/errors.js'
import type { Env } from '../base/request-env.js'
import { name, pageOf, strictly } from '../contract/common.js'
import { type Profile, profile } from '../contract/log.js'
import { body, operation, path } from './describe.js'
import type { V1Context } from './v1-context.js'

const kept = 5
const wanted = strictly({
  worker: name,
  ms: v.optional(
    v.pipe(
      v.number(),
      v.safeInteger('whole milliseconds'),
      v.minValue(1, 'at least 1'),
      v.maxValue(longestProfileMs, 'at most ten minutes'),
    ),
    1_000,
  ),
})

export function profilesRoutes({ drover, control }: V1Context) {
  const profiles = new Map<string, { about: Profile; json: string }>()
  return new Hono<Env>()
    .post(
      '/profiles',
      operation({
        id: 'takeProfile',
        tag: 'Profiles',
        summary: 'Takes a CPU profile of a live worker',
        more: `\`ms\`: its length. Answers when the profile is complete. At most one for each worker (409) and four in all (429) at a time. The latest ${kept} are kept, in memory.`,
        answers: { 201: { description: 'Taken', content: { 'application/json': { schema: profile } } } },
        refuses: [404, 409, 413, 415, 429, 504],
      }),
      control('workers.profile'),
      body(wanted),
      async (c) => {
        const { worker, ms } = c.req.valid('json')
        const json = JSON.stringify(await drover.profile(worker, { ms }))
        const about = { id: randomUUID(), worker, at: Date.now(), ms, bytes: Buffer.byteLength(json) }
        profiles.set(about.id, { about, json })
        for (const [oldest] of profiles) if (profiles.size > kept) profiles.delete(oldest)
        return c.json(about, 201)
      },
    )
    .get(
      '/profiles',
      operation({
        id: 'listProfiles',
        tag: 'Profiles',
        summary: 'Profiles, the latest first',
        answers: { 200: pageOf(profile) },
      }),
      (c) => c.json({ items: [...profiles.values()].map(({ about }) => about).reverse(), next: null }),
    )
    .get(
      '/profiles/:id',
      operation({
        id: 'getProfile',
        tag: 'Profiles',
        summary: 'A profile, to be saved as .cpuprofile and opened in DevTools or speedscope',
        answers: { 200: { description: 'The profile', content: { 'application/json': { schema: { type: 'object' } } } } },
        refuses: [404],
      }),
      path(v.strictObject({ id: name })),
      (c) => {
        const found = profiles.get(c.req.valid('param').id)
        if (!found) throw refuse('NOT_FOUND', 'there is no such profile, or it is no longer kept')
        const file = `${found.about.worker.replace(/[^\w.-]/g, '_')}.cpuprofile`
        return c.body(found.json, 200, {
          'content-type': 'application/json',
          'content-disposition': `attachment; filename="${file}"`,
        })
      },
    )
}
