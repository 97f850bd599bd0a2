/** The old paths of the configuration. It belongs to the application, so they are read-only: drover stores no keys and no prompts. */
import { Hono } from 'hono'
import * as v from 'valibot'
import { errorAnswer } from '../base/errors.js'
import type { Env } from '../base/request-env.js'
import type { StatusContext } from '../base/status-context.js'
import { count } from '../contract/common.js'
import { answerer } from './answer.js'
import { monitoring } from './describe.js'
import { globalSettings, settingsOf } from './summaries.js'

const seedSettings = v.object({
  global: globalSettings,
  /** By annotator and domain. */
  annotators: v.record(v.string(), v.record(v.string(), v.object({ enabled: v.boolean(), target_count: count }))),
})

const seedDatasets = v.object({
  total: count,
  datasets: v.array(v.object({ name: v.string(), total: count })),
})

const refusal =
  'the configuration belongs to the application that runs drover, which stores no keys and no prompts: change it there. Here only GET settings and dataset/info are answered'

export function configRoutes({ drover, options }: StatusContext): Hono<Env> {
  const answer = answerer(options.envelope)
  return new Hono<Env>()
    .get('/settings', monitoring({ id: 'seedSettings', summary: 'The configuration, without secrets', answer: seedSettings }), (c) => {
      const workers = drover.view.declared()
      const annotators: v.InferOutput<typeof seedSettings>['annotators'] = Object.create(null)
      for (const { annotator, domain, enabled, target } of workers) {
        annotators[annotator] ??= Object.create(null) as Record<string, never>
        annotators[annotator][domain] = { enabled, target_count: target }
      }
      return answer(c, { global: settingsOf(workers, options.crashDetectionMinutes), annotators })
    })
    .get('/dataset/info', monitoring({ id: 'seedDatasetInfo', summary: 'The loaded datasets', answer: seedDatasets }), async (c) => {
      const datasets = (await drover.datasets()).map(({ name, items }) => ({ name, total: items }))
      return answer(c, { total: datasets.reduce((sum, { total }) => sum + total, 0), datasets })
    })
    .all('/*', (c) => c.json(errorAnswer('NOT_IMPLEMENTED', refusal), 501))
}
