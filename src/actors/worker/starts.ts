/** Starts by hand: they wait for their turn, then for the registry. A stop before the registry's answer wins. */
import type { HoldingHost } from '../../store/contract/hosts.js'
import { shareOfTurn } from '../../time/turns.js'
import type { WorkerCore } from './core.js'
import { heldBy, type Registration } from './registration.js'
import { free } from './state-groups.js'

/** A pending start by hand. */
export interface Start {
  cancelled: boolean
  /** Settles at the end of a reset that was called before; null: there was none. */
  after: Promise<void> | null
}

export interface StartsMeans {
  registration: Registration
  /** Checks whether the module has changed since the last start. */
  lookAtModule: () => Promise<void>
  /** Continues in the state that another host left. */
  adopt: () => void
}

export class Starts {
  readonly #worker: WorkerCore
  readonly #means: StartsMeans
  readonly #underWay = new Set<Start>()
  #held: Promise<void> | null = null
  #times = 0

  constructor(worker: WorkerCore, means: StartsMeans) {
    this.#worker = worker
    this.#means = means
  }

  get areUnderWay(): boolean {
    return this.#underWay.size > 0
  }
  /** How often it was started by hand, so that a stop can detect a later start. */
  get times(): number {
    return this.#times
  }

  /** Announces a start by hand, which follows at its turn; until then a stop cancels it. */
  announce(): Start {
    const start = { cancelled: false, after: this.#held }
    this.#underWay.add(start)
    return start
  }

  /**
   * Starts that are announced from now on come after the end of this.
   *
   * @returns `isStarting`: whether an earlier start is pending
   */
  holdBack(): { isStarting: () => boolean; end: () => void } {
    const earlier = [...this.#underWay]
    let release = (): void => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    this.#held = held
    return {
      isStarting: () => earlier.some((start) => !start.cancelled && this.#underWay.has(start)),
      end: () => {
        if (this.#held === held) this.#held = null
        release()
      },
    }
  }

  /** Drops a start that is not needed. */
  drop(start: Start): void {
    if (!this.#underWay.delete(start)) return
    this.#worker.moved()
    this.#worker.parts.changed()
  }

  /** Cancels pending starts by hand. */
  cancel(): void {
    for (const start of this.#underWay) start.cancelled = true
  }

  /** @returns the holder, if it is another host: then the worker waits or is refused */
  start(start = this.announce()): Promise<HoldingHost | 'started' | 'cancelled'> {
    this.#times++
    return this.#begin(start, (holder) => {
      const { parts, supervisor } = this.#worker
      if (holder && parts.config.onHeld === 'refuse') return
      supervisor?.send({ type: 'REVIVE' })
      if (this.#means.registration.hasLeft) this.#means.adopt()
      else this.#worker.send({ type: 'START' })
    })
  }

  /** It has a thread or waits for one; keeps it wanted, even if it is being stopped. */
  keep(): void {
    this.#times++
    this.#worker.send({ type: 'START' })
    this.#worker.parts.changed()
  }

  /** Starts it as before, because its supervisor starts it again. */
  again(): void {
    const start = this.announce()
    this.#worker.send({ type: 'RESTART', reason: 'started again by its supervisor', again: true })
    // While it goes down, the event is handled once it is down: after this turn's events, before the next turn.
    queueMicrotask(() => this.drop(start))
  }

  /** Notes the other host that holds it; null: no host, so it continues here if it waits for that. */
  seeHolder(holder: HoldingHost | null): void {
    const worker = this.#worker
    const { registration } = this.#means
    worker.catchUp()
    if (registration.holder === null) return
    if (holder) {
      registration.seeHolder(holder)
      return
    }
    if (worker.state === 'queued') {
      void this.#takeOver().catch((error: unknown) => worker.parts.report(`could not take over ${worker.id}`, error))
      return
    }
    const was = heldBy(registration.holder)
    registration.seeHolder(null)
    if (worker.state === 'idle' && worker.memory.reason === was) worker.send({ type: 'ADOPT', left: null, reason: `no longer ${was}` })
  }

  /** Its holder has released it or is gone: it continues here. */
  #takeOver(): Promise<unknown> {
    return this.#begin(this.announce(), (holder) => {
      if (!holder && this.#worker.state === 'queued') this.#means.adopt()
    })
  }

  /** Claims it in the registry, then calls `then` unless it was stopped meanwhile. */
  async #begin(start: Start, then: (holder: HoldingHost | null) => void): Promise<HoldingHost | 'started' | 'cancelled'> {
    const { registration, lookAtModule } = this.#means
    try {
      const { writeRetry } = this.#worker.parts
      const acquired = writeRetry.through('start', () => (start.cancelled ? Promise.resolve(null) : registration.acquire()))
      const [holder] = await Promise.all([acquired, lookAtModule()])
      // The store answers hundreds at once.
      await shareOfTurn()
      this.#worker.catchUp()
      if (start.cancelled) {
        if (free.includes(this.#worker.state)) registration.giveBack()
        return 'cancelled'
      }
      then(holder)
      return holder ?? 'started'
    } catch (error) {
      if (start.cancelled) return 'cancelled'
      throw error
    } finally {
      this.drop(start)
    }
  }
}
