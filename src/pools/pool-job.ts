/** One task of a pool, from its call to its end. It settles exactly once. */
import type { Transferable } from 'node:worker_threads'
import type { Queued } from './pool-queue.js'

export class PoolJob implements Queued {
  before: this | null = null
  after: this | null = null
  readonly at = performance.now()
  startedAt = 0
  settled = false
  /** Ends its deadline. */
  callOff: (() => void) | null = null
  /** Removes its listener from the caller's signal. */
  release: (() => void) | null = null

  constructor(
    readonly n: number,
    readonly value: unknown,
    readonly name: string,
    readonly priority: number,
    readonly deadlineMs: number | null,
    readonly transfer: readonly Transferable[] | undefined,
    readonly resolve: (value: unknown) => void,
    readonly reject: (error: unknown) => void,
  ) {}

  /** @returns whether this call settled it */
  settle(): boolean {
    if (this.settled) return false
    this.settled = true
    this.callOff?.()
    this.release?.()
    return true
  }
}
