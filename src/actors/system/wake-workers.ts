/**
 * Tells workers that there may be more to do: after a load, after another process changed the store, after a target was raised.
 */

import { inTurns } from '../../time/turns.js'
import type { SystemParts } from '../worker/parts.js'
import type { ManagedWorker } from '../worker/worker.js'

/** A load that is quick wakes its workers no more often than this. */
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

  /** Items came into a dataset. Told to its workers soon, many times in one. */
  dataset(name: string): void {
    this.#datasets.add(name)
    this.#timer ??= setTimeout(() => {
      this.#timer = null
      const grown = new Set(this.#datasets)
      this.#datasets.clear()
      if (this.#asleep) return
      const concerned = [...this.#managed.values()].filter(({ config: { dataset } }) => dataset !== null && grown.has(dataset))
      for (const managed of concerned) if (managed.live) managed.poke()
      // A lane may be complete for all that came: its target is reached.
      if (concerned.some(({ live }) => !live)) void this.everyone()
    }, everyMs)
  }

  /** Wakes workers unless their lanes have nothing left. */
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

  /** Asks the store where lanes stand, and wakes those that have work. */
  async everyone(): Promise<void> {
    await this.refresh()
    await inTurns([...this.#managed.values()], ({ config }) => config.dataset !== null && this.#look(config.id))
  }

  /** Wakes a worker that has work; one that waits for tasks or quota, and has none left, finds that out. */
  #look(id: string): void {
    if (this.#asleep) return
    const managed = this.#managed.get(id)
    managed?.seeLoad()
    if (!this.#parts.lanes.get(id)?.complete) managed?.poke()
    else if (managed?.state === 'parked') managed.tell({ type: 'START' })
    else managed?.thread?.poke()
  }

  /** Asks the store where lanes stand; keeps what is known where it does not answer. */
  async refresh(): Promise<void> {
    const { store, lanes } = this.#parts
    if (this.#stopped) return
    const reply = await store.client.call('counts', { workers: [...this.#managed.keys()] }).catch(() => ({ counts: [] }))
    lanes.update(reply.counts)
  }

  /** Wakes nobody any more. */
  sleep(): void {
    this.#asleep = true
  }

  stop(): void {
    this.sleep()
    this.#stopped = true
    if (this.#timer) clearTimeout(this.#timer)
  }
}
