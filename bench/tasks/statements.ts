/**
 * The least SQL that claims and commits in drover's tables: no fences to check, no receipts for repeats, no attempts that fail. What
 * the engine contract costs is the difference.
 */
import { openDatabase } from '../../src/store/sqlite/open.js'
import { labelOf } from './items.js'

/** One lane: takes a turn, answers how many tasks it finished in it. */
export type Turn = () => number

export function bareStatements(file: string, lanes: number, batch: number): Turn[] {
  const db = openDatabase(file, 'power')
  const select = db
    .prepare<[number, number], [id: number, key: string, data: string]>(
      'SELECT id, key, data FROM item WHERE dataset = 1 AND priority = 0 AND id > ? ORDER BY id LIMIT ?',
    )
    .raw()
  const lease = db.prepare(
    `INSERT INTO lease (lane, token, item, fence, attempt, failures, crashes, interrupted)
     SELECT ?, id, id, 1, 1, 0, 0, 0 FROM item WHERE dataset = 1 AND priority = 0 AND id > ? AND id <= ? ORDER BY id`,
  )
  const store = db.prepare('INSERT INTO result (lane, item, value, attempt, worker, committed_at) VALUES (?, ?, ?, 1, ?, ?)')
  const unlease = db.prepare('DELETE FROM lease WHERE lane = ? AND token BETWEEN ? AND ?')
  const count = db.prepare('UPDATE lane SET done = done + ?, leased = ? WHERE id = ?')

  return Array.from({ length: lanes }, (_, index) => {
    const lane = index + 1
    let held: { id: number; value: string }[] = []
    let cursor = 0
    const turn = db.transaction(() => {
      const now = Date.now()
      for (const { id, value } of held) store.run(lane, id, value, lane, now)
      if (held.length > 0) unlease.run(lane, held[0]?.id, held.at(-1)?.id)
      const rows = select.all(cursor, batch)
      const last = rows.at(-1)?.[0] ?? cursor
      if (rows.length > 0) lease.run(lane, cursor, last)
      count.run(held.length, rows.length, lane)
      cursor = last
      return rows
    })
    return () => {
      const rows = turn.immediate()
      const done = held.length
      held = rows.map(([id, , data]) => ({ id, value: labelOf(data) }))
      return done
    }
  })
}
