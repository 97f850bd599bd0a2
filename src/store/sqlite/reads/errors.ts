/** Dead tasks grouped by error, in chunks, so that a lane with a million dead tasks delays no other read. */
import type Database from 'better-sqlite3'
import type { ErrorKind } from '../../../errors.js'
import { ErrorGroups, kindOf } from '../../../failures/error-groups.js'
import type { Time } from '../../contract/basics.js'
import type { EngineReply, EngineRequest } from '../../contract/engine.js'
import { checkRows } from '../check-rows.js'
import { type DeadError, deadError, withDeadError } from '../dead-errors.js'
import { found } from '../sqlite-errors.js'
import { type LaneNames, pageOf, pageSize, positionOf } from './paging.js'

/** Dead tasks of one group and worker. */
type Counted = [error: string, worker: string, count: number, lastAt: Time, item: number, last: number]
type Example = DeadError & { key: string | null }

export interface ErrorReads {
  deadErrors(request: EngineRequest<'deadErrors'>): EngineReply<'deadErrors'>
  /** The ids of the groups with this code that these lanes have. */
  groupsOf(lanes: readonly LaneNames[], code: string): string[]
}

export function errorReads(db: Database.Database): ErrorReads {
  const counted = db
    .prepare<[number, number, Time, number], Counted>(
      `SELECT d.error, coalesce(w.name, ''), count(*), max(d.at), min(d.item), max(d.item)
       FROM (SELECT error, worker, at, item FROM dead WHERE lane = ? AND item > ? AND at < ? ORDER BY item LIMIT ?) d
         LEFT JOIN worker w ON w.id = d.worker GROUP BY d.error, w.name`,
    )
    .raw()
  const selectExample = db.prepare<[number, number], Example>(
    `SELECT i.key, e.error, c.error AS cause FROM dead d LEFT JOIN item i ON i.id = d.item ${withDeadError} WHERE d.lane = ? AND d.item = ?`,
  )
  // Steps from group to group, not row by row.
  const selectGroups = db
    .prepare<{ lane: number }, [error: string, item: number]>(
      `WITH RECURSIVE g(error) AS (SELECT min(error) FROM dead WHERE lane = @lane
         UNION ALL SELECT (SELECT min(error) FROM dead d WHERE d.lane = @lane AND d.error > g.error) FROM g WHERE g.error IS NOT NULL)
       SELECT g.error, (SELECT min(item) FROM dead d WHERE d.lane = @lane AND d.error = g.error) FROM g WHERE g.error IS NOT NULL`,
    )
    .raw()

  /** The group of a task's error, as it was named when the task died. */
  function kindIn(lane: number, item: number, id: string): { kind: ErrorKind; key: string } {
    const row = selectExample.get(lane, item)
    const key = found(row?.key, `item ${item} of lane ${lane}`)
    const kind = kindOf(deadError({ error: row?.error ?? null, cause: row?.cause ?? null }))
    return { kind: id === '' ? kind : { ...kind, id }, key }
  }

  function deadErrors({ filter, before, ...page }: EngineRequest<'deadErrors'>): EngineReply<'deadErrors'> {
    const limit = pageSize(page.limit)
    const after = positionOf(page.after)
    const groups = new ErrorGroups()
    let left = limit
    const until = before ?? Number.MAX_SAFE_INTEGER
    return pageOf(db, { filter, after: page.after }, (lanes) => {
      for (const { id, dataset } of lanes) {
        if (id < after.lane) continue
        const from = id === after.lane ? after.item : 0
        let last = 0
        const begun = left
        for (const [error, worker, count, lastAt, item, end] of counted.all(id, from, until, left)) {
          const { kind, key } = kindIn(id, item, error)
          groups.merge({ ...kind, count, workers: worker === '' ? [] : [worker], lastAt, example: { dataset, key } })
          left -= count
          last = Math.max(last, end)
        }
        if (left > 0 && until === Number.MAX_SAFE_INTEGER) checkRows(db, id, 'dead', from, begun - left)
        if (left === 0) return { rows: groups.list(), next: `${id}.${last}` }
      }
      return { rows: groups.list(), next: null }
    })
  }

  function groupsOf(lanes: readonly LaneNames[], code: string): string[] {
    const ids = new Set<string>()
    const others = new Set<string>()
    for (const { id: lane } of lanes) {
      for (const [id, item] of selectGroups.all({ lane })) {
        if (ids.has(id) || others.has(id)) continue
        if (kindIn(lane, item, id).kind.code === code) ids.add(id)
        else others.add(id)
      }
    }
    return [...ids]
  }

  return { deadErrors: db.transaction(deadErrors), groupsOf }
}
