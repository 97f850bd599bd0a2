/**
 * Tells from readings of a thread's beats whether it is stuck. Pure. Silence is counted in scans, not by the clock: a scan that
 * came late (the host was starved, suspended, or blocked) counts for no more than one that came on time, so a host that slept
 * kills nobody.
 */
import type { BeatReading } from '../threads/beats.js'

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
}

export type WatchVerdict = { kind: 'heartbeat-lost' | 'progress-stalled'; message: string } | null

export function beginWatch(reading: BeatReading): Watch {
  return { beats: reading.beats, progress: reading.progress, silentMs: 0, stalledMs: 0 }
}

/**
 * One scan: updates the watch and gives the verdict.
 *
 * @param elapsedMs time since the scan before, already capped by the caller at what a scan that is on time takes
 */
export function scan(watch: Watch, reading: BeatReading, elapsedMs: number, limits: WatchLimits): WatchVerdict {
  const moved = reading.progress !== watch.progress
  watch.silentMs = reading.beats !== watch.beats || moved ? 0 : watch.silentMs + elapsedMs
  watch.stalledMs = reading.phase === 'working' && !moved ? watch.stalledMs + elapsedMs : 0
  watch.beats = reading.beats
  watch.progress = reading.progress
  if (watch.silentMs > Math.max(limits.timeoutMs, reading.extendMs)) {
    return { kind: 'heartbeat-lost', message: `no beat for ${Math.round(watch.silentMs)} ms` }
  }
  if (watch.stalledMs > Math.max(limits.progressTimeoutMs, reading.extendMs)) {
    return { kind: 'progress-stalled', message: `beats, but no progress for ${Math.round(watch.stalledMs)} ms` }
  }
  return null
}
