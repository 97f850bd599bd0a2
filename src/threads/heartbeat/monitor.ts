/**
 * The heartbeat monitor: one timer that reads the beats of all live threads and sends STUCK to a stuck worker.
 */
import { fromCallback } from 'xstate'
import { countedMs } from '../../time/patient-timer.js'
import type { BeatCell } from './beats.js'
import { beginWatch, scan, type Watch, type WatchLimits } from './hang-verdict.js'
import { Starvation } from './starvation.js'

/** The receiver of a verdict. */
interface Watched {
  send(event: { type: 'STUCK'; kind: 'heartbeat-lost' | 'progress-stalled'; message: string; silentMs: number }): void
}

export type MonitorEvent =
  | { type: 'WATCH'; worker: string; cell: BeatCell; limits: WatchLimits & { everyMs: number }; ref: Watched }
  | { type: 'UNWATCH'; worker: string }

interface Entry {
  cell: BeatCell
  limits: WatchLimits
  ref: Watched
  watch: Watch
}

export interface MonitorInput {
  /** Longest time between scans. If a worker beats more often, scans run twice per beat. */
  everyMs: number
  /** Monotonic. */
  now: () => number
  /** Silence of each watched worker at the last scan, in ms. */
  silence: Map<string, number>
}

/** The shortest time between scans. */
const leastMs = 10

export const monitor = fromCallback<MonitorEvent, MonitorInput>(({ input, receive }) => {
  const watched = new Map<string, Entry>()
  let last = input.now()
  let { everyMs } = input
  const starvation = new Starvation(last)

  const look = (): void => {
    const now = input.now()
    const elapsed = countedMs(now - last, everyMs)
    last = now
    const readings = new Map([...watched].map(([worker, { cell }]) => [worker, cell.read()]))
    starvation.look(
      [...readings.values()].map(({ tid }) => tid),
      now,
      elapsed,
    )
    for (const [worker, reading] of readings) {
      const entry = watched.get(worker)
      if (!entry) continue
      const { limits, ref, watch } = entry
      const verdict = scan(watch, reading, elapsed, limits, starvation.of(reading.tid))
      input.silence.set(worker, watch.silentMs)
      if (verdict) {
        watched.delete(worker)
        ref.send({ type: 'STUCK', ...verdict })
      }
    }
  }
  let timer = setInterval(look, everyMs).unref()
  const keepUpWith = (beatMs: number): void => {
    const wanted = Math.max(leastMs, beatMs / 2)
    if (wanted >= everyMs) return
    everyMs = wanted
    clearInterval(timer)
    timer = setInterval(look, everyMs).unref()
  }

  receive((event) => {
    input.silence.delete(event.worker)
    if (event.type === 'UNWATCH') {
      watched.delete(event.worker)
      return
    }
    const { worker, cell, limits, ref } = event
    const reading = cell.read()
    keepUpWith(limits.everyMs)
    watched.set(worker, { cell, limits, ref, watch: beginWatch(reading, starvation.of(reading.tid)) })
  })
  return () => clearInterval(timer)
})
