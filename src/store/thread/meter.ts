/**
 * What the store thread is doing, in memory that it shares with the main thread: it can be read while the thread waits for a disk or for a
 * lock, and writing it costs no message.
 */
import { machineMs } from '../../time/machine-clock.js'

/** The figures before the commits: see {@link StoreMeter}. */
const head = 4
/** The most commits that are kept, and the time that they are of. */
const kept = 2_048
const windowMs = 60_000

/** What the store thread does. */
export interface StoreLoad {
  /** Since when the current transaction runs, in ms of the machine's clock; null: none does. */
  busySince: number | null
  /** Requests that the thread has taken and not yet answered. */
  inHand: number
  /** Commits of the last minute, or the last two thousand of them. */
  commits: {
    count: number
    /** The time that they are of, in ms. */
    ofMs: number
    perSecond: number
    /** How long half of them took at most, in ms; null: there was none. */
    p50Ms: number | null
    /** How long 99 of 100 took at most, in ms. */
    p99Ms: number | null
  }
}

export class StoreMeter {
  /** Shared between the threads. */
  readonly memory: SharedArrayBuffer
  /** Begin of the current transaction (0: none), requests in hand, number of commits, begin of the measurement; then end and time of each commit. */
  readonly #cells: Float64Array
  readonly #now: () => number

  constructor(memory = new SharedArrayBuffer((head + 2 * kept) * Float64Array.BYTES_PER_ELEMENT), now: () => number = machineMs) {
    this.memory = memory
    this.#cells = new Float64Array(memory)
    this.#now = now
  }

  /** A store thread starts: that of an earlier one no longer works. */
  start(): void {
    const cells = this.#cells
    cells[0] = 0
    cells[1] = 0
    if (cells[3] === 0) cells[3] = this.#now()
  }

  /** A transaction begins. @param inHand requests in it, and taken behind it */
  begin(inHand: number): void {
    this.#cells[1] = inHand
    this.#cells[0] = this.#now()
  }

  /** It ended. @param hasWritten whether it wrote anything @param inHand requests that are left */
  end(hasWritten: boolean, inHand: number): void {
    const cells = this.#cells
    const began = cells[0] as number
    cells[0] = 0
    cells[1] = inHand
    if (!hasWritten) return
    const now = this.#now()
    const number = cells[2] as number
    const place = head + 2 * (number % kept)
    cells[place] = now
    cells[place + 1] = now - began
    cells[2] = number + 1
  }

  read(): StoreLoad {
    const cells = this.#cells
    const [busy, inHand, number, startedAt] = cells as unknown as [number, number, number, number]
    const now = this.#now()
    const times: number[] = []
    let first = now
    for (let n = Math.max(0, number - kept); n < number; n++) {
      const place = head + 2 * (n % kept)
      const at = cells[place] as number
      if (at < now - windowMs) continue
      first = Math.min(first, at)
      times.push(cells[place + 1] as number)
    }
    times.sort((a, b) => a - b)
    // What is before the first of a full list is not known.
    const ofMs = times.length === kept ? now - first : Math.min(windowMs, now - startedAt)
    const perSecond = ofMs > 0 ? (times.length / ofMs) * 1_000 : 0
    const commits = { count: times.length, ofMs, perSecond, p50Ms: shareOf(times, 0.5), p99Ms: shareOf(times, 0.99) }
    return { busySince: busy === 0 ? null : busy, inHand, commits }
  }
}

/** The value that this share of the sorted values does not exceed; null: there is none. */
function shareOf(sorted: readonly number[], share: number): number | null {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? null
}
