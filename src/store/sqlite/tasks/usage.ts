/** Amounts used by calls, added up by worker and by task. */

import type { Amounts } from '../../contract/quotas.js'
import type { EngineContext } from '../engine-context.js'

export type Usages = ReturnType<typeof usages>

export function usages({ db }: EngineContext) {
  const selectWorker = db.prepare<[string], number>('SELECT id FROM worker WHERE name = ?').pluck()
  const addToWorker = db.prepare<[number, string, number]>(
    'INSERT INTO usage (worker, unit, amount) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET amount = amount + excluded.amount',
  )
  const addToTask = db.prepare<[number, number, string, number]>(
    'INSERT INTO task_usage (lane, item, unit, amount) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET amount = amount + excluded.amount',
  )
  const deleteOfLane = db.prepare<[number]>('DELETE FROM task_usage WHERE lane = ?')

  function add(worker: number, usage: Amounts, addTo: (unit: string, amount: number) => void): void {
    for (const [unit, amount] of Object.entries(usage)) {
      if (!Number.isFinite(amount) || amount === 0) continue
      addToWorker.run(worker, unit, amount)
      addTo(unit, amount)
    }
  }

  return {
    addTask(worker: number, lane: number, item: number, usage: Amounts): void {
      add(worker, usage, (unit, amount) => addToTask.run(lane, item, unit, amount))
    },

    addWorker(name: string, usage: Amounts): void {
      const worker = selectWorker.get(name)
      if (worker !== undefined) add(worker, usage, () => {})
    },

    /** Deletes the amounts of a lane's tasks; the worker's sums stay, because they were spent. */
    forget(lane: number): void {
      deleteOfLane.run(lane)
    },
  }
}
