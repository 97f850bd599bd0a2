/**
 * The counters of a lane. They are read at the start of an operation, changed in memory and written once at its end; the
 * transaction excludes other processes.
 */

import type { LaneCounts } from '../../contract/registry.js'
import type { EngineContext } from '../engine-context.js'

/** A lane as stored; see the notes on the table in `schema.ts`. */
export interface Lane {
  readonly id: number
  readonly dataset: number
  readonly target: number | null
  /** Items of the dataset. */
  readonly items: number
  top: number | null
  done: number
  dead: number
  leased: number
  retrying: number
  skips: number
  placed: number
}

export type Lanes = ReturnType<typeof lanes>

type LaneRow = [number, number, number | null, number, number | null, number, number, number, number, number, number]

/** Items that were never handed out, including placed ones. */
export function freshItems(lane: Lane): number {
  return lane.items - lane.done - lane.dead - lane.leased - lane.retrying
}

/** Number of further tasks that the lane's target allows. */
export function allowance(lane: Lane): number {
  return lane.target === null ? Number.POSITIVE_INFINITY : Math.max(0, lane.target - lane.done - lane.leased)
}

/** Whether no task is left or running. Dead tasks do not count towards the target: other tasks replace them. */
export function isComplete(lane: Lane): boolean {
  if (lane.leased > 0) return false
  return (lane.target !== null && lane.done >= lane.target) || (lane.retrying === 0 && freshItems(lane) === 0)
}

export function countsOf(worker: string, lane: Lane): LaneCounts {
  const { done, dead, leased, retrying } = lane
  return { worker, total: Math.min(lane.target ?? lane.items, lane.items), done, dead, leased, retrying, complete: isComplete(lane) }
}

export function lanes({ db, touched }: EngineContext) {
  const selectLane = db
    .prepare<[number], LaneRow>(
      `SELECT l.id, l.dataset, l.target, d.items, l.top, l.done, l.dead, l.leased, l.retrying, l.skips, l.placed
       FROM lane l JOIN dataset d ON d.id = l.dataset WHERE l.id = ?`,
    )
    .raw()
  const updateLane = db.prepare<[number | null, number, number, number, number, number, number, number]>(
    'UPDATE lane SET top = ?, done = ?, dead = ?, leased = ?, retrying = ?, skips = ?, placed = ? WHERE id = ?',
  )
  const selectLanesOfDataset = db.prepare<[number], number>('SELECT id FROM lane WHERE dataset = ?').pluck()
  const selectWorkers = db.prepare<[number], string>('SELECT name FROM worker WHERE lane = ?').pluck()

  function read(id: number): Lane {
    const row = selectLane.get(id)
    if (!row) throw new Error(`lane ${id} is not in the store`)
    const [, dataset, target, items, top, done, dead, leased, retrying, skips, placed] = row
    return { id, dataset, target, items, top, done, dead, leased, retrying, skips, placed }
  }

  return {
    read,

    /** Counts of the lanes that changed since the last call, at most of so many: the others come at the next calls. */
    takeTouched(most: number): LaneCounts[] {
      const counts: LaneCounts[] = []
      // Those that changed first come first: one that changes again keeps its place.
      for (const id of touched) {
        if (counts.length >= most) break
        touched.delete(id)
        counts.push(...selectWorkers.all(id).map((worker) => countsOf(worker, read(id))))
      }
      return counts
    },

    write(lane: Lane): void {
      updateLane.run(lane.top, lane.done, lane.dead, lane.leased, lane.retrying, lane.skips, lane.placed, lane.id)
      touched.add(lane.id)
    },

    /** The dataset's size changed, and with it the totals of its lanes. */
    touchDataset(dataset: number): void {
      for (const id of selectLanesOfDataset.all(dataset)) touched.add(id)
    },

    /** Names of the workers that a lane is declared for. */
    workersOf(id: number): string[] {
      return selectWorkers.all(id)
    },
  }
}
