/** What was done, by time, summed over workers. */
import type Database from 'better-sqlite3'
import type { EngineReply, EngineRequest } from '../../contract/engine.js'
import { historySteps } from '../../contract/history-steps.js'
import type { HistoryRow } from '../../contract/reads.js'
import type { LaneFilter } from '../../contract/registry.js'
import { allOf, isWorker } from './paging.js'

interface Span {
  first: number
  last: number
  /** In minutes. */
  step: number
}

export function historyReads(db: Database.Database): { history: (request: EngineRequest<'history'>) => EngineReply<'history'> } {
  const columns = `minute / CAST(@step AS INTEGER) * CAST(@step AS INTEGER) * ${historySteps.short} AS at, sum(results) AS results, sum(failed) AS failed, sum(dead) AS dead, sum(restarts) AS restarts`
  const span = 'minute >= @first AND minute < @last'
  const selectAll = db.prepare<[Span], HistoryRow>(`SELECT ${columns} FROM history WHERE ${span} GROUP BY 1 ORDER BY 1`)
  const selectSome = db.prepare<[Span & Record<keyof LaneFilter, string | null>], HistoryRow>(
    `SELECT ${columns} FROM history WHERE ${span} AND worker IN (
       SELECT w.id FROM worker w LEFT JOIN lane l ON l.id = w.lane LEFT JOIN dataset d ON d.id = l.dataset
       WHERE (@dataset IS NULL OR d.name = @dataset) AND (@annotator IS NULL OR l.annotator = @annotator)
         AND (@domain IS NULL OR l.domain = @domain) AND (@worker IS NULL OR ${isWorker('w.name')}))
     GROUP BY 1 ORDER BY 1`,
  )

  return {
    history({ filter, from, until, stepMs }) {
      const { short } = historySteps
      const of = { first: Math.floor(from / short), last: Math.ceil(until / short), step: stepMs / short }
      const isWhole = Object.values(filter).every((part) => part === undefined)
      return { rows: isWhole ? selectAll.all(of) : selectSome.all({ ...of, ...allOf(filter) }) }
    },
  }
}
