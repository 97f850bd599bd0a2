/**
 * A worker's tasks in hand, in memory that outlives it: the leased tasks it was working on, and the finished ones that the store
 * has not confirmed. So a crash is charged to the running tasks and not to those that waited.
 */
import type { Token } from '../../store/contract/basics.js'
import type { Abandoned } from '../../store/contract/tasks.js'

/** How many tasks beyond its concurrency a worker may hold, waiting or unconfirmed. */
export const maxHeld = 2_048

/** Copies a cell outside this process. Freed cells are not copied: the store takes no outcome twice. */
export type KeepCell = (cell: number, value: number) => void

/** A cell is 0 while free, the token of a task in work, or the negative token of a finished task. Tokens count from 1. */
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

  /** @param size the number of tasks that fit at once */
  static allocate(size: number, keep: KeepCell | null = null): TasksInHand {
    return new TasksInHand(new SharedArrayBuffer(size * Float64Array.BYTES_PER_ELEMENT), keep)
  }

  /** Marks a task as in work. @returns its cell */
  working(token: Token): number {
    const cell = this.#free.pop()
    if (cell === undefined) throw new RangeError('a thread holds more tasks than it has room for')
    this.#mark(cell, token)
    return cell
  }

  finished(cell: number): void {
    this.#mark(cell, -(this.#cells[cell] as Token))
  }

  /** Frees the cell: the store has the outcome. */
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
    // Tokens are whole numbers; any other value was written by other code.
    if (!Number.isSafeInteger(value)) continue
    if (value > 0) abandoned.working.push(value)
    else if (value < 0) abandoned.finished.push(-value)
  }
  return abandoned
}
