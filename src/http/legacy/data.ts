/** The old paths of annotations: pages of them, the newest first, one of them, their number, and doing one again. */
import { type Context, Hono } from 'hono'
import * as v from 'valibot'
import { longestKey } from '../../bounds.js'
import { DroverError } from '../../errors.js'
import { collected, piecewise } from '../../time/turns.js'
import { refuse } from '../base/errors.js'
import type { Env } from '../base/request-env.js'
import type { StatusContext } from '../base/status-context.js'
import { count, name, queryNumber } from '../contract/common.js'
import { annotation, presentAnnotation } from './annotations.js'
import { answerer } from './answer.js'
import * as contract from './contract.js'
import { controlling, monitoring, path, query } from './describe.js'
import { annotatorIdOf } from './present.js'
import { seedStatistics, statisticsOf } from './statistics.js'

/** Pages beyond this row are refused: to reach them, all rows before are sorted. */
const furthest = 10_000_000

/** Several names, joined by commas. */
const names = v.pipe(
  v.string(),
  v.transform((text) => text.split(',').flatMap((name) => name.trim() || [])),
)
const yes = v.pipe(
  v.picklist(['true', 'false', '1', '0', '']),
  v.transform((text) => text === 'true' || text === '1'),
)
export const filterEntries = {
  annotator_ids: v.optional(names),
  domains: v.optional(names),
  malformed_only: v.optional(yes, 'false'),
  completed_only: v.optional(yes, 'false'),
}
const pageQuery = v.object({
  ...filterEntries,
  search_text: v.optional(v.pipe(v.string(), v.maxLength(longestKey))),
  page: queryNumber(1, furthest, 1),
  page_size: queryNumber(10, 500, 50),
})
const laneQuery = v.object({ limit: queryNumber(1, 1_000, 100) })
const onePath = v.object({ ...contract.onePath.entries, sample_id: name })

const laneOfAnnotations = v.object({
  annotator_id: contract.annotatorId,
  domain: v.string(),
  annotations: v.array(annotation),
  total: count,
})
const page = v.object({
  items: v.array(annotation),
  total: count,
  page: count,
  page_size: count,
  total_pages: count,
  has_next: v.boolean(),
  has_prev: v.boolean(),
})
const retried = v.object({
  annotator_id: contract.annotatorId,
  domain: v.string(),
  sample_id: v.string(),
  status: v.string(),
  message: v.string(),
})

/** What an old client's filter means: both words together leave nothing out. */
export function endedOf({
  annotator_ids,
  domains,
  malformed_only,
  completed_only,
}: v.InferOutput<v.ObjectSchema<typeof filterEntries, undefined>>) {
  const filter = {
    ...(annotator_ids && annotator_ids.length > 0 && { annotators: annotator_ids }),
    ...(domains && domains.length > 0 && { domains }),
  }
  const state = malformed_only === completed_only ? null : malformed_only ? ('dead' as const) : ('done' as const)
  return { filter, state }
}

export function dataRoutes({ drover, control, options }: StatusContext): Hono<Env> {
  const answer = answerer(options.envelope)

  /** The task of a sample in a lane; of several datasets, the first that has it. */
  async function taskOf(annotator: string, domain: string, key: string) {
    for (const { name } of await drover.datasets()) {
      const detail = await drover.tasks.get(name, key)
      const task = detail?.tasks.find((each) => each.annotator === annotator && each.domain === domain)
      if (detail && task) return { detail, task }
    }
    throw refuse('NOT_FOUND', 'there is no such sample')
  }

  async function one(c: Context, annotator: string, domain: string, key: string): Promise<Response> {
    const { detail, task } = await taskOf(annotator, domain, key)
    if (task.state !== 'done' && task.state !== 'dead') throw refuse('NOT_FOUND', `this sample has no annotation yet: it is ${task.state}`)
    const { dataset, worker, attempts: attempt, at, kind, error } = task
    const isDone = task.state === 'done'
    const value = isDone ? JSON.stringify(task.result) : null
    const row = { key, dataset, annotator, domain, worker: worker ?? '', done: isDone ? (1 as const) : (0 as const), kind, error, attempt }
    return answer(c, presentAnnotation({ ...row, data: JSON.stringify(detail.data), value, label: null, at: at ?? 0 }))
  }

  return new Hono<Env>()
    .get(
      '/annotations',
      monitoring({ id: 'seedAnnotations', summary: 'Results and dead tasks, the newest first; long texts are cut', answer: page }),
      query(pageQuery),
      async (c) => {
        const { search_text: search, page: number, page_size: size, ...rest } = c.req.valid('query')
        const skip = (number - 1) * size
        if (skip > furthest) throw refuse('VALIDATION_FAILED', `page: at most row ${furthest}`)
        const { rows, total } = await drover.tasks.latestEnded(
          { ...endedOf(rest), ...(search && { search }), limit: size, skip },
          c.req.raw.signal,
        )
        const pages = Math.ceil(total / size)
        const place = { total, page: number, page_size: size, total_pages: pages, has_next: number < pages, has_prev: number > 1 }
        return answer(c, { items: rows.map(presentAnnotation), ...place })
      },
    )
    .get(
      '/annotations/:annotator_id/:domain',
      monitoring({ id: 'seedLaneAnnotations', summary: 'The newest annotations of one worker', answer: laneOfAnnotations }),
      path(contract.onePath),
      query(laneQuery),
      async (c) => {
        const { annotator_id: annotator, domain } = c.req.valid('param')
        const { limit } = c.req.valid('query')
        const filter = { annotators: [annotator], domains: [domain] }
        const { rows, total } = await drover.tasks.latestEnded({ filter, state: null, limit, skip: 0 }, c.req.raw.signal)
        const isKnown = total > 0 || drover.view.find((worker) => worker.annotator === annotator && worker.domain === domain).length > 0
        if (!isKnown) throw new DroverError('WORKER_UNKNOWN', `no worker matches ${JSON.stringify({ annotator, domain })}`)
        return answer(c, { annotator_id: annotatorIdOf(annotator), domain, annotations: rows.map(presentAnnotation), total })
      },
    )
    .get(
      '/annotations/:annotator_id/:domain/:sample_id',
      monitoring({ id: 'seedAnnotation', summary: 'One annotation, whole', answer: annotation }),
      path(onePath),
      (c) => {
        const { annotator_id: annotator, domain, sample_id } = c.req.valid('param')
        return one(c, annotator, domain, sample_id)
      },
    )
    .get(
      '/statistics',
      monitoring({ id: 'seedStatistics', summary: 'How many annotations there are, from counts', answer: seedStatistics }),
      async (c) => answer(c, statisticsOf(await piecewise(collected(drover.view.glances())))),
    )
    .post(
      '/retry/:annotator_id/:domain/:sample_id',
      controlling({ id: 'seedRetry', summary: 'Do one task again; an old result stays among its attempts', answer: retried }),
      path(onePath),
      control('tasks.redo'),
      async (c) => {
        const { annotator_id: annotator, domain, sample_id } = c.req.valid('param')
        const { task } = await taskOf(annotator, domain, sample_id)
        const lane = { dataset: task.dataset, annotator, domain, keys: [sample_id] }
        if (task.state === 'done') await drover.tasks.redo(lane)
        else if (task.state === 'dead') await drover.redrive(lane)
        else await drover.tasks.retry(lane)
        const message = task.state === 'leased' ? 'it is being done' : 'it will be done again when its worker runs'
        return answer(c, { annotator_id: annotatorIdOf(annotator), domain, sample_id, status: 'queued', message }, message)
      },
    )
}
