/**
 * Listings and searches of single tasks. A page is read in two steps: first the next items (in the order of an index for each
 * state), then the state of each.
 */
import type Database from 'better-sqlite3'
import { DroverError, type ErrorRecord } from '../../../errors.js'
import type { EngineReply, EngineRequest } from '../../contract/engine.js'
import type {
  DatasetCounts,
  StoredTaskDetail,
  TaskAttempt,
  TaskFilter,
  TaskName,
  TaskRecord,
  TaskState,
} from '../../contract/single-tasks.js'
import { checkItems, checkRows } from '../check-rows.js'
import { deadError, withDeadError } from '../dead-errors.js'
import { Damage } from '../sqlite-errors.js'
import { candidates } from './candidates.js'
import type { ErrorReads } from './errors.js'
import { asksForKeys, type DeadOnly } from './key-ranges.js'
import { keySearch } from './key-search.js'
import { checkLanes, type LaneNames, lanesMatching, named, pageOf, Room } from './paging.js'
import { pastResultReads } from './past-results.js'
import { laneCounts, noCounts, searchCounts } from './task-counts.js'

/** The most dead tasks whose kind is looked at for one page. */
const lookedAtAtOnce = 20_000
const tableOf = { done: 'result', dead: 'dead', retrying: 'retry', leased: 'lease' } as const
/** Keys in one query. */
const chunk = 1_000

type StoredTask = Omit<TaskRecord, 'dataset' | 'annotator' | 'domain' | 'error'> & {
  error: string | null
  cause: string | null
  result: string | null
}

type Take = (lane: LaneNames, item: number, key: string) => void

type StoredAttempt = Omit<TaskAttempt, 'annotator' | 'domain' | 'error'> & { error: string | null }

/** Related reads run in one transaction. */
export function taskReads(
  db: Database.Database,
  errors: ErrorReads,
): {
  [Op in 'tasks' | 'taskNames' | 'taskCounts' | 'task' | 'pastResults' | 'datasets']: (request: EngineRequest<Op>) => EngineReply<Op>
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
  const search = keySearch(db, candidate)
  const countsOf = laneCounts(db)
  const countFound = searchCounts(db)

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

  /** A page of the tasks that match. @param take takes a task into the page */
  function page(request: EngineRequest<'tasks'>, room: Room, take: Take): string | null {
    const asked = deadOnes(request)
    return pageOf(db, { filter: request.filter, after: request.after }, (lanes) => {
      const only = onlyOf(asked, lanes)
      return { next: asksForKeys(asked) ? byKey(asked, only, lanes, room, take) : byLane(asked, only, lanes, room, take) }
    }).next
  }

  function byKey(request: EngineRequest<'tasks'>, only: DeadOnly, lanes: LaneNames[], room: Room, take: Take): string | null {
    const { found, next } = search.page(lanes, request, only, request.after, room.rows)
    for (const [index, { lane, item, key, place }] of found.entries()) {
      take(lane, item, key)
      if (room.isFull && index < found.length - 1) return place
    }
    return next
  }

  function byLane(request: EngineRequest<'tasks'>, only: DeadOnly, lanes: LaneNames[], room: Room, take: Take): string | null {
    const { state, kind } = request
    const after = placeOf(request.after)
    let budget = kind === undefined ? Number.POSITIVE_INFINITY : lookedAtAtOnce
    for (const lane of lanes) {
      if (lane.id < after.lane) continue
      let place = lane.id === after.lane ? after.place : null
      const from = place
      let seen = 0
      for (;;) {
        const wanted = Number.isFinite(budget) ? Math.min(chunk, budget) : Math.min(chunk, room.rows)
        const found = candidate(lane.id, state, place, wanted, only.errors)
        seen += found.length
        for (const row of found) {
          place = row.place
          budget--
          if (kind !== undefined && row.kind !== kind) continue
          take(lane, row.item, row.key)
          if (room.isFull) break
        }
        if (place !== null && (room.isFull || budget <= 0)) return `${lane.id}.${place}`
        if (found.length < wanted) {
          if (only.errors === null) ended(lane.id, state, from, seen)
          break
        }
      }
    }
    return null
  }

  /** @throws DroverError ARGUMENT_INVALID if something is asked of dead tasks, and of another state */
  function deadOnes<Request extends TaskFilter>(request: Request): Request {
    const { state, kind, errors: groups, code } = request
    const what = kind !== undefined ? 'kind' : groups !== undefined ? 'errors' : code !== undefined ? 'code' : null
    if (what === null) return request
    if (state !== undefined && state !== 'dead') throw new DroverError('ARGUMENT_INVALID', `${what} needs the state dead, not ${state}`)
    return { ...request, state: 'dead' }
  }

  function onlyOf({ kind, errors: groups, code }: TaskFilter, lanes: readonly LaneNames[]): DeadOnly {
    const coded = code === undefined ? undefined : errors.groupsOf(lanes, code)
    const both = groups && coded ? groups.filter((id) => coded.includes(id)) : (groups ?? coded)
    return { kind: kind ?? null, errors: both ? JSON.stringify(both) : null }
  }

  function tasks(request: EngineRequest<'tasks'>): EngineReply<'tasks'> {
    const room = new Room(request.limit)
    const rows: TaskRecord[] = []
    const next = page(request, room, (lane, item) => rows.push(taskOf(lane, item, room)))
    return { rows, next }
  }

  function taskNames(request: EngineRequest<'taskNames'>): EngineReply<'taskNames'> {
    const room = new Room(request.limit)
    const rows: TaskName[] = []
    const next = page(request, room, (lane, _item, key) => {
      const row = { key, ...named(lane) }
      room.take(row)
      rows.push(row)
    })
    return { rows, next }
  }

  function taskCounts(request: EngineRequest<'taskCounts'>): EngineReply<'taskCounts'> {
    const asked = deadOnes(request)
    checkLanes(db)
    const lanes = lanesMatching(db, asked.filter)
    const only = onlyOf(asked, lanes)
    const { counts, next } = asksForKeys(asked) ? countFound(lanes, asked, only, asked.after) : countsOf(lanes, only)
    const { state } = asked
    if (state === undefined) return { counts, next }
    return { counts: { ...noCounts, [state]: counts[state], dropped: state === 'dead' ? counts.dropped : 0 }, next }
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
    taskNames: db.transaction(taskNames),
    taskCounts: db.transaction(taskCounts),
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
