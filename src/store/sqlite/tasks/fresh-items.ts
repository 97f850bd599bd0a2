/**
 * The items that a lane never handed out, in their order: by priority and order of loading, a cursor for each priority. Single items
 * may be taken out of that order, to be dropped or to be placed at another priority; a lane without such items pays nothing for it.
 */
import type { EngineContext } from '../engine-context.js'
import type { Lane } from '../registry/lanes.js'

export type FreshItem = [item: number, key: string, data: string]

/** All items of one priority with ids above `from`, up to `last`. */
export interface Range {
  priority: number
  from: number
  last: number
}

/** Moves fresh items on. `range`: the range that they fill; null: single items. */
export type Move = (items: FreshItem[], range: Range | null) => void

export type Fresh = ReturnType<typeof fresh>

export function fresh({ db }: EngineContext) {
  const selectLevel = db
    .prepare<[number, number], [priority: number, last: number]>(
      'SELECT priority, last FROM level WHERE dataset = ? AND priority <= ? ORDER BY priority DESC LIMIT 1',
    )
    .raw()
  const selectCursor = db.prepare<[number, number], number>('SELECT item FROM cursor WHERE lane = ? AND priority = ?').pluck()
  const updateCursor = db.prepare<[number, number, number]>('INSERT OR REPLACE INTO cursor (lane, priority, item) VALUES (?, ?, ?)')
  const selectFresh = db
    .prepare<[number, number, number, number], FreshItem>(
      'SELECT id, key, data FROM item WHERE dataset = ? AND priority = ? AND id > ? ORDER BY id LIMIT ?',
    )
    .raw()
  const selectUnskipped = db
    .prepare<{ lane: number; dataset: number; priority: number; from: number; want: number }, FreshItem>(
      `SELECT id, key, data FROM item i WHERE dataset = @dataset AND priority = @priority AND id > @from
         AND NOT EXISTS (SELECT 1 FROM skip s WHERE s.lane = @lane AND s.priority = @priority AND s.item = i.id) ORDER BY id LIMIT @want`,
    )
    .raw()
  const insertSkip = db.prepare<[number, number, number]>('INSERT INTO skip (lane, priority, item) VALUES (?, ?, ?) ON CONFLICT DO NOTHING')
  const deleteSkip = db.prepare<[number, number, number]>('DELETE FROM skip WHERE lane = ? AND priority = ? AND item = ?')
  const deletePassed = db.prepare<[number, number, number]>('DELETE FROM skip WHERE lane = ? AND priority = ? AND item <= ?')
  const selectPlaced = db
    .prepare<[number, number, number], FreshItem>(
      `SELECT p.item, i.key, i.data FROM placed p JOIN item i ON i.id = p.item
       WHERE p.lane = ? AND p.rank <= ? ORDER BY p.rank, p.item LIMIT ?`,
    )
    .raw()
  const insertPlaced = db.prepare<[number, number, number]>('INSERT INTO placed (lane, rank, item) VALUES (?, ?, ?)')
  const deletePlaced = db.prepare<[number, number]>('DELETE FROM placed WHERE lane = ? AND item = ?')

  function cursor(lane: Lane, priority: number): number {
    return selectCursor.get(lane.id, priority) ?? 0
  }

  function skip(lane: Lane, priority: number, item: number): boolean {
    if (insertSkip.run(lane.id, priority, item).changes === 0) return false
    lane.skips++
    return true
  }

  /** Placed items of this priority and above. */
  function takePlaced(lane: Lane, priority: number, want: number, move: Move): number {
    const items = selectPlaced.all(lane.id, -priority, want)
    for (const [item] of items) deletePlaced.run(lane.id, item)
    lane.placed -= items.length
    if (items.length > 0) move(items, null)
    return items.length
  }

  function takeLevel(lane: Lane, priority: number, last: number, want: number, move: Move): number {
    const from = cursor(lane, priority)
    if (from >= last) return 0
    const items =
      lane.skips > 0
        ? selectUnskipped.all({ lane: lane.id, dataset: lane.dataset, priority, from, want })
        : selectFresh.all(lane.dataset, priority, from, want)
    const to = items.length < want ? last : (items.at(-1)?.[0] ?? last)
    const passed = lane.skips > 0 ? deletePassed.run(lane.id, priority, to).changes : 0
    lane.skips -= passed
    updateCursor.run(lane.id, priority, to)
    if (items.length > 0) move(items, passed > 0 ? null : { priority, from, last: to })
    return items.length
  }

  return {
    /** Takes up to `want` items from the front. A placed one goes before those that have its priority by themselves. */
    take(lane: Lane, want: number, move: Move): void {
      let left = want
      while (left > 0 && lane.top !== null) {
        const level = selectLevel.get(lane.dataset, lane.top)
        if (!level) {
          lane.top = null
          break
        }
        const [priority, last] = level
        if (lane.placed > 0) left -= takePlaced(lane, priority, left, move)
        if (left === 0) return
        left -= takeLevel(lane, priority, last, left, move)
        lane.top = left > 0 ? priority - 1 : priority
      }
      if (left > 0 && lane.placed > 0) takePlaced(lane, Number.MIN_SAFE_INTEGER, left, move)
    },

    /** Takes one item out of its order. @returns false if it was not fresh */
    takeOne(lane: Lane, item: number, priority: number): boolean {
      if (lane.placed > 0 && deletePlaced.run(lane.id, item).changes > 0) {
        lane.placed--
        return true
      }
      return item > cursor(lane, priority) && skip(lane, priority, item)
    },

    /** Places an item of {@link takeOne} at its own priority in this lane. */
    place(lane: Lane, item: number, priority: number): void {
      insertPlaced.run(lane.id, -priority, item)
      lane.placed++
    },

    /** An item that is not fresh in its order got another priority: it must be skipped there. */
    moved(lane: Lane, item: number, from: number, to: number): void {
      if (lane.skips > 0) lane.skips -= deleteSkip.run(lane.id, from, item).changes
      if (item <= cursor(lane, to)) return
      if (lane.top !== null && to <= lane.top) {
        skip(lane, to, item)
        return
      }
      // No fresh items at that priority: the cursor may pass.
      updateCursor.run(lane.id, to, item)
      if (lane.skips > 0) lane.skips -= deletePassed.run(lane.id, to, item).changes
    },
  }
}
