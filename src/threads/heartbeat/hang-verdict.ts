/**
 * Decides from readings of a thread's beats whether it is stuck. Pure. Silence is counted in scans, not by the clock: a late scan
 * (the host was starved, suspended, or blocked) counts no more than one on time, so no worker is killed because the host slept.
 * Time in which the thread waited for a core does not count either.
 */

import { countedMs } from '../../time/patient-timer.js'
import { duration } from '../../values/duration.js'
import type { BeatReading } from './beats.js'

export interface WatchLimits {
  /** Stuck after this time without a beat, in ms. */
  timeoutMs: number
  /** Stuck after this time of work without progress, in ms. */
  progressTimeoutMs: number
}

/** The state of a thread's watch between scans. */
export interface Watch {
  beats: number
  progress: number
  /** Silence counted so far, in ms. */
  silentMs: number
  /** Work without progress counted so far, in ms. */
  stalledMs: number
  /** Time for which the thread had waited for a core at its last beat, in ms. */
  starvedAtBeat: number
  /** The same at its last progress. */
  starvedAtProgress: number
}

export type WatchVerdict = { kind: 'heartbeat-lost' | 'progress-stalled'; message: string; silentMs: number } | null

/** A starved thread is stuck at the latest after this multiple of its limit. */
export const patience = 20

/** @param starvedMs how long the thread has waited for a core since it began */
export function beginWatch(reading: BeatReading, starvedMs: number): Watch {
  const { beats, progress } = reading
  return { beats, progress, silentMs: 0, stalledMs: 0, starvedAtBeat: starvedMs, starvedAtProgress: starvedMs }
}

/**
 * One scan: updates the watch and gives the verdict.
 *
 * @param elapsedMs time since the scan before, as {@link countedMs} gives it
 * @param starvedMs how long the thread has waited for a core since it began
 */
export function scan(watch: Watch, reading: BeatReading, elapsedMs: number, limits: WatchLimits, starvedMs: number): WatchVerdict {
  const moved = reading.progress !== watch.progress
  const beaten = moved || reading.beats !== watch.beats
  const working = reading.phase === 'working' && !moved
  watch.silentMs = beaten ? 0 : watch.silentMs + elapsedMs
  watch.stalledMs = working ? watch.stalledMs + elapsedMs : 0
  watch.beats = reading.beats
  watch.progress = reading.progress
  if (beaten) watch.starvedAtBeat = starvedMs
  if (!working) watch.starvedAtProgress = starvedMs
  if (isOverdue(watch.silentMs, starvedMs - watch.starvedAtBeat, Math.max(limits.timeoutMs, reading.extendMs))) {
    return { kind: 'heartbeat-lost', message: `no beat for ${duration(watch.silentMs)}`, silentMs: watch.silentMs }
  }
  if (isOverdue(watch.stalledMs, starvedMs - watch.starvedAtProgress, Math.max(limits.progressTimeoutMs, reading.extendMs))) {
    const message = `beats, but no progress for ${duration(watch.stalledMs)}`
    return { kind: 'progress-stalled', message, silentMs: watch.stalledMs }
  }
  return null
}

/** Whether a limit is passed, not counting time in which the thread waited for a core. */
export function isOverdue(countedMs: number, starvedMs: number, limitMs: number): boolean {
  return countedMs - Math.max(0, starvedMs) > limitMs || countedMs > limitMs * patience
}
