/** Tasks that are moved by hand: made due, given up, given another priority. Leased and done ones stay as they are. */
import type { ErrorRecord } from '../../../errors.js'
import type { EngineReply, EngineRequest } from '../../contract/engine.js'
import type { LaneFilter } from '../../contract/registry.js'
import type { EngineContext } from '../engine-context.js'
import { lanesMatching } from '../reads/paging.js'
import type { Lane, Lanes } from '../registry/lanes.js'
import type { Attempts } from './attempts.js'
import type { Fresh } from './fresh-items.js'
import { type Tasks, turns } from './leases.js'

interface Parts {
  lanes: Lanes
  tasks: Tasks
  fresh: Fresh
  attempts: Attempts
}

type Drop = EngineRequest<'drop'>
type Item = [item: number, priority: number]
type Victim = [item: number, attempts: number, diedOf: number | null, value: string | null]

interface Chosen {
  lane: number
  dataset: number
  /** JSON array of keys; null: all. */
  keys: string | null
}

export function taskControl({ db, now, wall }: EngineContext, { lanes, tasks, fresh, attempts }: Parts) {
  const among = (column: string): string =>
    `(@keys IS NULL OR ${column} IN (SELECT id FROM item WHERE dataset = @dataset AND key IN (SELECT value FROM json_each(@keys))))`
  const promote = db.prepare<[Chosen & { now: number }]>(
    `UPDATE retry SET due = 0, alone = CASE alone WHEN ${turns.behind} THEN ${turns.ordinary} ELSE alone END
     WHERE lane = @lane AND due > @now AND ${among('item')}`,
  )
  const selectRetrying = db
    .prepare<[Chosen & { limit: number }], Victim>(
      `SELECT item, attempts, NULL, NULL FROM retry WHERE lane = @lane AND ${among('item')} ORDER BY item LIMIT @limit`,
    )
    .raw()
  const selectDead = db
    .prepare<[Chosen & { limit: number }], Victim>(
      `SELECT item, attempt, seq, value FROM dead WHERE lane = @lane AND kind <> 'dropped' AND ${among('item')} ORDER BY item LIMIT @limit`,
    )
    .raw()
  const deleteRetry = db.prepare<[number, number]>('DELETE FROM retry WHERE lane = ? AND item = ?')
  const deleteDead = db.prepare<[number, number]>('DELETE FROM dead WHERE lane = ? AND item = ?')
  const selectItems = db
    .prepare<[number, string], Item>(
      'SELECT id, priority FROM item WHERE dataset = ? AND key IN (SELECT value FROM json_each(?)) ORDER BY id',
    )
    .raw()
  const updateRank = db.prepare<[number, number, number]>('UPDATE retry SET rank = ? WHERE lane = ? AND item = ?')
  const selectDataset = db.prepare<[string], number>('SELECT id FROM dataset WHERE name = ?').pluck()
  const updatePriority = db.prepare<[number, number]>('UPDATE item SET priority = ? WHERE id = ?')
  const leaveLevel = db.prepare<[number, number]>('UPDATE level SET items = items - 1 WHERE dataset = ? AND priority = ?')
  const joinLevel = db.prepare<[number, number, number]>(
    `INSERT INTO level (dataset, priority, items, last) VALUES (?, ?, 1, ?)
     ON CONFLICT DO UPDATE SET items = items + 1, last = max(last, excluded.last)`,
  )
  const selectWorker = db.prepare<[number], number>('SELECT id FROM worker WHERE lane = ? ORDER BY id LIMIT 1').pluck()

  /** Runs `work` for each lane that matches, and writes the changed lanes. */
  function inLanes(filter: LaneFilter, work: (lane: Lane) => number): { count: number; workers: string[] } {
    const reply = { count: 0, workers: [] as string[] }
    for (const { id } of lanesMatching(db, filter)) {
      const lane = lanes.read(id)
      const { skips } = lane
      const count = work(lane)
      if (count > 0 || lane.skips !== skips) lanes.write(lane)
      if (count === 0) continue
      reply.count += count
      reply.workers.push(...lanes.workersOf(id))
    }
    return reply
  }

  function bury(lane: Lane, victims: Victim[], error: ErrorRecord, worker: number): number {
    const at = wall()
    for (const [item, attempt, diedOf, value] of victims) {
      const seq = attempts.note(lane.id, item, { attempt, worker, outcome: 'dropped', error, at, counts: false })
      tasks.drop(lane, item, attempt, seq, diedOf, value, worker, at)
    }
    return victims.length
  }

  function dropFrom(lane: Lane, { state, keys, error }: Drop, limit: number): number {
    const worker = selectWorker.get(lane.id) ?? 0
    const chosen = { lane: lane.id, dataset: lane.dataset, keys: keys && JSON.stringify(keys), limit }
    if (state === 'waiting') {
      let count = 0
      const give = (items: number[]): void => {
        count += bury(
          lane,
          items.map((item) => [item, 0, null, null]),
          error,
          worker,
        )
      }
      if (chosen.keys === null) fresh.take(lane, limit, (items) => give(items.map(([item]) => item)))
      else
        give(selectItems.all(lane.dataset, chosen.keys).flatMap(([item, priority]) => (fresh.takeOne(lane, item, priority) ? [item] : [])))
      return count
    }
    const victims = state === 'dead' ? selectDead.all(chosen) : selectRetrying.all(chosen)
    for (const [item] of victims) {
      if (state === 'dead') lane.dead -= deleteDead.run(lane.id, item).changes
      else lane.retrying -= deleteRetry.run(lane.id, item).changes
    }
    return bury(lane, victims, error, worker)
  }

  return {
    promote({ filter, keys }: EngineRequest<'promote'>): EngineReply<'promote'> {
      const at = now()
      return inLanes(
        filter,
        (lane) => promote.run({ lane: lane.id, dataset: lane.dataset, keys: keys && JSON.stringify(keys), now: at }).changes,
      )
    },

    drop(request: Drop): EngineReply<'drop'> {
      let left = request.limit
      const reply = inLanes(request.filter, (lane) => {
        if (left <= 0) return 0
        const count = dropFrom(lane, request, left)
        left -= count
        return count
      })
      return { ...reply, more: left <= 0 }
    },

    prioritise({ filter, keys, priority }: EngineRequest<'prioritise'>): EngineReply<'prioritise'> {
      const dataset = selectDataset.get(filter.dataset)
      if (dataset === undefined) return { count: 0, workers: [] }
      const items = selectItems.all(dataset, JSON.stringify(keys))
      const whole = filter.annotator === undefined && filter.domain === undefined && filter.worker === undefined
      const reply = inLanes(filter, (lane) => {
        let count = 0
        for (const [item, own] of items) {
          if (fresh.takeOne(lane, item, own)) {
            fresh.place(lane, item, priority)
            count++
          } else {
            count += updateRank.run(-priority, lane.id, item).changes
          }
          if (whole && own !== priority) fresh.moved(lane, item, own, priority)
        }
        return count
      })
      if (whole) {
        for (const [item, own] of items) {
          if (own === priority) continue
          updatePriority.run(priority, item)
          leaveLevel.run(dataset, own)
          joinLevel.run(dataset, priority, item)
        }
      }
      return reply
    },
  }
}
