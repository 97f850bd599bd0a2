/**
 * A worker thread and the monitor's scans on a simulated machine, in steps of 10 ms: others take the cores, the main thread is late, the
 * whole host is suspended, and the thread works, waits, pauses, asks for more time, or hangs.
 */

import type { BeatReading } from '../../src/threads/heartbeat/beats.js'
import { beginWatch, scan, type WatchLimits, type WatchVerdict } from '../../src/threads/heartbeat/hang-verdict.js'
import { countedMs } from '../../src/time/patient-timer.js'

const stepMs = 10

export interface Load {
  random: () => number
  minutes: number
  beatEveryMs: number
  scanEveryMs: number
  limits: WatchLimits
  /** Hangs from the first task after so many ms on: in JavaScript, or in a call that sleeps. */
  hang: { afterMs: number; how: 'spins' | 'sleeps' } | null
}

export interface Watched {
  verdict: WatchVerdict
  /** Scans from where it hung to the verdict, or to the end. */
  scans: number
  /** The longest counted silence and the longest real one, in ms. */
  longestSilentMs: number
  longestGapMs: number
}

/** What the machine does for a while: how much of the time a thread that wants a core gets one; null: suspended. */
interface Spell {
  share: number | null
  mainShare: number
  until: number
}

export function watchUnder({ random, minutes, beatEveryMs, scanEveryMs, limits, hang }: Load): Watched {
  const between = (low: number, high: number): number => low + random() * (high - low)
  const thread: BeatReading = { beats: 1, progress: 0, phase: 'working', extendMs: 0, done: 0, heapUsed: 0, idleMs: 0, tid: 1 }
  let starvedMs = 0
  let waitedMs = 0
  let busyMs = 0
  let freeAt = 0
  let beatAt = beatEveryMs
  let hung: 'spins' | 'sleeps' | null = null

  let spell: Spell = { share: 1, mainShare: 1, until: 0 }
  let scanAt = scanEveryMs
  let scannedAt = 0
  let beatenAt = 0
  const seen: Watched = { verdict: null, scans: 0, longestSilentMs: 0, longestGapMs: 0 }
  const watch = beginWatch(thread, 0)

  /** What the thread takes up when it has nothing to do. */
  function next(at: number): void {
    thread.progress++
    thread.extendMs = 0
    if (hang && at >= hang.afterMs) {
      hung = hang.how
      thread.phase = 'working'
      return
    }
    const what = random()
    thread.phase = what < 0.7 ? 'working' : what < 0.85 ? 'waiting' : 'paused'
    freeAt = at
    if (what < 0.6) busyMs = between(stepMs, limits.timeoutMs / 2 - beatEveryMs)
    else if (what < 0.65) {
      thread.extendMs = between(1, 3) * limits.timeoutMs
      busyMs = thread.extendMs / 2
    } else freeAt = at + between(0, thread.phase === 'working' ? limits.progressTimeoutMs / 2 : 3 * limits.progressTimeoutMs)
  }

  function newSpell(at: number): Spell {
    const what = random()
    if (what < 0.1) return { share: null, mainShare: 0, until: at + between(1_000, 60_000) }
    if (what < 0.4) return { share: 1, mainShare: 1, until: at + between(100, 20_000) }
    return { share: between(0.08, 0.5), mainShare: random() < 0.5 ? 1 : between(0.003, 0.5), until: at + between(100, 20_000) }
  }

  function runThread(at: number, share: number): void {
    const wants = hung === 'spins' || (hung === null && (busyMs > 0 || beatAt <= at || freeAt <= at))
    if (!wants) return
    if (random() >= share) {
      waitedMs += stepMs
      return
    }
    if (hung) return
    if (busyMs > 0) busyMs -= stepMs
    if (busyMs > 0) return
    if (beatAt <= at) {
      thread.beats++
      beatAt = at + beatEveryMs
      seen.longestGapMs = Math.max(seen.longestGapMs, at - beatenAt)
      beatenAt = at
    }
    if (freeAt <= at) next(at)
  }

  for (let at = 0; at < minutes * 60_000; at += stepMs) {
    if (at >= spell.until) spell = newSpell(at)
    if (spell.share === null) continue
    // Timers that are due at once come in either order.
    const mainFirst = random() < 0.5
    if (!mainFirst) runThread(at, spell.share)
    if (scanAt <= at && random() < spell.mainShare) {
      const elapsed = countedMs(at - scannedAt, scanEveryMs)
      starvedMs += elapsed * Math.min(1, waitedMs / (at - scannedAt))
      waitedMs = 0
      scannedAt = at
      scanAt = at + scanEveryMs
      if (hung) seen.scans++
      const verdict = scan(watch, thread, elapsed, limits, starvedMs)
      seen.longestSilentMs = Math.max(seen.longestSilentMs, watch.silentMs)
      if (verdict) return { ...seen, verdict }
    }
    if (mainFirst) runThread(at, spell.share)
  }
  return seen
}
