/** Makes dead tasks waiting again, with fresh counters; the numbers of attempts continue. */
import type { EngineReply, EngineRequest } from '../../contract/engine.js'
import type { EngineContext } from '../engine-context.js'
import { lanesMatching } from '../reads/paging.js'
import type { Lanes } from '../registry/lanes.js'

interface Chosen {
  lane: number
  /** JSON array of keys; null: all. */
  keys: string | null
}

export function redriving({ db }: EngineContext, lanes: Lanes) {
  const chosen = '(@keys IS NULL OR i.key IN (SELECT value FROM json_each(@keys)))'
  const insertRetries = db.prepare<[Chosen]>(
    `INSERT INTO retry (lane, alone, due, rank, item, attempts, failures, crashes, interrupted)
     SELECT d.lane, 0, 0, -i.priority, d.item, d.attempt, 0, 0, 0 FROM dead d JOIN item i ON i.id = d.item WHERE d.lane = @lane AND ${chosen}`,
  )
  const startOver = db.prepare<[Chosen]>(
    `UPDATE attempt SET counts = 0 WHERE lane = @lane AND item IN (SELECT d.item FROM dead d JOIN item i ON i.id = d.item WHERE d.lane = @lane AND ${chosen})`,
  )
  const deleteDead = db.prepare<[Chosen]>(
    `DELETE FROM dead WHERE lane = @lane AND item IN (SELECT d.item FROM dead d JOIN item i ON i.id = d.item WHERE d.lane = @lane AND ${chosen})`,
  )

  return {
    redrive({ filter, keys }: EngineRequest<'redrive'>): EngineReply<'redrive'> {
      const only = keys && JSON.stringify(keys)
      const reply: EngineReply<'redrive'> = { redriven: 0, workers: [] }
      for (const { id } of lanesMatching(db, filter)) {
        const count = insertRetries.run({ lane: id, keys: only }).changes
        if (count === 0) continue
        startOver.run({ lane: id, keys: only })
        deleteDead.run({ lane: id, keys: only })
        const lane = lanes.read(id)
        lane.dead -= count
        lane.retrying += count
        lanes.write(lane)
        reply.redriven += count
        reply.workers.push(...lanes.workersOf(id))
      }
      return reply
    },
  }
}
