/** Makes done tasks waiting again. The old result is set aside, and stays among the past results of the task. */
import type { Time } from '../../contract/basics.js'
import type { EngineReply, EngineRequest } from '../../contract/engine.js'
import type { EngineContext } from '../engine-context.js'
import type { LabelPages } from '../label-pages.js'
import { lanesMatching } from '../reads/paging.js'
import type { Lanes } from '../registry/lanes.js'

type Done = [item: number, priority: number, attempt: number]

interface Chosen {
  lane: number
  /** JSON array of keys. */
  keys: string
  call: string
}

export function redoing({ db, wall }: EngineContext, lanes: Lanes, labels: LabelPages) {
  const chosen = 'FROM lane l JOIN item i ON i.dataset = l.dataset AND i.key IN (SELECT value FROM json_each(@keys))'
  const setAsideBy = `EXISTS (SELECT 1 FROM past_result p WHERE p.lane = @lane AND p.item = i.id AND p.call = @call)`
  const selectDone = db
    .prepare<[Chosen], Done>(
      `SELECT r.item, i.priority, r.attempt ${chosen} JOIN result r ON r.lane = l.id AND r.item = i.id
       WHERE l.id = @lane AND NOT ${setAsideBy} ORDER BY r.item`,
    )
    .raw()
  const countSetAside = db.prepare<[Chosen], number>(`SELECT count(*) ${chosen} WHERE l.id = @lane AND ${setAsideBy}`).pluck()
  const startOver = db.prepare<[number, number]>('UPDATE attempt SET counts = 0 WHERE lane = ? AND item = ?')
  const setAside = db.prepare<{ lane: number; item: number; at: Time; call: string }>(
    `INSERT INTO past_result (lane, item, seq, value, attempt, worker, committed_at, set_aside_at, call)
     SELECT lane, item, (SELECT coalesce(max(seq), 0) + 1 FROM past_result WHERE lane = @lane AND item = @item), value, attempt, worker,
       committed_at, @at, @call FROM result WHERE lane = @lane AND item = @item`,
  )
  const deleteResult = db.prepare<[number, number]>('DELETE FROM result WHERE lane = ? AND item = ?')
  const insertRetry = db.prepare<[number, number, number, number]>(
    `INSERT INTO retry (lane, alone, due, rank, item, attempts, failures, crashes, interrupted) VALUES (?, 0, 0, ?, ?, ?, 0, 0, 0)`,
  )

  return {
    redo({ filter, keys, call }: EngineRequest<'redo'>): EngineReply<'redo'> {
      const reply: EngineReply<'redo'> = { count: 0, workers: [] }
      const at = wall()
      for (const { id } of lanesMatching(db, filter)) {
        const which = { lane: id, keys: JSON.stringify(keys), call }
        const done = selectDone.all(which)
        for (const [item, priority, attempt] of done) {
          startOver.run(id, item)
          setAside.run({ lane: id, item, at, call })
          deleteResult.run(id, item)
          insertRetry.run(id, -priority, item, attempt)
        }
        if (done.length > 0) {
          labels.forget(
            id,
            done.map(([item]) => item),
          )
          const lane = lanes.read(id)
          lane.done -= done.length
          lane.retrying += done.length
          lanes.write(lane)
        }
        const count = countSetAside.get(which) ?? 0
        if (count === 0) continue
        reply.count += count
        reply.workers.push(...lanes.workersOf(id))
      }
      return reply
    },
  }
}
