/**
 * Tasks whose key matches, key by key, each in all lanes: one step through the index of keys finds it, however many lanes there
 * are. A state with few tasks is read whole instead, because most keys would not be in it. Both give the same order.
 */
import type Database from 'better-sqlite3'
import type { TaskFilter, TaskState } from '../../contract/single-tasks.js'
import { checkItems } from '../check-rows.js'
import type { Candidates } from './candidates.js'
import {
  type Asked,
  compare,
  countOf,
  type DeadOnly,
  dead,
  fresh,
  type Item,
  idsOf,
  inTable,
  itemsFor,
  type Keys,
  keyRanges,
  keysOf,
  type LaneRow,
  matches,
  named,
  type Place,
  parsed,
  placeOf,
  textOf,
  usualSizes,
} from './key-ranges.js'
import type { LaneNames } from './paging.js'

export interface Found {
  lane: LaneNames
  item: number
  key: string
  /** The position of a page that ends with it. */
  place: string
}

type FoundTask = [item: number, key: string, lane: number]
type Pair = [item: number, lane: number]

/** @param sizes for tests */
export function keySearch(db: Database.Database, candidate: Candidates, sizes = usualSizes) {
  const { itemsAfter, datasetsOf } = keyRanges(db, sizes)
  const pairsOf = (from: string) => db.prepare<[Asked], Pair>(`${parsed} SELECT x.value, l.value ${from} ORDER BY x.key, l.key`).raw()
  const selectPairs = {
    done: pairsOf(inTable('result s')),
    dead: pairsOf(inTable('dead s', dead)),
    retrying: pairsOf(inTable('retry s INDEXED BY retry_item')),
    waiting: pairsOf(fresh),
  }
  /** A state whose tasks are few, whole. */
  const ofState = (table: string, where = 'true') =>
    db
      .prepare<Keys & DeadOnly & { lanes: string; key: string; lane: number; limit: number }, FoundTask>(
        `SELECT s.item, i.key, s.lane FROM json_each(@lanes) l CROSS JOIN ${table} ON s.lane = l.value CROSS JOIN item i ON i.id = s.item
         WHERE ${matches} AND (@keys IS NULL OR ${named}) AND (i.key, s.lane) > (@key, @lane) AND ${where} ORDER BY i.key, s.lane LIMIT @limit`,
      )
      .raw()
  const selectFew = { done: ofState('result s'), dead: ofState('dead s', dead), retrying: ofState('retry s'), leased: ofState('lease s') }

  function waitingFew(lanes: LaneRow[], keys: Keys, after: Place, limit: number): FoundTask[] {
    const fits = matcher(keys)
    const found: FoundTask[] = []
    for (const { id } of lanes) {
      for (const { item, key } of candidate(id, 'waiting', null, sizes.fewTasks)) {
        if (fits(key) && (compare(key, after.key) || id - after.lane) > 0) found.push([item, key, id])
      }
    }
    return found.sort((a, b) => compare(a[1], b[1]) || a[2] - b[2]).slice(0, limit)
  }

  /** The next tasks of one dataset. @returns `next`: the place to go on from, null: there are no more */
  function inDataset(
    lanes: LaneRow[],
    state: TaskState | undefined,
    keys: Keys,
    only: DeadOnly,
    after: Place,
    limit: number,
  ): { found: FoundTask[]; next: Omit<Place, 'dataset'> | null } {
    const here = state === undefined ? lanes : lanes.filter((lane) => countOf(lane, state) > 0)
    const total = state === undefined ? Number.POSITIVE_INFINITY : here.reduce((sum, lane) => sum + countOf(lane, state), 0)
    if (here.length === 0) return { found: [], next: null }
    if (state !== undefined && (state === 'leased' || total <= sizes.fewTasks)) {
      const found =
        state === 'waiting'
          ? waitingFew(here, keys, after, limit)
          : selectFew[state].all({ ...keys, ...only, lanes: idsOf(here), key: after.key, lane: after.lane, limit })
      const [, key = '', lane = 0] = found.at(-1) ?? []
      return { found, next: found.length === limit ? { key, lane } : null }
    }
    const found: FoundTask[] = []
    let from = after.key
    // Mostly the first few keys fill a page.
    for (let pairs = sizes.firstPairs, left = sizes.pairs; left > 0; left -= pairs, pairs *= 4) {
      const { items, until } = itemsAfter(after.dataset, from, keys, itemsFor(here, pairs))
      const keyOf = new Map(items)
      for (const [item, lane] of pairsIn(items, here, state, only)) {
        const key = keyOf.get(item) as string
        if (key === from && (from !== after.key || lane <= after.lane)) continue
        found.push([item, key, lane])
        if (found.length === limit) return { found, next: { key, lane } }
      }
      if (until === null) return { found, next: null }
      from = until
    }
    return { found, next: { key: from, lane: Number.MAX_SAFE_INTEGER } }
  }

  function pairsIn(items: Item[], lanes: LaneRow[], state: Exclude<TaskState, 'leased'> | undefined, only: DeadOnly): Pair[] {
    if (state === undefined) return items.flatMap(([item]) => lanes.map(({ id }): Pair => [item, id]))
    return selectPairs[state].all({ ...only, items: JSON.stringify(items.map(([item]) => item)), lanes: idsOf(lanes) })
  }

  return {
    /** A page of the tasks of these lanes. */
    page(
      lanes: readonly LaneNames[],
      filter: TaskFilter,
      only: DeadOnly,
      after: string | null,
      limit: number,
    ): { found: Found[]; next: string | null } {
      const keys = keysOf(filter)
      const names = new Map(lanes.map((lane) => [lane.id, lane]))
      const begin = placeOf(after)
      const found: Found[] = []
      for (const [dataset, here] of datasetsOf(lanes, begin.dataset)) {
        const from = dataset === begin.dataset ? begin : { dataset, key: '', lane: 0 }
        const page = inDataset(here, filter.state, keys, only, from, limit - found.length)
        for (const [item, key, lane] of page.found) {
          found.push({ item, key, lane: names.get(lane) as LaneNames, place: textOf({ dataset, key, lane }) })
        }
        if (page.next) return { found, next: textOf({ dataset, ...page.next }) }
        // Every key was looked at.
        if (keys.prefix === '' && keys.keys === null) checkItems(db, (here[0] as LaneRow).id)
      }
      return { found, next: null }
    },
  }
}

function matcher({ search, prefix, keys }: Keys): (key: string) => boolean {
  const some = keys === null ? null : new Set(JSON.parse(keys) as string[])
  return (key) => key.startsWith(prefix) && key.includes(search) && (some?.has(key) ?? true)
}
