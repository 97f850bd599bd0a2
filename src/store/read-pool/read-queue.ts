/** The queue of reads by priority. Pure: the caller brings the clock. */

/** `quick`: a single page or task that a person looks at. `bulk`: one page of many in a row. `long`: a read of all results. */
export type ReadRank = 'quick' | 'bulk' | 'long'

/** How much longer (ms) a read must have waited to go before quicker ones, so that none waits for ever. */
const standsBackMs = { quick: 0, bulk: 500, long: 5_000 } as const satisfies Record<ReadRank, number>

interface Waiting<Job> {
  job: Job
  rank: ReadRank
  order: number
}

export class ReadQueue<Job> {
  readonly #threads: number
  readonly #now: () => number
  #waiting: Waiting<Job>[] = []
  #running = 0
  #long = 0

  /** @param threads the most reads at once; long reads get one thread less, but at least one, so that quick reads find a thread */
  constructor(threads: number, now: () => number) {
    this.#threads = threads
    this.#now = now
  }

  /** Number of waiting reads. */
  get size(): number {
    return this.#waiting.length
  }

  add(job: Job, rank: ReadRank): void {
    this.#waiting.push({ job, rank, order: this.#now() + standsBackMs[rank] })
  }

  /** Removes a cancelled read. */
  drop(job: Job): void {
    this.#waiting = this.#waiting.filter((waiting) => waiting.job !== job)
  }

  /** The next read that may begin, or null; {@link done} notes its end. */
  take(): { job: Job; rank: ReadRank } | null {
    if (this.#running >= this.#threads) return null
    const longFull = this.#long >= Math.max(1, this.#threads - 1)
    let next: Waiting<Job> | null = null
    for (const waiting of this.#waiting) {
      if (waiting.rank === 'long' && longFull) continue
      if (!next || waiting.order < next.order) next = waiting
    }
    if (!next) return null
    this.drop(next.job)
    this.#running++
    if (next.rank === 'long') this.#long++
    return { job: next.job, rank: next.rank }
  }

  done(rank: ReadRank): void {
    this.#running--
    if (rank === 'long') this.#long--
  }

  /** Removes all waiting reads. */
  clear(): Job[] {
    return this.#waiting.splice(0).map(({ job }) => job)
  }
}
