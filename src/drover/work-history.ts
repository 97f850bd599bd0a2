/** What was done over the last hour or day, for users. */
import { historySteps } from '../store/contract/history-steps.js'
import type { HistoryRow } from '../store/contract/reads.js'
import type { Reader } from '../store/read-pool/reader.js'
import { wholeNumber } from '../validation/arguments.js'
import { type ReadOptions, signalOf } from '../validation/read-options.js'
import { checkLanes, type LaneQuery } from './lane-query.js'

const { short, shortFor, long, keptFor } = historySteps

/** The query of {@link Drover.workHistory}; all given parts must match. */
export interface WorkHistoryQuery extends LaneQuery, ReadOptions {
  /** How far back, in ms: 60_000 (a minute) to 86_400_000 (a day). @defaultValue 3_600_000, an hour */
  lastMs?: number
}

/** What was done, in steps of time. */
export interface WorkHistory {
  /** Length of a step in ms: a minute, or ten where more than an hour was asked for. */
  stepMs: number
  /** When it was read, in ms since the epoch: the last step goes to here. */
  until: number
  /** Every step, oldest first, also those in which nothing was done. */
  steps: HistoryRow[]
}

/** @param now ms since the epoch */
export async function readHistory(reader: Reader, query: WorkHistoryQuery, now = Date.now()): Promise<WorkHistory> {
  const filter = checkLanes('the query', query, ['lastMs', 'signal'])
  const span = wholeNumber('lastMs', query.lastMs ?? shortFor, short, keptFor)
  const stepMs = span > shortFor ? long : short
  const last = Math.floor(now / stepMs)
  const first = last + 1 - Math.ceil(span / stepMs)
  const { rows } = await reader.read('history', { filter, from: first * stepMs, until: (last + 1) * stepMs, stepMs }, signalOf(query))
  const known = new Map(rows.map((row) => [row.at, row]))
  const steps = Array.from({ length: last + 1 - first }, (_, index): HistoryRow => {
    const at = (first + index) * stepMs
    return known.get(at) ?? { at, results: 0, failed: 0, dead: 0, restarts: 0 }
  })
  return { stepMs, until: now, steps }
}
