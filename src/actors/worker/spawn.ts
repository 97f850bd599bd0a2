/** The way from a slot to a thread: past the start gate and through the registry; then a thread is made, if there is work. */
import { toErrorRecord } from '../../errors.js'
import { laneEnd } from '../../machines/lane-end.js'
import type { HoldingHost } from '../../store/contract/hosts.js'
import { nextTurn } from '../../time/turns.js'
import type { WorkerCore } from './core.js'
import { heldBy, type Registration } from './registration.js'
import { cannotStart, type ThreadLife } from './thread-life.js'

export interface SpawnMeans {
  registration: Registration
  life: ThreadLife
  /** Continues in the state that another host left. */
  adopt: () => void
}

interface PendingSpawn {
  cancelled: boolean
}

export class Spawn {
  readonly #worker: WorkerCore
  readonly #means: SpawnMeans
  /** The start that waits for the registry. A stop cancels it; a later start replaces it. */
  #pending: PendingSpawn | null = null

  constructor(worker: WorkerCore, means: SpawnMeans) {
    this.#worker = worker
    this.#means = means
  }

  /** Answered by SPAWNED, SHORT, HELD, REFUSED, COMPLETE or ENDED. */
  begin(): void {
    const worker = this.#worker
    const { life } = this.#means
    const turn = worker.parts.startGate.enter(worker.id, worker.now())
    if (turn) {
      worker.send({ type: 'SHORT', why: turn.why })
      return
    }
    life.expect()
    this.#pending = { cancelled: false }
    void this.#take(this.#pending)
  }

  async #take(start: PendingSpawn): Promise<void> {
    const worker = this.#worker
    const { registration, life } = this.#means
    try {
      let holder: HoldingHost | null
      try {
        holder = await registration.acquire()
        await nextTurn()
      } catch (error) {
        // A failure of the registry is not the worker's.
        if (this.#isDue(start)) worker.send({ type: 'SHORT', why: cannotStart(toErrorRecord(error)) })
        return
      }
      if (this.#isDue(start)) this.#goOn(holder)
    } catch (error) {
      life.failed('start-error', toErrorRecord(error))
    }
  }

  /** @returns whether the start goes on, now that the registry has answered */
  #isDue(start: PendingSpawn): boolean {
    this.#worker.catchUp()
    if (this.#pending !== start) return false
    this.#pending = null
    if (start.cancelled) this.#means.life.ended(null)
    return !start.cancelled
  }

  #goOn(holder: HoldingHost | null): void {
    const worker = this.#worker
    const { registration, life, adopt } = this.#means
    const { parts, config } = worker
    const counts = parts.lanes.get(worker.id)
    if (holder) worker.send({ type: parts.config.onHeld === 'wait' ? 'HELD' : 'REFUSED', reason: heldBy(holder) })
    else if (registration.hasLeft) adopt()
    else if (config.dataset !== null && counts?.complete && !parts.isLoading(config.dataset)) {
      worker.send({ type: 'COMPLETE', reason: laneEnd({ ...counts, target: config.target }) })
    } else {
      life.boot()
      if (worker.pauseWanted) life.thread?.pause()
    }
  }

  /**
   * Cancels a start that waits for the registry.
   *
   * @returns whether there was one
   */
  cancel(): boolean {
    if (!this.#pending) return false
    this.#pending.cancelled = true
    return true
  }

  /** Ignores the registry's answer. */
  forget(): void {
    this.#pending = null
  }
}
