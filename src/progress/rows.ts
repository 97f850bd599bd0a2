/** Progress as texts. Pure: a picture in, text out. */

import type { SystemSums, WorkerStatus } from '../actors/system/status.js'
import type { WorkerState } from '../machines/lifecycle/states.js'
import { firstLine } from '../values/first-of.js'
import { interest, type Picture } from './picture.js'

/** One bar and the text around it. */
export interface Row {
  name: string
  done: number
  total: number
  /** Behind the bar. */
  facts: string
}

/** The rows that fit: the system first, then lanes: live ones, waiting ones, ended ones. */
export interface Rows {
  system: Row
  lanes: Row[]
  /** The other lanes in words; empty if all fit. */
  rest: string
}

/** @param picture of the system, with the lanes that fit */
export function progressRows({ lanes, rest, ...sums }: Picture, now: number): Rows {
  const left = Object.values(rest).reduce((sum, count) => sum + count, 0)
  return {
    system: { name: 'all', done: sums.done, total: sums.total, facts: facts(sums, sums.etaMs, stateCounts(sums.states)) },
    lanes: lanes.map((worker) => laneRow(worker, now)),
    rest: left === 0 ? '' : `and ${formatCount(left)} more: ${stateCounts(rest)}`,
  }
}

/** The whole system in one line. */
export function progressLine(status: SystemSums): string {
  const done = `${formatCount(status.done)} of ${formatCount(status.total)} done`
  const parts = [status.total > 0 ? `${done} (${Math.floor((100 * status.done) / status.total)} %)` : done]
  if (status.dead > 0) parts.push(`${formatCount(status.dead)} dead`)
  if (status.ratePerMinute > 0) parts.push(`${formatCount(Math.round(status.ratePerMinute))}/min`)
  if (status.etaMs !== null && status.etaMs > 0) parts.push(`${formatDuration(status.etaMs)} left`)
  return [parts.join(', '), stateCounts(status.states)].filter((part) => part !== '').join('; ')
}

function laneRow(worker: WorkerStatus, now: number): Row {
  const { done, dead, total } = worker.progress ?? { done: 0, dead: 0, total: 0 }
  const left = total - done - dead
  const etaMs = worker.ratePerMinute > 0 && left > 0 ? (left / worker.ratePerMinute) * 60_000 : null
  const restarts = worker.restarts > 0 ? `, ${worker.restarts} ${worker.restarts === 1 ? 'restart' : 'restarts'}` : ''
  return {
    name: worker.id,
    done,
    total,
    facts: worker.progress
      ? facts({ done, dead, total, ratePerMinute: worker.ratePerMinute }, etaMs, stateOf(worker, now) + restarts)
      : stateOf(worker, now) + restarts,
  }
}

function facts(counts: { done: number; dead: number; total: number; ratePerMinute: number }, etaMs: number | null, state: string): string {
  const dead = counts.dead > 0 ? ` +${formatCount(counts.dead)} dead` : ''
  return [
    `${formatCount(counts.done)}/${formatCount(counts.total)}${dead}`.padEnd(13),
    (counts.ratePerMinute > 0 ? `${formatCount(Math.round(counts.ratePerMinute))}/min` : '').padStart(10),
    (etaMs !== null && etaMs > 0 ? formatDuration(etaMs) : '').padStart(9),
    ` ${state}`,
  ].join(' ')
}

function stateOf({ state, activity, until, reason }: WorkerStatus, now: number): string {
  if (state === 'running' && activity !== null && activity !== 'working') return `running, ${activity}`
  if ((state === 'backoff' || state === 'parked') && until !== null) return `${state} for ${formatDuration(Math.max(0, until - now))}`
  if (state === 'blacklisted' || state === 'stuck') return `${state}: ${firstLine(reason)}`
  return state
}

function stateCounts(states: SystemSums['states']): string {
  const entries = Object.entries(states).filter(([, count]) => count > 0) as [WorkerState, number][]
  entries.sort(([a], [b]) => interest[a] - interest[b])
  return entries.map(([state, count]) => `${formatCount(count)} ${state}`).join(', ')
}

function formatCount(count: number): string {
  return count.toLocaleString('en-US')
}

/** Two units at most: `45 s`, `3 min 20 s`, `2 h 5 min`, `1 d 3 h`. */
export function formatDuration(ms: number): string {
  const seconds = Math.round(ms / 1_000)
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3_600) return join(Math.floor(seconds / 60), 'min', seconds % 60, 's')
  const minutes = Math.round(seconds / 60)
  if (minutes < 24 * 60) return join(Math.floor(minutes / 60), 'h', minutes % 60, 'min')
  const hours = Math.round(minutes / 60)
  return join(Math.floor(hours / 24), 'd', hours % 24, 'h')
}

function join(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`
}
