/**
 * Results, dead tasks and events, a page at a time. Works on any connection: the store thread's own, or a read-only one. A page
 * begins after a row's key, so that every page has the same cost.
 */
import type Database from 'better-sqlite3'
import { DroverError } from '../../../errors.js'
import type { Page, Time } from '../../contract/basics.js'
import type { EngineReply, EngineRequest, ReadOp } from '../../contract/engine.js'
import type { Amounts, QuotaSample } from '../../contract/quotas.js'
import type { DeadRow, ResultRow, StoredEvent, UsageRow } from '../../contract/reads.js'
import type { LaneFilter } from '../../contract/registry.js'
import { checkReads } from '../check.js'
import { checkJson, checkRows } from '../check-rows.js'
import { type DeadError, deadError, withDeadError } from '../dead-errors.js'
import { Damage, found } from '../sqlite-errors.js'
import { endedReads } from './ended.js'
import { errorReads } from './errors.js'
import { historyReads } from './history.js'
import { type HostFates, hostReads } from './hosts.js'
import { labelReads } from './labels.js'
import { allOf, isWorker, type LaneNames, named, numberOf, pageOf, positionOf, Room } from './paging.js'
import { taskReads } from './single-tasks.js'

export type Reads = { [Op in ReadOp]: (request: EngineRequest<Op>) => EngineReply<Op> }

type Stored<Row extends { dataset: string; annotator: string; domain: string }> = Omit<Row, keyof Omit<LaneNames, 'id'>> & { item: number }

/** @param fates for tests */
export function reads(db: Database.Database, fates?: HostFates): Reads {
  const selectResults = db.prepare<[number, number, number, number], Stored<ResultRow>>(
    `SELECT r.item, i.key, r.value, r.attempt, w.name AS worker, r.committed_at AS committedAt
     FROM result r LEFT JOIN item i ON i.id = r.item LEFT JOIN worker w ON w.id = r.worker
     WHERE r.lane = ? AND r.item > ? ORDER BY r.item LIMIT ? OFFSET ?`,
  )
  const selectDead = db.prepare<[number, number, number, number], Stored<Omit<DeadRow, 'error'> & DeadError>>(
    `SELECT d.item, i.key, coalesce(w.name, '') AS worker, d.kind, e.error, c.error AS cause, d.attempt, d.value, d.at
     FROM dead d LEFT JOIN item i ON i.id = d.item LEFT JOIN worker w ON w.id = d.worker ${withDeadError}
     WHERE d.lane = ? AND d.item > ? ORDER BY d.item LIMIT ? OFFSET ?`,
  )
  const selectTaskUsage = db.prepare<[number, number, number, number], { item: number; key: string; usage: string }>(
    `SELECT u.item, i.key, json_group_object(u.unit, u.amount) AS usage FROM task_usage u LEFT JOIN item i ON i.id = u.item
     WHERE u.lane = ? AND u.item > ? GROUP BY u.item ORDER BY u.item LIMIT ? OFFSET ?`,
  )
  const selectUsage = db.prepare<[Record<keyof LaneFilter, string | null>], Omit<UsageRow, 'usage'> & { usage: string }>(
    `SELECT w.name AS worker, coalesce(l.annotator, '') AS annotator, coalesce(l.domain, '') AS domain, json_group_object(u.unit, u.amount) AS usage
     FROM usage u JOIN worker w ON w.id = u.worker LEFT JOIN lane l ON l.id = w.lane LEFT JOIN dataset d ON d.id = l.dataset
     WHERE (@dataset IS NULL OR d.name = @dataset) AND (@annotator IS NULL OR l.annotator = @annotator)
       AND (@domain IS NULL OR l.domain = @domain) AND (@worker IS NULL OR ${isWorker('w.name')}) GROUP BY w.id ORDER BY w.name`,
  )
  const selectSamples = db
    .prepare<[string, Time], string>('SELECT sample FROM quota_sample WHERE quota = ? AND at >= ? ORDER BY at')
    .pluck()
  const events = `SELECT e.id, h.name AS host, e.at, e.type, e.worker, e.payload FROM event e LEFT JOIN host h ON h.id = e.host
     WHERE (@worker IS NULL OR ${isWorker('e.worker')}) AND (@types IS NULL OR e.type IN (SELECT value FROM json_each(@types)))`
  const selectEvents = db.prepare<[EventFilter & { after: number }], EventColumns>(`${events} AND e.id > @after ORDER BY e.id LIMIT @limit`)
  const selectLatest = db.prepare<[EventFilter & { before: number }], EventColumns>(
    `${events} AND e.id < @before ORDER BY e.id DESC LIMIT @limit`,
  )

  const selectBounds = db.prepare<[], { first: number; last: number }>(
    'SELECT coalesce((SELECT min(id) FROM event), 0) AS first, coalesce((SELECT max(id) FROM event), 0) AS last',
  )
  const selectDone = db.prepare<[number], number>('SELECT done FROM lane WHERE id = ?').pluck()
  const countDone = db.prepare<[number, number], number>('SELECT count(*) FROM result WHERE lane = ? AND item > ?').pluck()

  /** Number of rows of a lane to skip, up to `skip`. At the beginning of a lane its counter gives the number without reading rows. */
  function skippable(lane: number, from: number, skip: number): number {
    if (skip === 0) return 0
    return Math.min(skip, (from === 0 ? selectDone.get(lane) : countDone.get(lane, from)) ?? 0)
  }

  /**
   * One page through the lanes that match, in the order of their ids. `skip` is for results only.
   *
   * @param ended called for each lane that was read to its end, with the number of rows after `from`
   */
  function page<Row extends { item: number; key: string }>(
    request: EngineRequest<'results'>,
    select: Database.Statement<[number, number, number, number], Row>,
    ended?: (lane: number, from: number, rows: number) => void,
  ): Page<{ lane: LaneNames; row: Row }> {
    const room = new Room(request.limit)
    const after = positionOf(request.after)
    let skip = skipped(request.skip)
    return pageOf(db, request, (lanes) => {
      const rows: { lane: LaneNames; row: Row }[] = []
      for (const lane of lanes) {
        if (lane.id < after.lane) continue
        const from = lane.id === after.lane ? after.item : 0
        const here = skippable(lane.id, from, skip)
        skip -= here
        let before = from
        const read = room.fill(select.iterate(lane.id, from, room.rows, here))
        for (const row of read) {
          found(row.key, `item ${row.item} of lane ${lane.id}`)
          if (row.item <= before) throw new Damage(`the rows of lane ${lane.id} are out of order`)
          before = row.item
          rows.push({ lane, row })
        }
        if (room.isFull) break
        ended?.(lane.id, from, here + read.length)
      }
      const last = room.isFull ? rows.at(-1) : undefined
      return { rows, next: last ? `${last.lane.id}.${last.row.item}` : null }
    })
  }

  const errors = errorReads(db)
  return {
    results: db.transaction((request: EngineRequest<'results'>) => {
      const { rows, next } = page(request, selectResults, (lane, from, rows) => checkRows(db, lane, 'result', from, rows))
      for (const { row } of rows) checkResult(row)
      return { rows: rows.map(({ lane, row: { item, ...row } }) => ({ ...named(lane), ...row })), next }
    }),

    dead: db.transaction((request: EngineRequest<'dead'>) => {
      const { rows, next } = page(request, selectDead, (lane, from, rows) => checkRows(db, lane, 'dead', from, rows))
      return {
        rows: rows.map(({ lane, row: { item, error, cause, ...row } }) => ({ ...named(lane), ...row, error: deadError({ error, cause }) })),
        next,
      }
    }),

    taskUsage(request) {
      const { rows, next } = page(request, selectTaskUsage)
      return { rows: rows.map(({ lane, row: { key, usage } }) => ({ key, ...named(lane), usage: JSON.parse(usage) as Amounts })), next }
    },

    usage({ filter }) {
      return { rows: selectUsage.all(allOf(filter)).map(({ usage, ...row }) => ({ ...row, usage: JSON.parse(usage) as Amounts })) }
    },

    quotaHistory({ name, since }) {
      return { samples: selectSamples.all(name, since).map((sample) => JSON.parse(sample) as QuotaSample) }
    },

    events({ after, ...request }) {
      const room = new Room(request.limit)
      const rows = room.fill(selectEvents.iterate({ ...eventFilter(request, room), after: numberOf(after ?? '0', after) }))
      return { ...eventPage(rows, room), ...(selectBounds.get() as { first: number; last: number }) }
    },

    latestEvents({ after, ...request }) {
      const room = new Room(request.limit)
      const before = after === null ? Number.MAX_SAFE_INTEGER : numberOf(after, after)
      return eventPage(room.fill(selectLatest.iterate({ ...eventFilter(request, room), before })), room)
    },

    ...checkReads(db),
    ...endedReads(db),
    deadErrors: errors.deadErrors,
    ...taskReads(db, errors),
    ...labelReads(db),
    ...historyReads(db),
    ...hostReads(db, fates),
  }
}

interface EventFilter {
  worker: string | null
  /** JSON array of types; null: all. */
  types: string | null
  limit: number
}

interface EventColumns {
  id: number
  host: string
  at: Time
  type: string
  worker: string | null
  payload: string
}

function eventFilter({ worker, types }: Pick<EngineRequest<'events'>, 'worker' | 'types'>, room: Room): EventFilter {
  return { worker: worker ?? null, types: types ? JSON.stringify(types) : null, limit: room.rows }
}

function eventPage(rows: EventColumns[], room: Room): Page<StoredEvent> {
  const last = room.isFull ? rows.at(-1) : undefined
  return { rows: rows.map(storedEvent), next: last ? String(last.id) : null }
}

function storedEvent({ payload, ...row }: EventColumns): StoredEvent {
  found(row.host, `the host of event ${row.id}`)
  return { ...row, payload: JSON.parse(payload) as unknown }
}

/** Values are passed on as text, so they are checked to be JSON. */
function checkResult({ value, worker, item }: Stored<ResultRow>): void {
  found(worker, `the worker that made the result of item ${item}`)
  checkJson(value, `the result of item ${item}`)
}

function skipped(skip = 0): number {
  if (Number.isSafeInteger(skip) && skip >= 0) return skip
  throw new DroverError('ARGUMENT_INVALID', `skip must be a whole number of 0 or more, got ${skip}`, { details: { skip } })
}
