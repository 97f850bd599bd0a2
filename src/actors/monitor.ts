/**
 * The heartbeat monitor: one timer that reads the shared beats of all live threads and tells a worker when it is stuck.
 */
import { fromCallback } from 'xstate'
import { beginWatch, scan, type Watch, type WatchLimits } from '../machines/watch.js'
import type { BeatSlot } from '../threads/beats.js'

/** Whoever is told. */
interface Watched {
  send(event: { type: 'STUCK'; kind: 'heartbeat-lost' | 'progress-stalled'; message: string }): void
}

export type MonitorEvent =
  | { type: 'WATCH'; worker: string; slot: BeatSlot; limits: WatchLimits & { everyMs: number }; ref: Watched }
  | { type: 'UNWATCH'; worker: string }

export interface MonitorInput {
  /** How often to look, at most; twice a beat where there is a worker that beats more often. */
  everyMs: number
  /** Monotonic. */
  now: () => number
  /** Silence of each watched worker as of the last scan, for those who ask. */
  silence: Map<string, number>
}

/** It does not look more often, whatever the beats. */
const leastMs = 10

/** A scan that comes later than this many intervals counts as so many. */
const latestScan = 1.5

export const monitor = fromCallback<MonitorEvent, MonitorInput>(({ input, receive }) => {
  const watched = new Map<string, { slot: BeatSlot; limits: WatchLimits; ref: Watched; watch: Watch }>()
  let last = input.now()
  let { everyMs } = input

  const look = (): void => {
    const elapsed = Math.max(0, Math.min(input.now() - last, everyMs * latestScan))
    last = input.now()
    for (const [worker, { slot, limits, ref, watch }] of watched) {
      const verdict = scan(watch, slot.read(), elapsed, limits)
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
    keepUpWith(event.limits.everyMs)
    watched.set(event.worker, { slot: event.slot, limits: event.limits, ref: event.ref, watch: beginWatch(event.slot.read()) })
  })
  return () => clearInterval(timer)
})
