/** The managed workers that a selector matches. */
import type { OpenSystem } from '../actors/system/contract.js'
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

  /** @throws DroverError WORKER_UNKNOWN, ARGUMENT_INVALID, CLOSED, or the error that the system failed with */
  of(selector: Selector | undefined): ManagedWorker[] {
    this.#lifetime.assertOpen()
    return this.evenAtTheEnd(selector)
  }

  /** As {@link of}, also on a system that is not open. */
  evenAtTheEnd(selector: Selector | undefined): ManagedWorker[] {
    const { parts, tree, managed } = this.#system
    return select(parts.config.workers, tree, selector).map(({ id }) => managed.get(id) as ManagedWorker)
  }

  /**
   * The worker, or all its instances.
   *
   * @throws as `of` does
   */
  byId(id: string): ManagedWorker[] {
    this.#lifetime.assertOpen()
    const { parts, managed, declared } = this.#system
    const one = managed.get(id)
    if (one) return [one]
    return declared.get(id) ?? byId(parts.config.workers, id).map((worker) => managed.get(worker.id) as ManagedWorker)
  }
}
