/** Results that were set aside: of one task by pages, and as attempts of it. */
import type Database from 'better-sqlite3'
import type { ErrorRecord } from '../../../errors.js'
import type { EngineReply, EngineRequest } from '../../contract/engine.js'
import type { StoredPastResult, TaskAttempt } from '../../contract/single-tasks.js'
import { checkJson } from '../check-rows.js'
import { found } from '../sqlite-errors.js'
import { checkLanes, lanesMatching, positionOf, Room } from './paging.js'

/** As many as other attempts of a task are remembered. */
const toldAsAttempts = 20

type Stored = Omit<StoredPastResult, 'annotator' | 'domain'> & { seq: number }

interface PastResultReads {
  pastResults(request: EngineRequest<'pastResults'>): EngineReply<'pastResults'>
  countOf(lane: number, item: number): number
  /** The latest, as attempts. */
  attemptsOf(lane: number, item: number): Omit<TaskAttempt, 'annotator' | 'domain'>[]
}

export function pastResultReads(db: Database.Database): PastResultReads {
  const selectItem = db
    .prepare<[string, string], number>('SELECT i.id FROM item i JOIN dataset d ON d.id = i.dataset WHERE d.name = ? AND i.key = ?')
    .pluck()
  const select = db.prepare<[lane: number, item: number, before: number, limit: number], Stored>(
    `SELECT p.seq, p.value, p.attempt, w.name AS worker, p.committed_at AS committedAt, p.set_aside_at AS setAsideAt
     FROM past_result p LEFT JOIN worker w ON w.id = p.worker WHERE p.lane = ? AND p.item = ? AND p.seq < ? ORDER BY p.seq DESC LIMIT ?`,
  )
  const count = db.prepare<[number, number], number>('SELECT count(*) FROM past_result WHERE lane = ? AND item = ?').pluck()

  function checked({ seq, ...row }: Stored, item: number): Omit<Stored, 'seq'> {
    found(row.worker, `the worker that made the past result ${seq} of item ${item}`)
    checkJson(row.value, `the past result ${seq} of item ${item}`)
    return row
  }

  function pastResults({ dataset, key, annotator, domain, ...page }: EngineRequest<'pastResults'>): EngineReply<'pastResults'> {
    const room = new Room(page.limit)
    // The position is the lane and the last seq told.
    const after = positionOf(page.after)
    const rows: StoredPastResult[] = []
    const item = selectItem.get(dataset, key)
    if (item === undefined) return { rows, next: null }
    checkLanes(db)
    const filter = { dataset, ...(annotator !== undefined && { annotator }), ...(domain !== undefined && { domain }) }
    for (const lane of lanesMatching(db, filter)) {
      if (lane.id < after.lane) continue
      const before = lane.id === after.lane ? after.item : Number.MAX_SAFE_INTEGER
      let last = before
      for (const row of room.fill(select.iterate(lane.id, item, before, room.rows))) {
        last = row.seq
        rows.push({ annotator: lane.annotator, domain: lane.domain, ...checked(row, item) })
      }
      if (room.isFull) return { rows, next: `${lane.id}.${last}` }
    }
    return { rows, next: null }
  }

  return {
    pastResults: db.transaction(pastResults),

    countOf: (lane, item) => count.get(lane, item) ?? 0,

    attemptsOf(lane, item) {
      return select.all(lane, item, Number.MAX_SAFE_INTEGER, toldAsAttempts).map((row) => {
        const { value, attempt, worker, committedAt } = checked(row, item)
        return { attempt, worker, outcome: 'done', error: setAside(JSON.parse(value)), at: committedAt }
      })
    },
  }
}

function setAside(value: unknown): ErrorRecord {
  return { name: 'ResultSetAside', message: 'its result was set aside, to be done again', details: { value } }
}
