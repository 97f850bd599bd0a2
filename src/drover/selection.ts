/** The workers that a call means, as the system manages them. */
import type { OpenSystem } from '../actors/system/opened.js'
import type { ManagedWorker } from '../actors/worker/worker.js'
import type { Lifetime } from './lifetime.js'
import { byId, type Selector, select } from './selector.js'

export class Selection {
  readonly #system: OpenSystem
  readonly #lifetime: Lifetime

  constructor(system: OpenSystem, lifetime: Lifetime) {
    this.#system = system
    this.#lifetime = lifetime
  }

  /** @throws DroverError WORKER_UNKNOWN, ARGUMENT_INVALID, CLOSED, or what the system failed with */
  of(selector: Selector | undefined): ManagedWorker[] {
    this.#lifetime.assertOpen()
    return this.evenAtTheEnd(selector)
  }

  /** The same where the system need not be open. */
  evenAtTheEnd(selector: Selector | undefined): ManagedWorker[] {
    const { parts, tree, managed } = this.#system
    return select(parts.config.workers, tree, selector).map(({ id }) => managed.get(id) as ManagedWorker)
  }

  /** @throws as `of` does */
  one(id: string): ManagedWorker {
    this.#lifetime.assertOpen()
    const { parts, managed } = this.#system
    return managed.get(byId(parts.config.workers, id).id) as ManagedWorker
  }
}
