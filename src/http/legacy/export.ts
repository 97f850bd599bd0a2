/** The old paths of exports: streamed as fast as they are read, never all at once in memory. */
import { Hono } from 'hono'
import * as v from 'valibot'
import type { Env } from '../base/request-env.js'
import type { StatusContext } from '../base/status-context.js'
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
        // An early failure gets its proper status.
        const first = await rows.next()
        const all = annotations(first, rows)
        const pieces =
          format === 'jsonl'
            ? jsonLines(all)
            : format === 'csv'
              ? csv(all)
              : format === 'json'
                ? jsonArray(all)
                : workbook(all, statisticsOf(drover.status().workers))
        const headers = { 'content-type': types[format], 'content-disposition': `attachment; filename="annotations.${format}"` }
        return c.body(streamOf(pieces), 200, { ...headers, 'cache-control': 'no-store' })
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

type Rows = ReturnType<StatusContext['drover']['tasks']['ended']>

async function* annotations(first: Awaited<ReturnType<Rows['next']>>, rows: Rows): AsyncGenerator<Annotation, void, void> {
  try {
    for (let row = first; !row.done; row = await rows.next()) yield presentAnnotation(row.value)
  } finally {
    await rows.return()
  }
}

/** Approximate length of a piece, in bytes. */
const pieceLength = 65_536

/** Nothing is made before it is asked for; a client that leaves ends the reading. */
function streamOf(pieces: AsyncGenerator<string | Uint8Array, void, void>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const made: Uint8Array[] = []
        let length = 0
        while (length < pieceLength) {
          const next = await pieces.next()
          if (next.done) {
            if (length > 0) controller.enqueue(Buffer.concat(made))
            controller.close()
            return
          }
          const piece = typeof next.value === 'string' ? encoder.encode(next.value) : next.value
          made.push(piece)
          length += piece.length
        }
        controller.enqueue(Buffer.concat(made))
      },
      async cancel() {
        await pieces.return()
      },
    },
    { highWaterMark: 0 },
  )
}
