/** The facts about a worker for `done()`, read when they are asked for: of thousands of workers most questions need only a few. */
import type { OpenSystem } from '../actors/system/contract.js'
import { heldBy } from '../actors/worker/registration.js'
import type { ManagedWorker } from '../actors/worker/worker.js'
import type { WorkerState } from '../machines/lifecycle/states.js'
import type { LaneCounts } from '../store/contract/registry.js'
import { closest } from '../values/closest.js'
import type { WorkerFacts } from './run-report.js'

/** As they are at this moment: not to be kept. */
export class CurrentFacts implements WorkerFacts {
  readonly #system: OpenSystem
  readonly #managed: ManagedWorker

  constructor(system: OpenSystem, managed: ManagedWorker) {
    this.#system = system
    this.#managed = managed
  }

  get id(): string {
    return this.#managed.config.id
  }
  get state(): WorkerState {
    return this.#managed.state
  }
  get reason(): string {
    return this.#managed.memory.reason
  }
  get enabled(): boolean {
    return this.#managed.config.enabled
  }
  get dataset(): string | null {
    return this.#managed.config.dataset
  }
  get wanted(): boolean {
    return this.#managed.wanted
  }
  get actor(): boolean {
    return this.#managed.isActor
  }
  get settled(): boolean {
    return this.#managed.settled
  }
  get laneDone(): boolean | null {
    return this.dataset === null ? null : this.#counts?.complete === true && !this.neverLoaded
  }
  get left(): number | null {
    const counts = this.#counts
    if (counts === null) return null
    if (this.laneDone) return 0
    const { target } = this.#managed.config
    const { done, dead, total } = counts
    return Math.max(0, target !== null && total === target ? target - done : total - done - dead)
  }
  get idle(): boolean {
    return this.#managed.idle
  }
  get waitsForHand(): boolean {
    return this.#managed.waitsForHand
  }
  get heldBy(): string | null {
    const { holder } = this.#managed
    return holder && heldBy(holder)
  }
  get neverLoaded(): boolean {
    return this.#managed.neverLoaded
  }
  get loadedInstead(): string | null {
    if (this.dataset === null || !this.neverLoaded) return null
    const unused = [...this.#system.unused.keys()]
    return closest(this.dataset, unused) ?? unused[0] ?? null
  }
  get results(): number {
    return this.#counts?.done ?? 0
  }
  get dead(): number {
    return this.#counts?.dead ?? 0
  }

  get #counts(): LaneCounts | null {
    return this.#system.parts.lanes.get(this.id)
  }
}
