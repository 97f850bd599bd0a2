/** How many tasks are in each state: of whole lanes from their counters, of a search key by key. */
import type Database from 'better-sqlite3'
import type { TaskCounts, TaskFilter, TaskState } from '../../contract/single-tasks.js'
import {
  type Asked,
  countOf,
  type DeadOnly,
  dead,
  fresh,
  idsOf,
  inTable,
  itemsFor,
  keyRanges,
  keysOf,
  parsed,
  placeOf,
  textOf,
  usualSizes,
} from './key-ranges.js'
import type { LaneNames } from './paging.js'

export const noCounts: TaskCounts = { waiting: 0, leased: 0, retrying: 0, done: 0, dead: 0, dropped: 0 }

export function laneCounts(db: Database.Database): (lanes: readonly LaneNames[], only: DeadOnly) => { counts: TaskCounts; next: null } {
  const selectSums = db.prepare<[string], Omit<TaskCounts, 'dropped'>>(
    `SELECT coalesce(sum(d.items - l.done - l.dead - l.leased - l.retrying), 0) AS waiting, coalesce(sum(l.leased), 0) AS leased,
       coalesce(sum(l.retrying), 0) AS retrying, coalesce(sum(l.done), 0) AS done, coalesce(sum(l.dead), 0) AS dead
     FROM lane l JOIN dataset d ON d.id = l.dataset WHERE l.id IN (SELECT value FROM json_each(?))`,
  )
  const countDead = db.prepare<[DeadOnly & { lanes: string }], Pick<TaskCounts, 'dead' | 'dropped'>>(
    `SELECT count(*) AS dead, count(*) FILTER (WHERE s.kind = 'dropped') AS dropped
     FROM json_each(@lanes) l CROSS JOIN dead s ON s.lane = l.value WHERE ${dead}`,
  )
  return (lanes, only) => {
    const ids = idsOf(lanes)
    const whole = only.kind === null && only.errors === null
    const sums = whole ? selectSums.get(ids) : undefined
    return { counts: { ...noCounts, ...countDead.get({ ...only, lanes: ids }), ...sums }, next: null }
  }
}

/** How many of the next keys' tasks are in each state. */
export function searchCounts(db: Database.Database, sizes = usualSizes) {
  const { itemsAfter, datasetsOf } = keyRanges(db, sizes)
  const countWaiting = db.prepare<[Asked], number>(`${parsed} SELECT count(*) ${fresh}`).pluck()
  // A table that has fewer rows than there are pairs is read whole.
  const counting = (table: string, where: string, columns = 'count(*)') => ({
    byPair: db.prepare<[Asked], number[]>(`${parsed} SELECT ${columns} ${inTable(table, where)}`).raw(),
    byRow: db
      .prepare<[Asked], number[]>(
        `${parsed} SELECT ${columns} FROM l CROSS JOIN ${table} ON s.lane = l.value WHERE s.item IN (SELECT value FROM x) AND ${where}`,
      )
      .raw(),
  })
  const countDead = counting('dead s', dead, `count(*), count(*) FILTER (WHERE s.kind = 'dropped')`)
  const countRetrying = counting('retry s INDEXED BY retry_item', 'true')
  const countLeased = counting('lease s', 'true')

  return (lanes: readonly LaneNames[], filter: TaskFilter, only: DeadOnly, after: string | null) => {
    const keys = keysOf(filter)
    const counts = { ...noCounts }
    const begin = placeOf(after)
    const [[dataset, here] = [0, []], further] = datasetsOf(lanes, begin.dataset)
    if (here.length === 0) return { counts, next: null }
    const from = dataset === begin.dataset ? begin.key : ''
    const { items, until } = itemsAfter(dataset, from, keys, itemsFor(here, sizes.countedPairs))
    const counted = items.filter(([, key]) => dataset !== begin.dataset || begin.lane === 0 || key !== begin.key)
    const asked = { ...only, items: JSON.stringify(counted.map(([item]) => item)), lanes: idsOf(here) }
    const pairs = counted.length * here.length
    const read = ({ byPair, byRow }: typeof countDead, state: TaskState): number[] => {
      const rows = here.reduce((sum, lane) => sum + countOf(lane, state), 0)
      return (rows === 0 ? undefined : rows < pairs ? byRow : byPair)?.get(asked) ?? [0, 0]
    }
    const [deadOnes = 0, dropped = 0] = read(countDead, 'dead')
    Object.assign(counts, { dead: deadOnes, dropped })
    if (only.kind === null && only.errors === null) {
      const [retrying = 0] = read(countRetrying, 'retrying')
      // Leases have no index of items, and are few.
      const [leased = 0] = countLeased.byRow.get(asked) ?? []
      const waiting = countWaiting.get(asked) ?? 0
      // Each task is in one state, and most are done: their rows are not looked at.
      Object.assign(counts, { retrying, leased, waiting, done: pairs - deadOnes - retrying - leased - waiting })
    }
    if (until !== null) return { counts, next: textOf({ dataset, key: until, lane: Number.MAX_SAFE_INTEGER }) }
    return { counts, next: further ? textOf({ dataset: further[0], key: '', lane: 0 }) : null }
  }
}
