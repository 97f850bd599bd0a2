/** The way from a slot to a thread: past the start gate and through the registry; then a thread is made, if there is work. */
import { toErrorRecord } from '../../errors.js'
import { laneEnd } from '../../machines/lane-end.js'
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

export class Spawn {
  readonly #worker: WorkerCore
  readonly #means: SpawnMeans
  /** The start that waits for the registry. A stop cancels it; a later start replaces it. */
  #pending: { cancelled: boolean } | null = null

  constructor(worker: WorkerCore, means: SpawnMeans) {
    this.#worker = worker
    this.#means = means
  }

  /** Answered by SPAWNED, SHORT, HELD, REFUSED, COMPLETE or ENDED. */
  begin(): void {
    const worker = this.#worker
    const { registration, life } = this.#means
    const turn = worker.parts.startGate.enter(worker.id, worker.now())
    if (turn) {
      worker.send({ type: 'SHORT', why: turn.why })
      return
    }
    const start = { cancelled: false }
    this.#pending = start
    life.expect()
    registration
      .acquire()
      .then((holder) => nextTurn().then(() => holder))
      .catch((error: unknown) => {
        // A failure of the registry is not the worker's.
        if (this.#pending !== start) return
        this.#pending = null
        if (start.cancelled) life.ended(null)
        else worker.send({ type: 'SHORT', why: cannotStart(toErrorRecord(error)) })
      })
      .then((holder) => {
        if (this.#pending !== start || holder === undefined) return
        this.#pending = null
        if (start.cancelled) return life.ended(null)
        const { parts, config } = worker
        if (holder) return worker.send({ type: parts.config.onHeld === 'wait' ? 'HELD' : 'REFUSED', reason: heldBy(holder) })
        if (registration.hasLeft) return this.#means.adopt()
        const counts = parts.lanes.get(worker.id)
        if (config.dataset !== null && counts?.complete && !parts.isLoading(config.dataset)) {
          return worker.send({ type: 'COMPLETE', reason: laneEnd({ ...counts, target: config.target }) })
        }
        life.boot()
        if (worker.pauseWanted) life.thread?.pause()
      })
      .catch((error: unknown) => {
        if (this.#pending !== start) return
        this.#pending = null
        if (start.cancelled) life.ended(null)
        else life.failed('start-error', toErrorRecord(error))
      })
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
