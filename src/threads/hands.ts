/**
 * What a thread has in its hands, in shared memory, so that it can be read after the thread is dead: which leased tasks it
 * was working on, and which it had finished without hearing that the store has them. That is how a crash is counted
 * against the tasks that were running and not against those that merely waited.
 */
import type { Abandoned, Token } from '../store/engine.js'

enum Mark {
  Free = 0,
  Working = 1,
  Finished = 2,
}

/** How many tasks beyond its concurrency a thread may hold, waiting or unconfirmed. */
export const maxHeld = 2_048

export class Hands {
  readonly buffer: SharedArrayBuffer
  readonly #marks: Int32Array
  readonly #tokens: Float64Array
  readonly #free: number[] = []

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer
    const size = buffer.byteLength / (Float64Array.BYTES_PER_ELEMENT + Int32Array.BYTES_PER_ELEMENT)
    this.#tokens = new Float64Array(buffer, 0, size)
    this.#marks = new Int32Array(buffer, size * Float64Array.BYTES_PER_ELEMENT, size)
    for (let cell = size - 1; cell >= 0; cell--) this.#free.push(cell)
  }

  /** Room for so many tasks at once. */
  static allocate(size: number): Hands {
    const even = size + (size % 2)
    return new Hands(new SharedArrayBuffer(even * (Float64Array.BYTES_PER_ELEMENT + Int32Array.BYTES_PER_ELEMENT)))
  }

  /** Marks a task as being worked on; the answer names its cell. */
  working(token: Token): number {
    const cell = this.#free.pop()
    if (cell === undefined) throw new RangeError('a thread holds more tasks than it has room for')
    this.#tokens[cell] = token
    Atomics.store(this.#marks, cell, Mark.Working)
    return cell
  }

  finished(cell: number): void {
    Atomics.store(this.#marks, cell, Mark.Finished)
  }

  /** The store has it. */
  confirmed(cell: number): void {
    Atomics.store(this.#marks, cell, Mark.Free)
    this.#free.push(cell)
  }

  read(): Abandoned {
    const abandoned: Abandoned = { working: [], finished: [] }
    for (let cell = 0; cell < this.#marks.length; cell++) {
      const mark = Atomics.load(this.#marks, cell)
      if (mark === Mark.Working) abandoned.working.push(this.#tokens[cell] as Token)
      else if (mark === Mark.Finished) abandoned.finished.push(this.#tokens[cell] as Token)
    }
    return abandoned
  }
}
