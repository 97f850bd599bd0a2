/** How many tasks a pool has done, how fast, and how long they took. */
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'
import type { PoolTimes } from './contract.js'

/** Length of the window of the rate, in seconds. */
const windowSeconds = 10
/** Histograms hold whole numbers: microseconds. */
const perMs = 1_000

export class PoolCounts {
  done = 0
  failed = 0
  readonly #wait = createHistogram()
  readonly #run = createHistogram()
  /** Ends by second, in a ring. */
  readonly #ends = new Array<number>(windowSeconds + 1).fill(0)
  #second = 0
  readonly #madeAt: number

  constructor(now: number) {
    this.#madeAt = now
    this.#second = Math.floor(now / 1_000)
  }

  waited(ms: number): void {
    record(this.#wait, ms)
  }

  /** A task has left its thread. */
  ran(ms: number, now: number): void {
    record(this.#run, ms)
    this.#turnTo(now)
    const place = this.#second % this.#ends.length
    this.#ends[place] = (this.#ends[place] ?? 0) + 1
  }

  runsPerSecond(now: number): number {
    this.#turnTo(now)
    const seconds = Math.min(windowSeconds, Math.max(1, (now - this.#madeAt) / 1_000))
    return this.#ends.reduce((sum, ends) => sum + ends, 0) / seconds
  }

  get wait(): PoolTimes | null {
    return timesOf(this.#wait)
  }

  get run(): PoolTimes | null {
    return timesOf(this.#run)
  }

  #turnTo(now: number): void {
    const second = Math.floor(now / 1_000)
    if (second === this.#second) return
    const passed = Math.min(second - this.#second, this.#ends.length)
    for (let i = 1; i <= passed; i++) this.#ends[(second - passed + i) % this.#ends.length] = 0
    this.#second = second
  }
}

function record(histogram: RecordableHistogram, ms: number): void {
  histogram.record(Math.max(1, Math.round(ms * perMs)))
}

function timesOf(histogram: RecordableHistogram): PoolTimes | null {
  if (histogram.count === 0) return null
  const at = (percentile: number): number => histogram.percentile(percentile) / perMs
  return { p50: at(50), p99: at(99), max: histogram.max / perMs }
}
