/**
 * Listings and searches of single tasks. A page is read in two steps: first the next items (in the order of an index for each
 * state), then the state of each.
 */
import type Database from 'better-sqlite3'
import { DroverError, type ErrorRecord } from '../../../errors.js'
import type { EngineReply, EngineRequest } from '../../contract/engine.js'
import type { DatasetCounts, StoredTaskDetail, TaskAttempt, TaskRecord, TaskState } from '../../contract/single-tasks.js'
import { checkItems, checkRows } from '../check-rows.js'
import { deadError, withDeadError } from '../dead-errors.js'
import { Damage } from '../sqlite-errors.js'
import { candidates } from './candidates.js'
import { checkLanes, type LaneNames, lanesMatching, named, pageOf, Room } from './paging.js'
import { pastResultReads } from './past-results.js'

/** The most keys that a search reads for one page. */
const searchedAtOnce = 20_000
const tableOf = { done: 'result', dead: 'dead', retrying: 'retry', leased: 'lease' } as const
/** Keys in one query. */
const chunk = 1_000

type StoredTask = Omit<TaskRecord, 'dataset' | 'annotator' | 'domain' | 'error'> & {
  error: string | null
  cause: string | null
  result: string | null
}

type StoredAttempt = Omit<TaskAttempt, 'annotator' | 'domain' | 'error'> & { error: string | null }

/** Related reads run in one transaction. */
export function taskReads(db: Database.Database): {
  [Op in 'tasks' | 'task' | 'pastResults' | 'datasets']: (request: EngineRequest<Op>) => EngineReply<Op>
} {
  const selectTask = db.prepare<{ lane: number; item: number; value: 0 | 1 }, StoredTask>(
    `SELECT i.key, (SELECT name FROM worker WHERE lane = @lane ORDER BY id LIMIT 1) AS worker,
       CASE WHEN r.item IS NOT NULL THEN 'done' WHEN d.item IS NOT NULL THEN 'dead' WHEN t.item IS NOT NULL THEN 'retrying'
            WHEN l.item IS NOT NULL THEN 'leased' ELSE 'waiting' END AS state,
       -coalesce(t.rank, p.rank, -i.priority) AS priority,
       coalesce(r.attempt, d.attempt, t.attempts, l.attempt, 0) AS attempts,
       coalesce(t.failures, l.failures,
         (SELECT count(*) FROM attempt a WHERE a.lane = @lane AND a.item = i.id AND a.counts = 1)) AS failures,
       d.kind, CASE WHEN d.item IS NOT NULL THEN e.error WHEN t.item IS NOT NULL THEN
         (SELECT a.error FROM attempt a WHERE a.lane = @lane AND a.item = i.id AND a.outcome <> 'dropped' ORDER BY a.seq DESC LIMIT 1) END AS error,
       c.error AS cause,
       coalesce(r.committed_at, d.at, nullif(t.due, 0)) AS at, CASE WHEN @value THEN r.value END AS result
     FROM item i LEFT JOIN result r ON r.lane = @lane AND r.item = i.id LEFT JOIN dead d ON d.lane = @lane AND d.item = i.id ${withDeadError}
       LEFT JOIN retry t ON t.lane = @lane AND t.item = i.id LEFT JOIN placed p ON p.lane = @lane AND p.item = i.id
       LEFT JOIN lease l ON l.lane = @lane AND l.item = i.id WHERE i.id = @item`,
  )
  const selectItem = db.prepare<[string, string], { item: number; key: string; dataset: string; priority: number; data: string }>(
    `SELECT i.id AS item, i.key, d.name AS dataset, i.priority, i.data FROM item i JOIN dataset d ON d.id = i.dataset
     WHERE d.name = ? AND i.key = ?`,
  )
  const selectAttempts = db.prepare<{ lane: number; item: number }, StoredAttempt>(
    `SELECT a.attempt, coalesce(w.name, '') AS worker, a.outcome, a.error, a.at, a.seq FROM attempt a LEFT JOIN worker w ON w.id = a.worker
     WHERE a.lane = @lane AND a.item = @item
     UNION ALL
     SELECT r.attempt, w.name, 'done', NULL, r.committed_at, ${Number.MAX_SAFE_INTEGER} FROM result r JOIN worker w ON w.id = r.worker
     WHERE r.lane = @lane AND r.item = @item ORDER BY seq`,
  )
  const selectDatasets = db.prepare<[], DatasetCounts>(
    `SELECT d.name, d.items, count(l.id) AS lanes, coalesce(sum(l.done), 0) AS done, coalesce(sum(l.dead), 0) AS dead,
       coalesce(sum(l.leased), 0) AS leased, coalesce(sum(l.retrying), 0) AS retrying,
       coalesce(sum(min(coalesce(l.target, d.items), d.items)) FILTER (WHERE l.id IS NOT NULL), 0) AS total
     FROM dataset d LEFT JOIN lane l ON l.dataset = d.id GROUP BY d.id ORDER BY d.name`,
  )
  const selectFresh = db
    .prepare<[number], number>(
      'SELECT d.items - l.done - l.dead - l.leased - l.retrying FROM lane l JOIN dataset d ON d.id = l.dataset WHERE l.id = ?',
    )
    .pluck()
  const candidate = candidates(db)
  const past = pastResultReads(db)

  function taskOf(lane: LaneNames, item: number, room?: Room): TaskRecord {
    const found = selectTask.get({ lane: lane.id, item, value: 0 }) as StoredTask
    room?.take(found)
    const { result: _, error, cause, key, ...rest } = found
    return { key, ...named(lane), ...rest, error: rest.state === 'dead' ? deadError({ error, cause }) : parsed(error) }
  }

  /** Checks at the end of a lane's listing that no row was missing. */
  function ended(lane: number, state: TaskState | undefined, from: string | null, seen: number): void {
    if (state === undefined) checkItems(db, lane)
    else if (state === 'waiting') {
      const fresh = selectFresh.get(lane) as number
      if (from === null && seen !== fresh) throw new Damage(`lane ${lane} should have ${fresh} waiting tasks, but ${seen} are there`)
    } else checkRows(db, lane, tableOf[state], from === null ? 0 : Number(from), seen)
  }

  function tasks(request: EngineRequest<'tasks'>): EngineReply<'tasks'> {
    const { filter, search = '', kind } = request
    const state = request.state ?? (kind === undefined ? undefined : 'dead')
    if (kind !== undefined && state !== 'dead') throw new DroverError('ARGUMENT_INVALID', `kind needs the state dead, not ${state}`)
    const room = new Room(request.limit)
    const after = placeOf(request.after)
    const rows: TaskRecord[] = []
    let budget = search === '' && kind === undefined ? Number.POSITIVE_INFINITY : searchedAtOnce
    return pageOf(db, { filter, after: request.after }, (lanes) => {
      for (const lane of lanes) {
        if (lane.id < after.lane) continue
        let place = lane.id === after.lane ? after.place : null
        const from = place
        let seen = 0
        for (;;) {
          const wanted = Number.isFinite(budget) ? Math.min(chunk, budget) : Math.min(chunk, room.rows)
          const found = candidate(lane.id, state, place, wanted)
          seen += found.length
          for (const row of found) {
            place = row.place
            budget--
            if ((search !== '' && !row.key.includes(search)) || (kind !== undefined && row.kind !== kind)) continue
            rows.push(taskOf(lane, row.item, room))
            if (room.isFull) break
          }
          if (place !== null && (room.isFull || budget <= 0)) return { rows, next: `${lane.id}.${place}` }
          if (found.length < wanted) {
            ended(lane.id, state, from, seen)
            break
          }
        }
      }
      return { rows, next: null }
    })
  }

  function task({ dataset, key }: EngineRequest<'task'>): EngineReply<'task'> {
    const found = selectItem.get(dataset, key)
    if (!found) return { detail: null }
    const { item, ...rest } = found
    const detail: StoredTaskDetail = { ...rest, tasks: [], attempts: [] }
    checkLanes(db)
    for (const lane of lanesMatching(db, { dataset })) {
      const { result } = selectTask.get({ lane: lane.id, item, value: 1 }) as StoredTask
      detail.tasks.push({ ...taskOf(lane, item), result, pastResults: past.countOf(lane.id, item) })
      const { annotator, domain } = lane
      for (const attempt of past.attemptsOf(lane.id, item)) detail.attempts.push({ annotator, domain, ...attempt })
      for (const { attempt, worker, outcome, error, at } of selectAttempts.all({ lane: lane.id, item })) {
        detail.attempts.push({ annotator, domain, attempt, worker, outcome, error: parsed(error), at })
      }
    }
    detail.attempts.sort((a, b) => a.at - b.at || a.attempt - b.attempt)
    return { detail }
  }

  return {
    tasks: db.transaction(tasks),
    task: db.transaction(task),
    pastResults: past.pastResults,
    datasets: db.transaction(() => {
      checkLanes(db)
      return { datasets: selectDatasets.all() }
    }),
  }
}

function parsed(error: string | null): ErrorRecord | null {
  return error === null ? null : (JSON.parse(error) as ErrorRecord)
}

/** The position of a page's end: the lane, and a place in it, whose form depends on the order. */
function placeOf(after: string | null): { lane: number; place: string | null } {
  if (after === null) return { lane: 0, place: null }
  const [, lane, place] = /^(\d+)\.(.*)$/s.exec(after) ?? []
  if (lane !== undefined && place !== undefined) return { lane: Number(lane), place }
  throw new DroverError('ARGUMENT_INVALID', `"${after}" is not next of an earlier page`, { details: { after } })
}
