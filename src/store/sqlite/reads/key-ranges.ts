/** Ranges of the keys of a dataset, with the lanes over it, and the SQL that both searches and counts are made of. */
import type Database from 'better-sqlite3'
import { DroverError } from '../../../errors.js'
import type { TaskFilter, TaskState } from '../../contract/single-tasks.js'
import { type LaneNames, numberOf } from './paging.js'

/** How much is looked at. */
export interface Sizes {
  /** The most keys for one page. */
  keys: number
  /** The most keys with their lanes whose state is looked up for one page. */
  pairs: number
  /** How many of them at first. */
  firstPairs: number
  /** The same for one part of a count. */
  countedPairs: number
  /** A state with no more tasks than this is read whole. */
  fewTasks: number
}

export const usualSizes: Sizes = { keys: 200_000, pairs: 40_000, firstPairs: 1_000, countedPairs: 200_000, fewTasks: 20_000 }

/** What is asked of keys; '' and null: nothing. */
export interface Keys {
  search: string
  prefix: string
  /** JSON array. */
  keys: string | null
}

/** What is asked of dead tasks; null: nothing. */
export interface DeadOnly {
  kind: string | null
  /** JSON array of ids of groups. */
  errors: string | null
}

/** Of `dead s`: those that are asked for. */
export const dead = `(@kind IS NULL OR s.kind = @kind) AND (@errors IS NULL OR s.error IN (SELECT value FROM json_each(@errors)))`

/** Where a page ends: after this key in this lane. */
export interface Place {
  dataset: number
  lane: number
  key: string
}

export interface LaneRow {
  id: number
  dataset: number
  items: number
  done: number
  dead: number
  leased: number
  retrying: number
}

export type Item = [item: number, key: string]

/** The parameters of {@link parsed}, as JSON arrays. */
export type Asked = DeadOnly & { items: string; lanes: string }

/** Of `item i`. */
export const matches = `i.key >= @prefix AND i.key < @prefix || CAST(x'FF' AS TEXT) AND (@search = '' OR instr(i.key, @search) > 0)`
export const named = 'i.key IN (SELECT value FROM json_each(@keys))'

/** Items `x` and lanes `l`, parsed once, not once for each pair. */
export const parsed = `WITH x AS MATERIALIZED (SELECT j.key, j.value, i.priority FROM json_each(@items) j CROSS JOIN item i ON i.id = j.value), l AS MATERIALIZED (SELECT key, value FROM json_each(@lanes))`
const pairs = 'FROM x CROSS JOIN l'
/** The pairs that have a row in a table. @param table with the alias `s` */
export const inTable = (table: string, where = 'true') =>
  `${pairs} CROSS JOIN ${table} ON s.lane = l.value AND s.item = x.value WHERE ${where}`
/** The pairs that are waiting. */
export const fresh = `${pairs} LEFT JOIN cursor c ON c.lane = l.value AND c.priority = x.priority
  WHERE (x.value > coalesce(c.item, 0) AND NOT EXISTS
      (SELECT 1 FROM skip s WHERE s.lane = l.value AND s.priority = x.priority AND s.item = x.value))
    OR EXISTS (SELECT 1 FROM placed p WHERE p.lane = l.value AND p.item = x.value)`

/** Whether a filter asks for keys. */
export function asksForKeys({ search = '', prefix = '', keys }: TaskFilter): boolean {
  return search !== '' || prefix !== '' || keys !== undefined
}

/** Ranges of keys of one database. */
export function keyRanges(db: Database.Database, sizes: Sizes) {
  const selectLanes = db.prepare<[string], LaneRow>(
    `SELECT l.id, l.dataset, d.items, l.done, l.dead, l.leased, l.retrying FROM lane l JOIN dataset d ON d.id = l.dataset
     WHERE l.id IN (SELECT value FROM json_each(?)) ORDER BY l.dataset, l.id`,
  )
  const selectEnd = db
    .prepare<{ dataset: number; from: string }, string>(
      `SELECT key FROM item WHERE dataset = @dataset AND key >= @from ORDER BY key LIMIT 1 OFFSET ${sizes.keys}`,
    )
    .pluck()
  const itemsWhere = (where: string) =>
    db
      .prepare<Keys & { dataset: number; from: string; until: string | null; limit: number }, Item>(
        `SELECT i.id, i.key FROM item i INDEXED BY item_key
         WHERE i.dataset = @dataset AND i.key >= @from AND (@until IS NULL OR i.key <= @until) AND ${where} ORDER BY i.key LIMIT @limit`,
      )
      .raw()
  const selectItems = { matching: itemsWhere(matches), named: itemsWhere(`${matches} AND ${named}`) }

  return {
    /** The next keys that match; `until`: the last key that was looked at, null: there are no more. */
    itemsAfter(dataset: number, from: string, keys: Keys, limit: number): { items: Item[]; until: string | null } {
      const begin = compare(from, keys.prefix) > 0 ? from : keys.prefix
      const last = keys.search !== '' && keys.keys === null ? selectEnd.get({ dataset, from: begin }) : undefined
      // Beyond the keys that begin so, there are none.
      const end = last?.startsWith(keys.prefix) ? last : null
      const items = selectItems[keys.keys === null ? 'matching' : 'named'].all({ ...keys, dataset, from: begin, until: end, limit })
      return { items, until: items.length === limit ? (items.at(-1)?.[1] ?? null) : end }
    },

    /** By dataset, in the order of their ids. */
    datasetsOf(lanes: readonly LaneNames[], from: number): [dataset: number, lanes: LaneRow[]][] {
      const byDataset = new Map<number, LaneRow[]>()
      for (const lane of selectLanes.all(idsOf(lanes))) {
        if (lane.dataset < from) continue
        const known = byDataset.get(lane.dataset)
        if (known) known.push(lane)
        else byDataset.set(lane.dataset, [lane])
      }
      return [...byDataset]
    },
  }
}

export const countOf = (lane: LaneRow, state: TaskState): number =>
  state === 'waiting' ? lane.items - lane.done - lane.dead - lane.leased - lane.retrying : lane[state]

/** One more than are new: the first one may have been told before. */
export function itemsFor(lanes: readonly LaneRow[], pairs: number): number {
  return 1 + Math.max(1, Math.floor(pairs / lanes.length))
}

export function keysOf({ search = '', prefix = '', keys }: TaskFilter): Keys {
  return { search, prefix, keys: keys === undefined ? null : JSON.stringify(keys) }
}

/** In the order of SQLite: by code points. */
export function compare(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b))
}

export function idsOf(lanes: readonly { id: number }[]): string {
  return JSON.stringify(lanes.map(({ id }) => id))
}

export function textOf({ dataset, lane, key }: Place): string {
  return `${dataset}.${lane}.${key}`
}

export function placeOf(after: string | null): Place {
  if (after === null) return { dataset: 0, lane: 0, key: '' }
  const [, dataset, lane, key] = /^(\d+)\.(\d+)\.(.*)$/s.exec(after) ?? []
  if (dataset !== undefined && lane !== undefined && key !== undefined) {
    return { dataset: numberOf(dataset, after), lane: numberOf(lane, after), key }
  }
  throw new DroverError('ARGUMENT_INVALID', `"${after}" is not next of an earlier page`, { details: { after } })
}
