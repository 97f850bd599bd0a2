/** Which read is next. Pure: the caller brings the clock. */

/**
 * `quick` is what somebody looks at: a page, a task. `bulk` is one page of many, and when it is done the next will be asked for. `long` looks at every
 * result there is.
 */
export type ReadRank = 'quick' | 'bulk' | 'long'

/** Who has waited for so much longer goes first all the same, so that nobody waits for ever. */
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

  /** @param threads so many reads run at once; of the long ones one less, but at least one, so that a quick one finds a thread */
  constructor(threads: number, now: () => number) {
    this.#threads = threads
    this.#now = now
  }

  /** How many wait. */
  get size(): number {
    return this.#waiting.length
  }

  add(job: Job, rank: ReadRank): void {
    this.#waiting.push({ job, rank, order: this.#now() + standsBackMs[rank] })
  }

  /** Nobody wants it any more. */
  drop(job: Job): void {
    this.#waiting = this.#waiting.filter((waiting) => waiting.job !== job)
  }

  /** The next that may begin, or null; {@link done} says when it has ended. */
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

  /** Takes out all that wait. */
  clear(): Job[] {
    return this.#waiting.splice(0).map(({ job }) => job)
  }
}
