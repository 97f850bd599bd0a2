/**
 * How much each worker did, by the minute, for a day. Counted in the transaction that changes the tasks, so that no crash loses or
 * doubles anything, and several hosts add up. After an hour, minutes are added up to ten: the table is bounded by the number of workers.
 */
import type { Time } from '../../contract/basics.js'
import { historySteps } from '../../contract/history-steps.js'
import type { HistoryCounts } from '../../contract/reads.js'
import type { EngineContext } from '../engine-context.js'

export type History = ReturnType<typeof history>

const { short: minuteMs } = historySteps
/** In minutes. */
const [longStep, hour, kept] = [historySteps.long / minuteMs, historySteps.shortFor / minuteMs, historySteps.keptFor / minuteMs]

export function history({ db, wall }: EngineContext) {
  const add = db.prepare<[number, number, number, number, number, number]>(
    `INSERT INTO history (minute, worker, results, failed, dead, restarts) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
     results = results + excluded.results, failed = failed + excluded.failed, dead = dead + excluded.dead, restarts = restarts + excluded.restarts`,
  )
  const short = `minute < @before AND minute % ${longStep} <> 0`
  const sum = db.prepare<{ before: number }>(
    `INSERT INTO history (minute, worker, results, failed, dead, restarts)
     SELECT minute / ${longStep} * ${longStep}, worker, sum(results), sum(failed), sum(dead), sum(restarts) FROM history WHERE ${short} GROUP BY 1, 2
     ON CONFLICT DO UPDATE SET results = results + excluded.results, failed = failed + excluded.failed, dead = dead + excluded.dead,
     restarts = restarts + excluded.restarts`,
  )
  const deleteShort = db.prepare<{ before: number }>(`DELETE FROM history WHERE ${short}`)
  const deleteBefore = db.prepare<[number]>('DELETE FROM history WHERE minute < ?')
  const deleteAfter = db.prepare<[number]>('DELETE FROM history WHERE minute > ?')
  let tidied = 0

  /** Every ten minutes there is something to add up or delete. */
  function tidy(): void {
    const minute = Math.floor(wall() / minuteMs)
    const turn = Math.floor(minute / longStep)
    if (turn === tidied) return
    tidied = turn
    const before = turn * longStep - hour
    deleteBefore.run(turn * longStep - kept)
    // A clock that was set back has left rows of a future behind, which nobody would ever see.
    deleteAfter.run(minute + kept)
    if (sum.run({ before }).changes > 0) deleteShort.run({ before })
  }

  return {
    /** @param worker its row */
    add(worker: number, at: Time, { results = 0, failed = 0, dead = 0, restarts = 0 }: Partial<HistoryCounts>): void {
      if (results + failed + dead + restarts === 0) return
      add.run(Math.floor(at / minuteMs), worker, results, failed, dead, restarts)
      tidy()
    },
  }
}
