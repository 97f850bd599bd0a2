/**
 * Wakes workers that may have more work: after a load, a change of the store by another process, or a raised target.
 */

import { inPieces, inTurns } from '../../time/turns.js'
import type { SystemParts } from '../worker/contract.js'
import type { ManagedWorker } from '../worker/worker.js'

/** Least time between two wakes by a load. */
const everyMs = 20

export class Waker {
  readonly #parts: SystemParts
  readonly #managed: Map<string, ManagedWorker>
  readonly #datasets = new Set<string>()
  #timer: NodeJS.Timeout | null = null
  #asleep = false
  #stopped = false

  constructor(parts: SystemParts, managed: Map<string, ManagedWorker>) {
    this.#parts = parts
    this.#managed = managed
  }

  /** Items came into a dataset. Its workers are woken soon, once for many calls. */
  dataset(name: string): void {
    this.#datasets.add(name)
    this.#timer ??= setTimeout(() => {
      this.#timer = null
      const grown = new Set(this.#datasets)
      this.#datasets.clear()
      if (this.#asleep) return
      const concerned = [...this.#managed.values()].filter(({ config: { dataset } }) => dataset !== null && grown.has(dataset))
      for (const managed of concerned) if (managed.live) managed.poke()
      // A lane may stay complete despite new items: its target is reached.
      if (concerned.some(({ live }) => !live)) void this.everyone()
    }, everyMs)
  }

  /** Wakes workers whose lanes have tasks left. */
  async workers(ids: readonly string[]): Promise<void> {
    await inTurns(ids, (id) => {
      if (!this.#asleep && !this.#parts.lanes.get(id)?.complete) this.#managed.get(id)?.poke()
    })
  }

  /** Lanes were changed by hand. */
  async changed(workers: readonly string[]): Promise<void> {
    await this.refresh()
    await inTurns(workers, (id) => this.#look(id))
  }

  /** Reads the counts of lanes, and wakes workers that have work. */
  async everyone(): Promise<void> {
    await this.refresh()
    await inTurns([...this.#managed.values()], ({ config }) => config.dataset !== null && this.#look(config.id))
  }

  /** Wakes a worker that has work. A worker that waits for tasks or quota although none are left finds out. */
  #look(id: string): void {
    if (this.#asleep) return
    const managed = this.#managed.get(id)
    managed?.seeLoad()
    if (!this.#parts.lanes.get(id)?.complete) managed?.poke()
    else if (managed?.state === 'parked') managed.tell({ type: 'WAKE' })
    else managed?.thread?.poke()
  }

  /** Reads the counts of the lanes of these workers, or of all; without an answer the old counts stay. */
  async refresh(ids: Iterable<string> = this.#managed.keys()): Promise<void> {
    const { store, lanes } = this.#parts
    await inPieces([...ids], async (workers) => {
      if (this.#stopped) return
      const reply = await store.client.call('counts', { workers }).catch(() => ({ counts: [] }))
      lanes.update(reply.counts)
    })
  }

  /** Stops waking workers. */
  sleep(): void {
    this.#asleep = true
  }

  stop(): void {
    this.sleep()
    this.#stopped = true
    if (this.#timer) clearTimeout(this.#timer)
  }
}
