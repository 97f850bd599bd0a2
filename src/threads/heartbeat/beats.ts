/**
 * The beats of all threads, in shared memory: each thread writes its own cell, and the monitor reads them all. Beats need no
 * messages, and a thread that hangs cannot delay its own verdict.
 */

/** The activity of a thread, as the watchdog distinguishes it. */
export const phases = ['starting', 'working', 'waiting', 'paused'] as const
export type ThreadPhase = (typeof phases)[number]

/** Fields of a cell, as 32-bit integers; counters wrap. */
enum Field {
  Beats = 0,
  Phase = 1,
  Progress = 2,
  ExtendMs = 3,
  Done = 4,
  HeapKb = 5,
  IdleMs = 6,
  Tid = 7,
  /** Calls under way, for each of the worker's quotas. */
  Calls = 8,
}
export const fieldsPerCell = 32
/** A cell has counters for this many quotas; further quotas share the last counter. */
const mostChoices = fieldsPerCell - Field.Calls
const cellsPerPage = 256

/** One reading of a cell. */
export interface BeatReading {
  beats: number
  phase: ThreadPhase
  /** Rises with each step of progress. */
  progress: number
  /** Extra patience that the thread asked for, in ms; 0 again at the next progress. */
  extendMs: number
  /** Tasks finished by this thread. */
  done: number
  /** Heap in use at the last beat, in bytes; 0 before the first. */
  heapUsed: number
  /** Total idle time of the event loop at the last beat, in ms. */
  idleMs: number
  /** The operating system's id of the thread; 0 if not known. */
  tid: number
}

/** One thread's cell in the shared memory; both sides use this class. */
export class BeatCell {
  readonly buffer: SharedArrayBuffer
  readonly index: number
  readonly #fields: Int32Array

  constructor(buffer: SharedArrayBuffer, index: number) {
    this.buffer = buffer
    this.index = index
    this.#fields = new Int32Array(buffer, index * fieldsPerCell * Int32Array.BYTES_PER_ELEMENT, fieldsPerCell)
  }

  /**
   * @param heapUsed bytes of heap in use
   * @param idleMs how long the event loop has been idle since it began
   */
  beat(heapUsed = 0, idleMs = 0): void {
    Atomics.store(this.#fields, Field.HeapKb, Math.round(heapUsed / 1_024))
    Atomics.store(this.#fields, Field.IdleMs, Math.round(idleMs))
    Atomics.add(this.#fields, Field.Beats, 1)
  }

  runsAs(tid: number): void {
    Atomics.store(this.#fields, Field.Tid, tid)
  }

  phase(phase: ThreadPhase): void {
    Atomics.store(this.#fields, Field.Phase, phases.indexOf(phase))
  }

  progress(steps = 1): void {
    Atomics.add(this.#fields, Field.Progress, steps)
    Atomics.store(this.#fields, Field.ExtendMs, 0)
  }

  done(): void {
    Atomics.add(this.#fields, Field.Done, 1)
    this.progress()
  }

  extend(ms: number): void {
    Atomics.store(this.#fields, Field.ExtendMs, Math.min(ms, 2 ** 31 - 1))
  }

  /** Counts a started or ended call on one of the worker's quotas. */
  calls(choice: number, more: 1 | -1): void {
    Atomics.add(this.#fields, Field.Calls + Math.min(Math.max(0, choice), mostChoices - 1), more)
  }

  /** Number of running calls on one of the worker's quotas. */
  callsOn(choice: number): number {
    return choice < mostChoices ? Atomics.load(this.#fields, Field.Calls + choice) : 0
  }

  clear(): void {
    this.fill(new Array(fieldsPerCell).fill(0))
  }

  /** A copy of all fields, for {@link fill} of a cell elsewhere. */
  copy(): number[] {
    return Array.from({ length: fieldsPerCell }, (_, field) => Atomics.load(this.#fields, field))
  }

  fill(fields: readonly number[]): void {
    for (const [field, value] of fields.entries()) Atomics.store(this.#fields, field, value)
  }

  read(): BeatReading {
    return {
      beats: Atomics.load(this.#fields, Field.Beats),
      phase: phases[Atomics.load(this.#fields, Field.Phase)] ?? 'starting',
      progress: Atomics.load(this.#fields, Field.Progress),
      extendMs: Atomics.load(this.#fields, Field.ExtendMs),
      done: Atomics.load(this.#fields, Field.Done),
      heapUsed: Atomics.load(this.#fields, Field.HeapKb) * 1_024,
      idleMs: Atomics.load(this.#fields, Field.IdleMs),
      tid: Atomics.load(this.#fields, Field.Tid),
    }
  }
}

/** Allocates cells; grows by a page when all are taken. A cell whose thread could not be ended is never freed. */
export class BeatMemory {
  readonly #free: BeatCell[] = []

  take(): BeatCell {
    if (this.#free.length === 0) {
      const page = new SharedArrayBuffer(cellsPerPage * fieldsPerCell * Int32Array.BYTES_PER_ELEMENT)
      for (let index = cellsPerPage - 1; index >= 0; index--) this.#free.push(new BeatCell(page, index))
    }
    const cell = this.#free.pop() as BeatCell
    cell.clear()
    return cell
  }

  giveBack(cell: BeatCell): void {
    this.#free.push(cell)
  }
}
