/** A line by priority, then by age, from which an entry can leave in the middle. Pure. */

export interface Queued {
  priority: number
  /** Its neighbours, kept by the line. */
  before: this | null
  after: this | null
}

interface Line<Entry> {
  first: Entry | null
  last: Entry | null
}

export class PoolQueue<Entry extends Queued> {
  readonly #lines = new Map<number, Line<Entry>>()
  /** Highest first. */
  #priorities: number[] = []
  #length = 0

  get length(): number {
    return this.#length
  }

  add(entry: Entry): void {
    let line = this.#lines.get(entry.priority)
    if (!line) {
      line = { first: null, last: null }
      this.#lines.set(entry.priority, line)
      this.#priorities = [...this.#lines.keys()].sort((a, b) => b - a)
    }
    entry.before = line.last
    entry.after = null
    if (line.last) line.last.after = entry
    else line.first = entry
    line.last = entry
    this.#length++
  }

  /** The next one, which leaves the line. */
  take(): Entry | null {
    const first = this.#firstOf(this.#priorities[0])
    if (first) this.remove(first)
    return first
  }

  /** The oldest one of the lowest priority. */
  get least(): Entry | null {
    return this.#firstOf(this.#priorities.at(-1))
  }

  /** The entry must be in the line. */
  remove(entry: Entry): void {
    const line = this.#lines.get(entry.priority) as Line<Entry>
    if (entry.before) entry.before.after = entry.after
    else line.first = entry.after
    if (entry.after) entry.after.before = entry.before
    else line.last = entry.before
    entry.before = null
    entry.after = null
    this.#length--
    if (line.first) return
    this.#lines.delete(entry.priority)
    this.#priorities = this.#priorities.filter((priority) => priority !== entry.priority)
  }

  #firstOf(priority: number | undefined): Entry | null {
    return priority === undefined ? null : ((this.#lines.get(priority) as Line<Entry>).first ?? null)
  }
}
