/** Datasets and results: streamed, in pages, and counted by label. */
import { Hono } from 'hono'
import { etag } from 'hono/etag'
import * as v from 'valibot'
import type { Env } from '../base/request-env.js'
import { given } from '../base/without-undefined.js'
import { anyText, laneEntries, name, pageOf, queryNumber, wholeText } from '../contract/common.js'
import { dataset, labelReport, type Result, result } from '../contract/task.js'
import { clientGone } from './client-gone.js'
import { cachedOperation, operation, query } from './describe.js'
import { asJson, jsonLines } from './json-lines.js'
import { rowRange } from './row-range.js'
import type { V1Context } from './v1-context.js'

const sampleQuery = v.strictObject({
  ...laneEntries,
  limit: queryNumber(1, 1_000, 50),
  after: v.optional(wholeText(0, Number.MAX_SAFE_INTEGER)),
})
const labelQuery = v.strictObject({
  dataset: v.optional(name),
  domain: v.optional(name),
  path: v.optional(anyText),
  items: queryNumber(1, Number.MAX_SAFE_INTEGER, 100_000),
})
/** Length at which a page ends early, in characters. */
const longestPage = 4_000_000
const lines = (description: string) => ({ description, content: { 'application/jsonl': { schema: result } } })

export function resultsRoutes({ drover }: V1Context) {
  return new Hono<Env>()
    .get(
      '/datasets',
      cachedOperation({
        id: 'listDatasets',
        tag: 'Results',
        summary: 'Datasets, and the progress of their lanes',
        answers: { 200: pageOf(dataset) },
      }),
      etag({ weak: true }),
      async (c) => c.json({ items: await drover.datasets(), next: null }),
    )
    .get(
      '/results',
      operation({
        id: 'streamResults',
        tag: 'Results',
        summary: 'All results that match, as JSON lines',
        more: 'One result on each line, lane by lane, in order of loading. With `Range: rows=0-99` only these rows, counted from 0; fewer rows mean that the end is reached.',
        answers: { 200: lines('One result on each line'), 206: lines('The results of the range, one on each line') },
        refuses: [416],
        headers: { Range: '`rows=0-99`, or `rows=100-` for all rows from 100 on' },
      }),
      query(v.strictObject(laneEntries)),
      async (c) => {
        const range = rowRange(c.req.header('range'))
        const rows = drover.results({
          ...given(c.req.valid('query')),
          ...(range && { skip: range.skip, ...given({ limit: range.limit }) }),
          signal: clientGone(c),
        })
        const headers = { 'accept-ranges': 'rows', 'content-disposition': 'attachment; filename="results.jsonl"' }
        if (!range) return jsonLines(c, rows, 200, headers)
        const last = range.limit === undefined ? '' : range.skip + range.limit - 1
        return jsonLines(c, rows, 206, { ...headers, 'content-range': `rows ${range.skip}-${last}/*` })
      },
    )
    .get(
      '/results/sample',
      cachedOperation({
        id: 'sampleResults',
        tag: 'Results',
        summary: 'A page of results, lane by lane, in order of loading',
        more: 'A page of long results may be short before the end: only `next` shows whether there are more.',
        answers: { 200: pageOf(result) },
      }),
      query(sampleQuery),
      etag({ weak: true }),
      async (c) => {
        const { limit, after: skip = 0, ...filter } = c.req.valid('query')
        const items: Result[] = []
        let length = 0
        let more = false
        for await (const row of drover.results({ ...given(filter), skip, limit: limit + 1, signal: clientGone(c) })) {
          more = items.length === limit || length > longestPage
          if (more) break
          const [item, text] = asJson(row)
          items.push(item)
          length += text.length
        }
        return c.json({ items, next: more ? String(skip + items.length) : null })
      },
    )
    .get(
      '/results/labels',
      cachedOperation({
        id: 'getLabels',
        tag: 'Results',
        summary: 'The distribution of labels, and the agreement of annotators',
        more: '`path`: the JSON path of the label in a result, by default `$.label`; a result that is not an object is itself the label. `items`: how many items of each domain count, the latest loaded ones.',
        answers: { 200: pageOf(labelReport) },
      }),
      query(labelQuery),
      etag({ weak: true }),
      async (c) => c.json({ items: await drover.labels({ ...given(c.req.valid('query')), signal: clientGone(c) }), next: null }),
    )
}
