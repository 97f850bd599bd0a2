/**
 * The heartbeat monitor: one timer that reads the shared beats of all live threads and tells a worker when it is stuck.
 */
import { fromCallback } from 'xstate'
import { beginWatch, countedMs, scan, type Watch, type WatchLimits } from '../machines/watch.js'
import type { BeatReading, BeatSlot } from '../threads/beats.js'
import { starvedMs } from '../threads/starvation.js'

/** Whoever is told. */
interface Watched {
  send(event: { type: 'STUCK'; kind: 'heartbeat-lost' | 'progress-stalled'; message: string }): void
}

export type MonitorEvent =
  | { type: 'WATCH'; worker: string; slot: BeatSlot; limits: WatchLimits; ref: Watched }
  | { type: 'UNWATCH'; worker: string }

export interface MonitorInput {
  /** How often to look. */
  everyMs: number
  /** Monotonic. */
  now: () => number
  /** Silence of each watched worker as of the last scan, for those who ask. */
  silence: Map<string, number>
}

export const monitor = fromCallback<MonitorEvent, MonitorInput>(({ input, receive }) => {
  const watched = new Map<string, { slot: BeatSlot; limits: WatchLimits; ref: Watched; watch: Watch }>()
  let last = input.now()

  const timer = setInterval(() => {
    const now = input.now()
    const elapsed = countedMs(now - last, input.everyMs)
    last = now
    for (const [worker, { slot, limits, ref, watch }] of watched) {
      const reading = slot.read()
      const verdict = scan(watch, reading, elapsed, limits, starvedMs(reading.tid))
      input.silence.set(worker, watch.silentMs)
      if (verdict) {
        watched.delete(worker)
        ref.send({ type: 'STUCK', ...verdict })
      }
    }
  }, input.everyMs)
  timer.unref()

  const begin = (reading: BeatReading): Watch => beginWatch(reading, starvedMs(reading.tid))
  receive((event) => {
    input.silence.delete(event.worker)
    if (event.type === 'UNWATCH') watched.delete(event.worker)
    else watched.set(event.worker, { slot: event.slot, limits: event.limits, ref: event.ref, watch: begin(event.slot.read()) })
  })
  return () => clearInterval(timer)
})
