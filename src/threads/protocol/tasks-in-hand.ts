/**
 * What a worker has in its hands, in memory that outlives it, so that it can be read after its end: which leased tasks it was
 * working on, and which it had finished without hearing that the store has them. That is how a crash is counted against the
 * tasks that were running and not against those that merely waited.
 */
import type { Token } from '../../store/contract/basics.js'
import type { Abandoned } from '../../store/contract/tasks.js'

/** How many tasks beyond its concurrency a worker may hold, waiting or unconfirmed. */
export const maxHeld = 2_048

/** Takes note of a cell outside of this process. Not of one that is free again: what the store has, it does not take twice. */
export type KeepCell = (cell: number, value: number) => void

/** A cell is 0 while it is free, the token of a task that is worked on, or that of a finished one with a minus. Tokens count from 1. */
export class TasksInHand {
  readonly buffer: SharedArrayBuffer
  readonly #cells: Float64Array
  readonly #free: number[] = []
  readonly #keep: KeepCell | null

  constructor(buffer: SharedArrayBuffer, keep: KeepCell | null = null) {
    this.buffer = buffer
    this.#keep = keep
    this.#cells = new Float64Array(buffer)
    for (let cell = this.#cells.length - 1; cell >= 0; cell--) this.#free.push(cell)
  }

  /** Room for so many tasks at once. */
  static allocate(size: number, keep: KeepCell | null = null): TasksInHand {
    return new TasksInHand(new SharedArrayBuffer(size * Float64Array.BYTES_PER_ELEMENT), keep)
  }

  /** Marks a task as being worked on; the answer names its cell. */
  working(token: Token): number {
    const cell = this.#free.pop()
    if (cell === undefined) throw new RangeError('a thread holds more tasks than it has room for')
    this.#mark(cell, token)
    return cell
  }

  finished(cell: number): void {
    this.#mark(cell, -(this.#cells[cell] as Token))
  }

  /** The store has it. */
  confirmed(cell: number): void {
    this.#cells[cell] = 0
    this.#free.push(cell)
  }

  /** Only of a worker that has ended: the cells are not atomic. */
  read(): Abandoned {
    return abandonedIn(this.#cells)
  }

  #mark(cell: number, value: number): void {
    this.#cells[cell] = value
    this.#keep?.(cell, value)
  }
}

export function abandonedIn(cells: Float64Array): Abandoned {
  const abandoned: Abandoned = { working: [], finished: [] }
  for (const value of cells) {
    // Tokens are whole numbers: anything else was written by somebody else.
    if (!Number.isSafeInteger(value)) continue
    if (value > 0) abandoned.working.push(value)
    else if (value < 0) abandoned.finished.push(-value)
  }
  return abandoned
}
