/**
 * Tells from readings of a thread's beats whether it is stuck. Pure. Silence is counted in scans, not by the clock: a scan that
 * came late (the host was starved, suspended, or blocked) counts for no more than one that came on time, so a host that slept
 * kills nobody. Nor does a machine with too much to do: time for which the thread waited for a core is not held against it.
 */

import { countedMs } from '../../time/patient-timer.js'
import type { BeatReading } from './beats.js'

export interface WatchLimits {
  /** Stuck after so long without a beat. */
  timeoutMs: number
  /** Stuck after so long of work without progress. */
  progressTimeoutMs: number
}

/** What is remembered of a thread between scans. */
export interface Watch {
  beats: number
  progress: number
  /** Silence counted so far, in ms. */
  silentMs: number
  /** Work without progress counted so far, in ms. */
  stalledMs: number
  /** How long the thread had waited for a core when it last beat, ... */
  starvedAtBeat: number
  /** ... and when its work last moved on. */
  starvedAtProgress: number
}

export type WatchVerdict = { kind: 'heartbeat-lost' | 'progress-stalled'; message: string; silentMs: number } | null

/** However starved a thread is, so many times its limit of counted silence is enough. */
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
    return { kind: 'heartbeat-lost', message: `no beat for ${Math.round(watch.silentMs)} ms`, silentMs: watch.silentMs }
  }
  if (isOverdue(watch.stalledMs, starvedMs - watch.starvedAtProgress, Math.max(limits.progressTimeoutMs, reading.extendMs))) {
    const message = `beats, but no progress for ${Math.round(watch.stalledMs)} ms`
    return { kind: 'progress-stalled', message, silentMs: watch.stalledMs }
  }
  return null
}

/** Whether a limit is passed, what the thread waited for a core left out. */
export function isOverdue(countedMs: number, starvedMs: number, limitMs: number): boolean {
  return countedMs - Math.max(0, starvedMs) > limitMs || countedMs > limitMs * patience
}
