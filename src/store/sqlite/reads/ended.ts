/** Ended tasks, done or dead, with their items: the newest first, or lane by lane. */
import type Database from 'better-sqlite3'
import type { EngineReply, EngineRequest } from '../../contract/engine.js'
import type { EndedRow } from '../../contract/reads.js'
import { checkRows } from '../check-rows.js'
import { deadError, withDeadError } from '../dead-errors.js'
import { Damage, found } from '../sqlite-errors.js'
import { checkLanes, type LaneNames, lanesMatching, named, pageOf, pageSize, positionOf, Room } from './paging.js'

/** The newest ended tasks in which a text is searched. */
const searchedAtOnce = 20_000
/** Lanes with fewer ended tasks than this are read and sorted. */
const sortedAtOnce = 20_000
/** Longer texts of a page of the newest are cut, in characters. */
const longestText = 20_000

type Row = Omit<EndedRow, 'error' | keyof Omit<LaneNames, 'id'>> & {
  lane: number
  item: number
  error: string | null
  cause: string | null
}
interface Chosen {
  /** JSON array of lanes. */
  lanes: string
  done: 0 | 1
  dead: 0 | 1
}

const order = 'ORDER BY at DESC, lane DESC, item DESC'
const outer = 'ORDER BY k.at DESC, k.lane DESC, k.item DESC'
const chosenLanes = '(SELECT value FROM json_each(@lanes))'

interface Range {
  limit: number
  skip: number
}

/** The newest of any lanes, from the end of an index over time: nothing is sorted. */
const byTime = `SELECT lane, item, committed_at AS at, 1 AS done FROM result INDEXED BY result_time WHERE @done AND +lane IN ${chosenLanes}
  UNION ALL SELECT lane, item, at, 0 FROM dead INDEXED BY dead_time WHERE @dead AND +lane IN ${chosenLanes} ${order}`

/** The newest of lanes with few ended tasks, which the index over time may have far from its end. */
const byLane = `SELECT r.lane, r.item, r.committed_at AS at, 1 AS done FROM json_each(@lanes) l CROSS JOIN result r ON r.lane = l.value WHERE @done
  UNION ALL SELECT d.lane, d.item, d.at, 0 FROM json_each(@lanes) l CROSS JOIN dead d ON d.lane = l.value WHERE @dead ${order}`

/** Long data becomes its text, as a JSON text. */
const cut = (column: string, field: string): string => `CASE WHEN length(${column}) <= ${longestText} THEN ${column}
  WHEN json_valid(${column}) THEN json_quote(substr(coalesce(iif(json_type(${column}) = 'object', ${column} ->> '$.${field}', NULL), ${column}), 1, ${longestText}))
  ELSE json_quote(substr(${column}, 1, ${longestText})) END`

const rowsOf = (from: string, whole: boolean): string => `SELECT k.lane, k.item, k.at, k.done, i.key,
    ${whole ? 'i.data' : cut('i.data', 'text')} AS data,
    ${whole ? 'coalesce(r.value, d.value)' : cut('coalesce(r.value, d.value)', 'response')} AS value,
    iif(json_valid(r.value) AND json_type(r.value) = 'object', substr(r.value ->> '$.label', 1, 200), NULL) AS label,
    coalesce(r.attempt, d.attempt) AS attempt, coalesce(w.name, '') AS worker, d.kind, e.error, c.error AS cause
  FROM (${from}) k LEFT JOIN item i ON i.id = k.item LEFT JOIN result r ON k.done AND r.lane = k.lane AND r.item = k.item
    LEFT JOIN dead d ON NOT k.done AND d.lane = k.lane AND d.item = k.item ${withDeadError}
    LEFT JOIN worker w ON w.id = coalesce(r.worker, d.worker)`

/** The statements of the newest ended tasks. @param keys which there are, the newest first */
function newestOf(db: Database.Database, keys: string) {
  const matching = `SELECT k.* FROM (${keys} LIMIT ${searchedAtOnce}) k JOIN item i ON i.id = k.item
    LEFT JOIN result r ON k.done AND r.lane = k.lane AND r.item = k.item LEFT JOIN dead d ON NOT k.done AND d.lane = k.lane AND d.item = k.item
    WHERE instr(lower(i.key), @search) OR instr(lower(i.data), @search) OR instr(lower(coalesce(r.value, d.value, '')), @search)`
  return {
    latest: db.prepare<[Chosen & Range], Row>(`${rowsOf(`${keys} LIMIT @limit OFFSET @skip`, false)} ${outer}`),
    countMatching: db.prepare<[Chosen & { search: string }], number>(`SELECT count(*) FROM (${matching})`).pluck(),
    matching: db.prepare<[Chosen & Range & { search: string }], Row>(
      `${rowsOf(`${matching} ${outer} LIMIT @limit OFFSET @skip`, false)} ${outer}`,
    ),
  }
}

export function endedReads(db: Database.Database): {
  [Op in 'latestEnded' | 'ended']: (request: EngineRequest<Op>) => EngineReply<Op>
} {
  const newest = { byTime: newestOf(db, byTime), byLane: newestOf(db, byLane) }
  const selectLane = db.prepare<[Chosen & { lane: number; from: number; limit: number }], Row>(
    `${rowsOf(
      `SELECT * FROM (SELECT * FROM (SELECT @lane AS lane, item, committed_at AS at, 1 AS done FROM result WHERE lane = @lane AND item > @from AND @done
         ORDER BY item LIMIT @limit)
       UNION ALL SELECT * FROM (SELECT @lane, item, at, 0 FROM dead WHERE lane = @lane AND item > @from AND @dead ORDER BY item LIMIT @limit))
       WHERE @lanes IS NOT NULL ORDER BY item LIMIT @limit`,
      true,
    )} ORDER BY k.item`,
  )
  const countLanes = db
    .prepare<[Chosen], number>(
      'SELECT coalesce(sum(iif(@done, done, 0) + iif(@dead, dead, 0)), 0) FROM lane WHERE id IN (SELECT value FROM json_each(@lanes))',
    )
    .pluck()

  function lanesOf({ annotators, domains }: EngineRequest<'ended'>['filter'], all = lanesMatching(db, {})): LaneNames[] {
    return all.filter((lane) => (annotators?.includes(lane.annotator) ?? true) && (domains?.includes(lane.domain) ?? true))
  }

  function chosen(lanes: readonly LaneNames[], state: EngineRequest<'ended'>['state']): Chosen {
    return { lanes: JSON.stringify(lanes.map(({ id }) => id)), done: state === 'dead' ? 0 : 1, dead: state === 'done' ? 0 : 1 }
  }

  function rowOf({ item, lane: _, error, cause, ...row }: Row, lane: LaneNames): EndedRow {
    found(row.key, `item ${item} of lane ${lane.id}`)
    found(row.attempt, `the end of item ${item} of lane ${lane.id}`)
    return { ...named(lane), ...row, error: row.done ? null : deadError({ error, cause }) }
  }

  return {
    latestEnded: db.transaction(({ filter, state, search, limit, skip }: EngineRequest<'latestEnded'>) => {
      checkLanes(db)
      const all = lanesMatching(db, {})
      const lanes = lanesOf(filter, all)
      const byId = new Map(lanes.map((lane) => [lane.id, lane]))
      const which = chosen(lanes, state)
      const range = { limit: pageSize(limit), skip }
      const lowered = search?.toLowerCase() ?? ''
      const ended = countLanes.get(which) ?? 0
      const { latest, matching, countMatching } = newest[lanes.length < all.length && ended <= sortedAtOnce ? 'byLane' : 'byTime']
      const rows = lowered === '' ? latest.all({ ...which, ...range }) : matching.all({ ...which, ...range, search: lowered })
      const total = lowered === '' ? ended : (countMatching.get({ ...which, search: lowered }) ?? 0)
      // Of what is searched for there is no second record.
      if (lowered === '' && rows.length !== Math.max(0, Math.min(range.limit, total - skip)))
        throw new Damage(`these lanes should have ${total} results and dead tasks, but others are there`)
      return { rows: rows.map((row) => rowOf(row, byId.get(row.lane) as LaneNames)), total }
    }),

    ended: db.transaction(({ filter, state, after, limit }: EngineRequest<'ended'>) => {
      const room = new Room(limit)
      const from = positionOf(after)
      return pageOf(db, { filter: {}, after }, () => {
        const rows: EndedRow[] = []
        let last = ''
        for (const lane of lanesOf(filter)) {
          if (lane.id < from.lane) continue
          const which = chosen([lane], state)
          const range = { lane: lane.id, from: lane.id === from.lane ? from.item : 0, limit: room.rows }
          const read = { result: 0, dead: 0 }
          for (const row of room.fill(selectLane.iterate({ ...which, ...range }))) {
            rows.push(rowOf(row, lane))
            read[row.done ? 'result' : 'dead']++
            last = `${lane.id}.${row.item}`
          }
          if (room.isFull) return { rows, next: last }
          if (which.done) checkRows(db, lane.id, 'result', range.from, read.result)
          if (which.dead) checkRows(db, lane.id, 'dead', range.from, read.dead)
        }
        return { rows, next: null }
      })
    }),
  }
}
