/** Makes done tasks waiting again. The old result is kept as an attempt of the task. */
import type { EngineReply, EngineRequest } from '../../contract/engine.js'
import type { EngineContext } from '../engine-context.js'
import { lanesMatching } from '../reads/paging.js'
import type { Lanes } from '../registry/lanes.js'
import type { Attempts } from './attempts.js'

interface Done {
  item: number
  priority: number
  value: string
  attempt: number
  worker: number
  at: number
}

export function redoing({ db }: EngineContext, lanes: Lanes, attempts: Attempts) {
  const selectDone = db.prepare<[{ lane: number; keys: string; limit: number }], Done>(
    `SELECT r.item, i.priority, r.value, r.attempt, r.worker, r.committed_at AS at FROM lane l
     JOIN item i ON i.dataset = l.dataset AND i.key IN (SELECT value FROM json_each(@keys)) JOIN result r ON r.lane = l.id AND r.item = i.id
     WHERE l.id = @lane ORDER BY r.item LIMIT @limit`,
  )
  const startOver = db.prepare<[number, number]>('UPDATE attempt SET counts = 0 WHERE lane = ? AND item = ?')
  const deleteResult = db.prepare<[number, number]>('DELETE FROM result WHERE lane = ? AND item = ?')
  const insertRetry = db.prepare<[number, number, number, number]>(
    `INSERT INTO retry (lane, alone, due, rank, item, attempts, failures, crashes, interrupted) VALUES (?, 0, 0, ?, ?, ?, 0, 0, 0)`,
  )

  return {
    redo({ filter, keys }: EngineRequest<'redo'>): EngineReply<'redo'> {
      const reply: EngineReply<'redo'> = { count: 0, workers: [] }
      for (const { id } of lanesMatching(db, filter)) {
        const done = selectDone.all({ lane: id, keys: JSON.stringify(keys), limit: keys.length })
        if (done.length === 0) continue
        for (const { item, priority, value, attempt, worker, at } of done) {
          const message = 'its result was set aside, to be done again'
          const error = { name: 'ResultSetAside', message, details: { value: JSON.parse(value) as unknown } }
          startOver.run(id, item)
          attempts.note(id, item, { attempt, worker, outcome: 'done', error, at, counts: false })
          deleteResult.run(id, item)
          insertRetry.run(id, -priority, item, attempt)
        }
        const lane = lanes.read(id)
        lane.done -= done.length
        lane.retrying += done.length
        lanes.write(lane)
        reply.count += done.length
        reply.workers.push(...lanes.workersOf(id))
      }
      return reply
    },
  }
}
