import type { LaneCounts } from '../../store/contract/registry.js'

/** The counts and rates of all lanes, as known to the main thread. */

const windowMs = 60_000
const sampleEveryMs = 1_000

interface Sample {
  at: number
  done: number
}

export class Lanes {
  readonly #counts = new Map<string, LaneCounts>()
  readonly #samples = new Map<string, Sample[]>()
  readonly #now: () => number

  /** @param now monotonic ms */
  constructor(now: () => number) {
    this.#now = now
  }

  update(counts: readonly LaneCounts[]): void {
    const at = this.#now()
    for (const lane of counts) {
      this.#counts.set(lane.worker, lane)
      const samples = this.#samples.get(lane.worker) ?? []
      this.#samples.set(lane.worker, samples)
      const latest = samples.at(-1)
      if (!latest || at - latest.at >= sampleEveryMs) samples.push({ at, done: lane.done })
      while (samples.length > 1 && at - (samples[0] as Sample).at > windowMs) samples.shift()
    }
  }

  delete(worker: string): void {
    this.#counts.delete(worker)
    this.#samples.delete(worker)
  }

  get(worker: string): LaneCounts | null {
    return this.#counts.get(worker) ?? null
  }

  /** Results a minute, over the last minute or since the first count. */
  ratePerMinute(worker: string): number {
    const samples = this.#samples.get(worker)
    const done = this.#counts.get(worker)?.done
    if (!samples || done === undefined || samples[0]?.done === done) return 0
    const at = this.#now()
    const first = samples.find((sample) => at - sample.at <= windowMs)
    if (!first || at - first.at < 50) return 0
    return Math.max(0, ((done - first.done) / (at - first.at)) * 60_000)
  }
}
