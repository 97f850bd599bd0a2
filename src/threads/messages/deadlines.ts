/**
 * The time limits of all asks of a thread, on one timer. Asks of one duration come due in the order in which they began, so each
 * duration has a line, and only the heads of lines are looked at. Time in which the thread could not run does not count.
 */
import { countedMs } from '../../time/patient-timer.js'

/** The part of an ask that its line uses. */
export interface Timed {
  /** When it is due, by the clock of its {@link Deadlines}. */
  due: number
  before: Timed | null
  after: Timed | null
  line: Line | null
  /** Called once, when it is due. */
  timeIsUp(): void
}

interface Line {
  head: Timed | null
  tail: Timed | null
}

/** Looks at the lines this often for each of the shortest duration, but neither more often than every 5 ms nor less than every 100. */
const looks = 10
const [leastMs, mostMs] = [5, 100]

export class Deadlines {
  readonly #lines = new Map<number, Line>()
  readonly #now: () => number
  /** Time that has counted, up to the last look. */
  #counted = 0
  #lookedAt = 0
  #timer: NodeJS.Timeout | null = null
  #everyMs = mostMs

  /** @param now monotonic, in ms */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  add(timed: Timed, ms: number): void {
    this.#runEvery(Math.min(mostMs, Math.max(leastMs, ms / looks)))
    timed.due = this.#counted + Math.min(this.#now() - this.#lookedAt, this.#everyMs) + ms
    const line = this.#lines.get(ms) ?? { head: null, tail: null }
    if (line.tail === null) {
      this.#lines.set(ms, line)
      line.head = timed
    } else {
      line.tail.after = timed
      timed.before = line.tail
    }
    line.tail = timed
    timed.line = line
  }

  /** No effect on one that is not there. */
  remove(timed: Timed): void {
    const { line, before, after } = timed
    if (line === null) return
    if (before) before.after = after
    else line.head = after
    if (after) after.before = before
    else line.tail = before
    timed.before = null
    timed.after = null
    timed.line = null
  }

  /** One look: all that are due are removed and told. */
  look(): void {
    const now = this.#now()
    this.#counted += countedMs(now - this.#lookedAt, this.#everyMs)
    this.#lookedAt = now
    for (const [ms, line] of this.#lines) {
      for (let head = line.head; head !== null && head.due <= this.#counted; head = line.head) {
        this.remove(head)
        head.timeIsUp()
      }
      if (line.head === null) this.#lines.delete(ms)
    }
    if (this.#lines.size === 0) this.#stop()
  }

  #runEvery(ms: number): void {
    if (this.#timer === null) {
      this.#lookedAt = this.#now()
      this.#everyMs = mostMs
    } else if (ms >= this.#everyMs) return
    this.#everyMs = Math.min(this.#everyMs, ms)
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = setInterval(() => this.look(), this.#everyMs).unref()
  }

  #stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
  }
}
