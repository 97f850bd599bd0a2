/** The next tasks of a lane in a listing: by key, by order of loading, or in the order of being handed out. */
import type Database from 'better-sqlite3'
import type { DeadKind, TaskState } from '../../contract/single-tasks.js'
import { found } from '../sqlite-errors.js'
import { numberOf } from './paging.js'

/** A task that may belong to the page. `place`: the position of a page that ends with it. */
interface Candidate {
  item: number
  key: string
  /** Dead tasks only. */
  kind: DeadKind | null
  place: string
}

/** Placed items go before the others of their priority. */
type Turn = [priority: number, placed: 0 | 1, item: number]

type Row = [item: number, key: string, kind: DeadKind | null]

/** @param errors JSON array: only dead tasks whose error is in one of these groups */
export type Candidates = (
  lane: number,
  state: TaskState | undefined,
  after: string | null,
  limit: number,
  errors?: string | null,
) => Candidate[]

export function candidates(db: Database.Database): Candidates {
  const byItem = (table: string, kind: string): Database.Statement<[number, number, number], Row> =>
    db
      .prepare<[number, number, number], Row>(
        `SELECT s.item, i.key, ${kind} FROM ${table} LEFT JOIN item i ON i.id = s.item WHERE s.lane = ? AND s.item > ? ORDER BY s.item LIMIT ?`,
      )
      .raw()
  const ofState = {
    done: byItem('result AS s', 'NULL'),
    dead: byItem('dead AS s', 's.kind'),
    retrying: byItem('retry AS s INDEXED BY retry_item', 'NULL'),
    leased: byItem('lease AS s', 'NULL'),
  }
  const selectByError = db
    .prepare<[string, number, number, number], Row>(
      `SELECT s.item, i.key, s.kind FROM json_each(?) e CROSS JOIN dead s INDEXED BY dead_error ON s.error = e.value LEFT JOIN item i ON i.id = s.item
       WHERE s.lane = ? AND s.item > ? ORDER BY s.item LIMIT ?`,
    )
    .raw()
  const selectByKey = db
    .prepare<[number, string, number], Row>('SELECT id, key, NULL FROM item WHERE dataset = ? AND key > ? ORDER BY key LIMIT ?')
    .raw()
  const selectFirstByKey = db.prepare<[number, number], Row>('SELECT id, key, NULL FROM item WHERE dataset = ? ORDER BY key LIMIT ?').raw()
  const selectLane = db.prepare<[number], [dataset: number, top: number | null]>('SELECT dataset, top FROM lane WHERE id = ?').raw()
  const selectLevel = db
    .prepare<[number, number], [priority: number, last: number]>(
      'SELECT priority, last FROM level WHERE dataset = ? AND priority <= ? ORDER BY priority DESC LIMIT 1',
    )
    .raw()
  const selectCursor = db.prepare<[number, number], number>('SELECT item FROM cursor WHERE lane = ? AND priority = ?').pluck()
  const selectFresh = db
    .prepare<{ lane: number; dataset: number; priority: number; from: number; limit: number }, [item: number, key: string]>(
      `SELECT id, key FROM item i WHERE dataset = @dataset AND priority = @priority AND id > @from
         AND NOT EXISTS (SELECT 1 FROM skip s WHERE s.lane = @lane AND s.priority = @priority AND s.item = i.id) ORDER BY id LIMIT @limit`,
    )
    .raw()
  const selectPlaced = db
    .prepare<{ lane: number; rank: number; item: number; limit: number }, [item: number, key: string, rank: number]>(
      `SELECT p.item, i.key, p.rank FROM placed p JOIN item i ON i.id = p.item
       WHERE p.lane = @lane AND (p.rank, p.item) > (@rank, @item) ORDER BY p.rank, p.item LIMIT @limit`,
    )
    .raw()

  function allByKey(lane: number, after: string | null, limit: number): Candidate[] {
    const dataset = selectLane.get(lane)?.[0] ?? 0
    const rows = after === null ? selectFirstByKey.all(dataset, limit) : selectByKey.all(dataset, after, limit)
    return rows.map(([item, key, kind]) => ({ item, key, kind, place: key }))
  }

  function waiting(lane: number, after: string | null, limit: number): Candidate[] {
    const turn = after === null ? null : turnOf(after)
    const all = [...placedAfter(lane, turn, limit), ...freshAfter(lane, turn, limit)]
    all.sort(([a], [b]) => b[0] - a[0] || b[1] - a[1] || a[2] - b[2])
    return all.slice(0, limit).map(([at, key]) => ({ item: at[2], key, kind: null, place: at.join('.') }))
  }

  function placedAfter(lane: number, turn: Turn | null, limit: number): [Turn, string][] {
    const [priority, placed, item] = turn ?? [Number.MAX_SAFE_INTEGER, 1, 0]
    const from = placed === 1 ? item : Number.MAX_SAFE_INTEGER
    const rows = selectPlaced.all({ lane, rank: -priority, item: from, limit })
    return rows.map(([id, key, rank]) => [[-rank, 1, id], key])
  }

  function freshAfter(lane: number, turn: Turn | null, limit: number): [Turn, string][] {
    const [dataset, top] = selectLane.get(lane) ?? [0, null]
    const found: [Turn, string][] = []
    let below = top === null ? null : Math.min(top, turn?.[0] ?? top)
    while (below !== null && found.length < limit) {
      const level = selectLevel.get(dataset, below)
      if (!level) break
      const [priority, last] = level
      const passed = turn && turn[0] === priority && turn[1] === 0 ? turn[2] : 0
      const from = Math.max(selectCursor.get(lane, priority) ?? 0, passed)
      const rows = from < last ? selectFresh.all({ lane, dataset, priority, from, limit: limit - found.length }) : []
      for (const [item, key] of rows) found.push([[priority, 0, item], key])
      below = priority - 1
    }
    return found
  }

  return (lane, state, after, limit, errors = null) => {
    if (state === undefined) return allByKey(lane, after, limit)
    if (state === 'waiting') return waiting(lane, after, limit)
    const from = after === null ? 0 : numberOf(after, after)
    const rows = errors === null ? ofState[state].all(lane, from, limit) : selectByError.all(errors, lane, from, limit)
    return rows.map(([item, key, kind]) => ({ item, key: found(key, `item ${item} of lane ${lane}`), kind, place: String(item) }))
  }
}

function turnOf(after: string): Turn {
  const [priority = '', placed = '', item = ''] = after.split('.')
  return [numberOf(priority, after), numberOf(placed, after) === 1 ? 1 : 0, numberOf(item, after)]
}
