import type { Transferable } from 'node:worker_threads'

/** The second argument of a pool's function. */
export interface PoolContext<Input = unknown> {
  /** The id of the pool. */
  readonly pool: string
  /** The pool's option `input`. */
  readonly input: Input
  /** Aborted at the task's deadline, and when its caller cancels it. */
  readonly signal: AbortSignal
  /**
   * Moves parts of the result to the caller instead of copying them: `return ctx.transfer(pixels, [pixels.buffer])`.
   *
   * @param list as for `postMessage`
   * @returns the value
   */
  transfer<Value>(value: Value, list: readonly Transferable[]): Value
}
