/** What must hold between drover's tables, as queries that find the rows which break it. */
import { labelOf } from '../label-of.js'
import { withDeadError } from './dead-errors.js'
import { filledIn, noLabel, pageItems, uncoded } from './label-pages.js'

export type Row = Record<string, unknown>

/** One rule: the rows of its query break it. */
interface Rule {
  message: string
  sql: string
  /** Whether a found row really breaks it. @defaultValue each does */
  breaks?: (row: Row) => boolean
}

export interface Check {
  name: string
  /** Runs for each lane separately; `@lane` in its queries is the lane. */
  byLane?: boolean
  /** Also part of the quick check. */
  quick?: boolean
  rules: Rule[]
}

const laneTables = ['label_page', 'result', 'dead', 'lease', 'retry', 'placed', 'skip', 'attempt', 'past_result', 'task_usage', 'cursor']
const itemTables = laneTables.filter((table) => table !== 'cursor' && table !== 'label_page')

const ofLane = (table: string): string => `(SELECT count(*) FROM ${table} WHERE lane = l.id)`
const union = (parts: string[]): string => parts.join(' UNION ALL ')

const elsewhere = union(
  ['lease', 'retry', 'dead', 'placed'].map((table) => `SELECT item, '${table}' AS place FROM ${table} WHERE lane = @lane`),
)

const notJson = (table: string, column: string, key: string, where = ''): Rule => ({
  message: `${table}.${column} is not JSON`,
  // Values nested too deep for SQLite were stored by earlier versions, and can be read.
  sql: `SELECT ${key}, ${column} AS text FROM ${table} WHERE ${where === '' ? '' : `${where} AND `}${column} IS NOT NULL AND NOT json_valid(${column})`,
  breaks: (row) => {
    try {
      JSON.parse(String(row.text))
      return false
    } catch {
      row.text = String(row.text).slice(0, 100)
      return true
    }
  },
})

/** A digit of the code of an item's label, as a number; the first two are the lower byte. */
const digit = (at: number): string => `instr('123456789ABCDEF', substr(c.hex, ${at}, 1))`

const labelRules: Rule[] = [
  {
    message: 'the kept label of a task is not that of its result',
    sql: `SELECT c.lane, c.item, c.code, t.text AS kept, c.value FROM (
        SELECT *, ${digit(1)} * 16 + ${digit(2)} + ${digit(3)} * 4096 + ${digit(4)} * 256 AS code FROM (
          SELECT r.lane, r.item, r.value, hex(substr(p.codes, r.item % ${pageItems} * 2 + 1, 2)) AS hex FROM result r
          LEFT JOIN label_page p ON p.lane = r.lane AND p.page = r.item / ${pageItems} WHERE r.lane = @lane) c) c
      LEFT JOIN label t ON t.id = c.code`,
    breaks: (row) => {
      const label = labelOf(String(row.value))
      row.value = String(row.value).slice(0, 100)
      return label === null ? row.code !== noLabel : row.code !== uncoded && row.kept !== label
    },
  },
  {
    message: 'labels are kept of another number of results than there are',
    sql: `SELECT p.lane, p.page, p.codes, (SELECT count(*) FROM result r WHERE r.lane = p.lane AND r.item >= p.page * ${pageItems}
        AND r.item < (p.page + 1) * ${pageItems}) AS counted FROM label_page p WHERE p.lane = @lane`,
    breaks: (row) => {
      const { codes, ...rest } = row
      const kept = filledIn(codes as Uint8Array)
      Object.assign(row, { ...rest, kept, codes: undefined })
      return kept !== row.counted
    },
  },
]

/** All checks, in the order in which they run. */
export const checks: readonly Check[] = [
  {
    name: 'datasets',
    quick: true,
    rules: [
      {
        message: 'a dataset has another number of items than its counter says',
        sql: `SELECT name AS dataset, items AS kept, (SELECT count(*) FROM item WHERE dataset = d.id) AS counted FROM dataset d WHERE kept <> counted`,
      },
      {
        message: 'a priority has another number of items than its counter says, or items beyond its end',
        sql: `WITH present AS MATERIALIZED (SELECT dataset, priority, count(*) AS items, max(id) AS last FROM item GROUP BY dataset, priority)
          SELECT p.dataset, p.priority, v.items AS kept, p.items AS counted, v.last, p.last AS present FROM present p
            LEFT JOIN level v ON v.dataset = p.dataset AND v.priority = p.priority WHERE v.items IS NOT p.items OR v.last < p.last
          UNION ALL SELECT v.dataset, v.priority, v.items, 0, v.last, NULL FROM level v
            LEFT JOIN present p ON p.dataset = v.dataset AND p.priority = v.priority WHERE p.items IS NULL AND v.items <> 0`,
      },
      {
        message: 'an item or a lane belongs to no dataset',
        sql: `SELECT 'lane' AS what, id FROM lane WHERE dataset NOT IN (SELECT id FROM dataset)
          UNION ALL SELECT 'item', count(*) FROM item WHERE dataset NOT IN (SELECT id FROM dataset) HAVING count(*) > 0`,
      },
    ],
  },
  {
    name: 'lane-counts',
    byLane: true,
    quick: true,
    rules: [
      {
        message: 'a lane has another number of rows than its counter says',
        sql: union(
          [
            ['done', 'result'],
            ['dead', 'dead'],
            ['leased', 'lease'],
            ['retrying', 'retry'],
            ['skips', 'skip'],
            ['placed', 'placed'],
          ].map(
            ([counter, table]) =>
              `SELECT l.id AS lane, '${counter}' AS counter, l.${counter} AS kept, ${ofLane(table as string)} AS counted FROM lane l
               WHERE l.id = @lane AND kept <> counted`,
          ),
        ),
      },
      {
        message: 'the counters of a lane do not add up to the tasks that it has handed out',
        sql: `SELECT l.id AS lane, done + dead + leased + retrying + placed - skips AS kept, (SELECT count(*) FROM cursor c JOIN item i
            ON i.dataset = l.dataset AND i.priority = c.priority AND i.id <= c.item WHERE c.lane = l.id) AS counted
          FROM lane l WHERE l.id = @lane AND kept <> counted`,
      },
    ],
  },
  {
    name: 'one-place',
    byLane: true,
    rules: [
      {
        message: 'a task has two states at once',
        sql: `SELECT @lane AS lane, item, group_concat(place, ' and ') AS places FROM (${elsewhere}) GROUP BY item HAVING count(*) > 1
          UNION ALL SELECT @lane, s.item, 'result and ' || s.place FROM (${elsewhere}) s JOIN result r ON r.lane = @lane AND r.item = s.item`,
      },
      {
        message: 'a lane is told to skip an item that it has already passed',
        sql: `SELECT s.lane, s.priority, s.item FROM skip s LEFT JOIN item i ON i.id = s.item
            LEFT JOIN cursor c ON c.lane = s.lane AND c.priority = s.priority
          WHERE s.lane = @lane AND (s.priority IS NOT i.priority OR s.item <= coalesce(c.item, 0))`,
      },
    ],
  },
  {
    name: 'items',
    byLane: true,
    rules: [
      {
        message: 'a row is about an item that its dataset does not have',
        sql: union(
          itemTables.map(
            (table) => `SELECT '${table}' AS "table", s.lane, s.item FROM ${table} s LEFT JOIN item i ON i.id = s.item
              WHERE s.lane = @lane AND i.dataset IS NOT (SELECT dataset FROM lane WHERE id = @lane)`,
          ),
        ),
      },
      {
        message: 'a result was made by an unknown worker',
        sql: union(
          ['result', 'past_result'].map(
            (table) => `SELECT lane, item, worker FROM ${table} WHERE lane = @lane AND worker NOT IN (SELECT id FROM worker)`,
          ),
        ),
      },
    ],
  },
  {
    name: 'dead',
    byLane: true,
    rules: [
      {
        message: 'the last attempt of a dead task is missing',
        sql: `SELECT d.lane, d.item, d.attempt, d.seq, d.cause FROM dead d ${withDeadError}
          WHERE d.lane = @lane AND (e.attempt IS NOT d.attempt OR (d.cause IS NOT NULL AND c.seq IS NULL))`,
      },
      {
        message: 'a task has failed more often than it was tried',
        sql: `SELECT lane, item, attempts, failures, crashes, interrupted FROM retry
          WHERE lane = @lane AND (failures > attempts OR crashes > failures OR interrupted > attempts OR alone NOT BETWEEN 0 AND 2)`,
      },
    ],
  },
  {
    name: 'holders',
    rules: [
      {
        message: 'a task is leased, but no worker can settle it',
        sql: `SELECT l.lane, l.item, l.token, l.fence FROM lease l LEFT JOIN worker w ON w.fence = l.fence AND w.lane = l.lane AND w.open = 1
            LEFT JOIN host h ON h.id = w.holder AND h.gone = 0 WHERE h.id IS NULL`,
      },
      {
        message: 'a worker is held by a host that is gone, or has a lane that does not exist',
        sql: `SELECT w.name AS worker, w.holder, w.lane FROM worker w LEFT JOIN host h ON h.id = w.holder AND h.gone = 0 LEFT JOIN lane l ON l.id = w.lane
          WHERE (w.holder IS NOT NULL AND h.id IS NULL) OR (w.lane IS NOT NULL AND l.id IS NULL)`,
      },
      {
        message: 'a number is in use that its counter has not reached',
        sql: `SELECT 'token' AS counter, max(token) AS given FROM lease HAVING given > coalesce((SELECT value FROM counter WHERE name = 'token'), -1)
          UNION ALL SELECT 'fence', max(fence) AS given FROM worker HAVING given > coalesce((SELECT value FROM counter WHERE name = 'fence'), -1)`,
      },
      {
        message: 'an event comes from an unknown host',
        sql: 'SELECT id, host FROM event WHERE host NOT IN (SELECT id FROM host)',
      },
    ],
  },
  {
    name: 'lanes',
    rules: laneTables.map((table) => ({
      message: `${table} has rows of a lane that does not exist`,
      // Steps from lane to lane, not row by row.
      sql: `WITH RECURSIVE used(lane) AS (SELECT min(lane) FROM ${table}
          UNION ALL SELECT (SELECT min(lane) FROM ${table} t WHERE t.lane > used.lane) FROM used WHERE lane IS NOT NULL)
        SELECT lane FROM used WHERE lane IS NOT NULL AND lane NOT IN (SELECT id FROM lane)`,
    })),
  },
  {
    name: 'quotas',
    rules: [
      {
        message: 'a quota is in use by a host that is gone, or is not known',
        sql: `SELECT f.name, f.host, f.quotas FROM quota_flight f LEFT JOIN host h ON h.name = f.host AND h.gone = 0
          WHERE h.id IS NULL OR EXISTS (SELECT 1 FROM json_each(f.quotas) q WHERE q.value NOT IN (SELECT name FROM quota))`,
      },
      {
        message: 'a window or a sample belongs to no quota',
        sql: `SELECT 'window' AS what, quota FROM quota_window WHERE quota NOT IN (SELECT name FROM quota)
          UNION SELECT 'sample', quota FROM quota_sample WHERE quota NOT IN (SELECT name FROM quota)`,
      },
      notJson('quota', 'spec', 'name'),
      notJson('quota', 'record', 'name'),
      notJson('quota_window', 'state', 'quota, window'),
    ],
  },
  {
    name: 'texts',
    rules: [notJson('item', 'data', 'id, key'), notJson('event', 'payload', 'id'), notJson('worker', 'memory', 'name')],
  },
  {
    name: 'result-texts',
    byLane: true,
    rules: [
      notJson('result', 'value', 'lane, item', 'lane = @lane'),
      notJson('past_result', 'value', 'lane, item, seq', 'lane = @lane'),
      notJson('attempt', 'error', 'lane, item, seq', 'lane = @lane'),
    ],
  },
  { name: 'labels', byLane: true, rules: labelRules },
]
