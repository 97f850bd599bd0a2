/** Dead tasks grouped by error, in chunks, so that a lane with a million dead tasks delays no other read. */
import type Database from 'better-sqlite3'
import type { ErrorKind } from '../../../errors.js'
import { ErrorGroups, kindOf } from '../../../failures/error-groups.js'
import type { Time } from '../../contract/basics.js'
import type { EngineReply, EngineRequest } from '../../contract/engine.js'
import { checkRows } from '../check-rows.js'
import { deadError, withDeadError } from '../dead-errors.js'
import { found } from '../sqlite-errors.js'
import { pageOf, pageSize, positionOf } from './paging.js'

type DeadRow = [item: number, key: string, worker: string, error: string | null, cause: string | null, at: Time]

/** Cache of parsed texts, because errors of one cause mostly have the same text. */
const knownTexts = 1_000

export function errorReads(db: Database.Database): { deadErrors: (request: EngineRequest<'deadErrors'>) => EngineReply<'deadErrors'> } {
  const selectDead = db
    .prepare<[number, number, Time, number], DeadRow>(
      `SELECT d.item, i.key, coalesce(w.name, ''), e.error, c.error, d.at FROM dead d LEFT JOIN item i ON i.id = d.item
       LEFT JOIN worker w ON w.id = d.worker ${withDeadError} WHERE d.lane = ? AND d.item > ? AND d.at < ? ORDER BY d.item LIMIT ?`,
    )
    .raw()

  function deadErrors({ filter, before, ...page }: EngineRequest<'deadErrors'>): EngineReply<'deadErrors'> {
    const limit = pageSize(page.limit)
    const after = positionOf(page.after)
    const groups = new ErrorGroups()
    const kinds = new Map<string, ErrorKind>()
    let left = limit
    const until = before ?? Number.MAX_SAFE_INTEGER
    return pageOf(db, { filter, after: page.after }, (lanes) => {
      for (const { id, dataset } of lanes) {
        if (id < after.lane) continue
        const from = id === after.lane ? after.item : 0
        let last = 0
        const begun = left
        for (const [item, key, worker, error, cause, at] of selectDead.iterate(id, from, until, left)) {
          const text = cause === null ? `${error}` : `${error}${cause}`
          const kind = kinds.get(text) ?? kindOf(deadError({ error, cause }))
          if (kinds.size < knownTexts) kinds.set(text, kind)
          groups.addKind(kind, { worker, at, example: { dataset, key: found(key, `item ${item} of lane ${id}`) } })
          left--
          last = item
        }
        if (left > 0 && until === Number.MAX_SAFE_INTEGER) checkRows(db, id, 'dead', from, begun - left)
        if (left === 0) return { rows: groups.list(), next: `${id}.${last}` }
      }
      return { rows: groups.list(), next: null }
    })
  }

  return { deadErrors: db.transaction(deadErrors) }
}
