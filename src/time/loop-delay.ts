/**
 * How late the event loop of this thread runs: measured while somebody asks, and no longer. The measurement is libuv's own, without a turn
 * of JavaScript.
 */
import { type EventLoopUtilization, type IntervalHistogram, monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { every } from './every.js'

const resolutionMs = 20
/** The figures are of the last one or two steps. */
const stepMs = 30_000
/** It ends when nobody has asked for so many steps. */
const stepsUnasked = 2

/** How late the event loop ran. */
export interface LoopDelay {
  /** The time that the figures are of, in ms. */
  ofMs: number
  /** How late half of its turns were at most, 99 of 100, and the latest, in ms; null: it was not measured before now. */
  p50Ms: number | null
  p99Ms: number | null
  maxMs: number | null
  /** The share of that time in which it was at work, 0 to 1. */
  utilization: number
}

interface Measurement {
  histogram: IntervalHistogram
  began: number
  used: EventLoopUtilization
}

export class LoopWatch {
  readonly #every: typeof every
  /** The older one answers. */
  #measured: Measurement[] = []
  #unasked = 0
  #stop: (() => void) | null = null

  /** @param tick for tests */
  constructor(tick = every) {
    this.#every = tick
  }

  /** Whether it measures. */
  get isOn(): boolean {
    return this.#stop !== null
  }

  /** What was measured; begins to measure if that is not so. */
  read(): LoopDelay {
    this.#unasked = 0
    this.#stop ??= this.#every(stepMs, () => this.#step())
    if (this.#measured.length === 0) this.#measured.push(measure())
    const { histogram, began, used } = this.#measured[0] as Measurement
    // A turn that is late is noted when it ends, which may be now.
    const delays = histogram.count > 0 ? histogram : null
    return {
      ofMs: performance.now() - began,
      p50Ms: delays && lateness(delays.percentile(50)),
      p99Ms: delays && lateness(delays.percentile(99)),
      maxMs: delays && lateness(delays.max),
      utilization: performance.eventLoopUtilization(used).utilization,
    }
  }

  stop(): void {
    this.#stop?.()
    this.#stop = null
    for (const { histogram } of this.#measured.splice(0)) histogram.disable()
  }

  #step(): void {
    if (this.#unasked++ >= stepsUnasked) {
      this.stop()
      return
    }
    this.#measured.push(measure())
    while (this.#measured.length > 2) this.#measured.shift()?.histogram.disable()
  }
}

function measure(): Measurement {
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs })
  histogram.enable()
  return { histogram, began: performance.now(), used: performance.eventLoopUtilization() }
}

/** What is recorded is the time between two turns of a timer. */
function lateness(nanoseconds: number): number {
  return Math.max(0, Math.round((nanoseconds / 1e6 - resolutionMs) * 10) / 10)
}
