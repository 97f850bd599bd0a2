/** The old paths of exports: streamed as fast as they are read, never all at once in memory. */
import { Hono } from 'hono'
import * as v from 'valibot'
import type { EndedRow } from '../../store/contract/reads.js'
import type { Env } from '../base/request-env.js'
import type { StatusContext } from '../base/status-context.js'
import { streamed } from '../base/streamed.js'
import { count, queryNumber } from '../contract/common.js'
import { type Annotation, annotation, presentAnnotation } from './annotations.js'
import { answerer } from './answer.js'
import { endedOf, filterEntries } from './data.js'
import { monitoring, query } from './describe.js'
import { csv, jsonArray, jsonLines } from './export-text.js'
import { statisticsOf } from './statistics.js'
import { workbook } from './workbook.js'

const formats = ['jsonl', 'csv', 'json', 'xlsx', 'excel'] as const
const exportQuery = v.object({ ...filterEntries, format: v.optional(v.picklist(formats), 'jsonl') })
const previewQuery = v.object({ ...exportQuery.entries, limit: queryNumber(1, 100, 10) })
const preview = v.object({ format: v.picklist(formats), total: count, items: v.array(annotation) })

const types = {
  jsonl: 'application/jsonl; charset=utf-8',
  csv: 'text/csv; charset=utf-8; header=present',
  json: 'application/json; charset=utf-8',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
}

const texts = { jsonl: jsonLines, csv, json: jsonArray }

/** Read at once. */
const pageRows = 500

export function exportRoutes({ drover, options }: StatusContext): Hono<Env> {
  const answer = answerer(options.envelope)
  return new Hono<Env>()
    .get(
      '/',
      monitoring({
        id: 'seedExport',
        summary: 'Results and dead tasks as a file: jsonl, csv, json, or a workbook (xlsx)',
        answer: v.array(annotation),
        files: [types.jsonl, types.csv, types.xlsx].map((type) => type.replace(/;.*/, '')),
      }),
      query(exportQuery),
      async (c) => {
        const { format: given, ...rest } = c.req.valid('query')
        const format = given === 'excel' ? 'xlsx' : given
        const rows = drover.tasks.ended({ ...endedOf(rest), limit: pageRows }, c.req.raw.signal)
        const headers = { 'content-type': types[format], 'content-disposition': `attachment; filename="annotations.${format}"` }
        const fileOf = (all: Annotations) => (format === 'xlsx' ? workbook(all, statisticsOf(drover.view.glances())) : texts[format](all))
        return streamed(c, rows, (ended) => fileOf(annotations(ended)), 200, headers)
      },
    )
    .get(
      '/preview',
      monitoring({ id: 'seedExportPreview', summary: 'The newest rows of an export, and how many there are', answer: preview }),
      query(previewQuery),
      async (c) => {
        const { format, limit, ...rest } = c.req.valid('query')
        const { rows, total } = await drover.tasks.latestEnded({ ...endedOf(rest), limit, skip: 0 }, c.req.raw.signal)
        return answer(c, { format, total, items: rows.map(presentAnnotation) })
      },
    )
}

type Annotations = AsyncGenerator<Annotation, void, void>

async function* annotations(rows: AsyncGenerator<EndedRow, void, void>): Annotations {
  for await (const row of rows) yield presentAnnotation(row)
}
