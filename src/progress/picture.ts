/** What progress shows of a system: its sums, and the workers that fit. Of all others no more than a glance is needed. */
import { addTo, noTotals, type SystemSums, type WorkerStatus } from '../actors/system/status.js'
import type { SystemView } from '../actors/system/view.js'
import type { WorkerState } from '../machines/lifecycle/states.js'
import { mostInPiece } from '../time/turns.js'

export interface Picture extends SystemSums {
  /** In the order of the configuration: live ones before waiting ones, waiting ones before ended ones, as far as they fit. */
  lanes: WorkerStatus[]
  /** The number of the others in each state. */
  rest: SystemSums['states']
}

/** Rank of a state; lower ranks are shown first. */
export const interest: Record<WorkerState, number> = {
  stuck: 0,
  crashed: 0,
  running: 1,
  starting: 1,
  stopping: 1,
  paused: 2,
  backoff: 2,
  parked: 2,
  blacklisted: 2,
  queued: 3,
  idle: 4,
  stopped: 4,
  completed: 5,
}

/** The part of a system's view that a picture is made from. */
export type Viewed = Pick<SystemView, 'size' | 'glances' | 'worker' | 'sums'>

/**
 * Looks at all workers, some in each piece.
 *
 * @param limit the number of rows that fit, including the system's and the rest's
 */
export function* pictureOf(view: Viewed, limit: number): Generator<void, Picture, void> {
  const totals = noTotals()
  // Ranked only if some do not fit, because moving rows are hard to read.
  const fits = view.size + 1 <= limit
  const most = fits ? view.size : Math.max(0, limit - 2)
  const ranks: { id: string; place: number; state: WorkerState }[][] = []
  let place = 0
  for (const glance of view.glances()) {
    addTo(totals, glance)
    const { id, state } = glance
    ranks[interest[state]] ??= []
    const rank = ranks[interest[state]] as (typeof ranks)[number]
    if (rank.length < most) rank.push({ id, place, state })
    if (++place % mostInPiece === 0) yield
  }
  const shown = ranks
    .flat()
    .slice(0, most)
    .sort((a, b) => a.place - b.place)
  const rest = { ...totals.states }
  for (const { state } of shown) rest[state] = (rest[state] ?? 0) - 1
  // A worker may have been removed between two pieces.
  return { ...view.sums(totals), rest, lanes: shown.flatMap(({ id }) => view.worker(id) ?? []) }
}
