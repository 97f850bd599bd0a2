/** Starts by hand: they wait for their turn, then for the registry, and a stop that comes before its answer wins. */
import type { HoldingHost } from '../../store/contract/hosts.js'
import { shareOfTurn } from '../../time/turns.js'
import type { WorkerCore } from './core.js'
import { heldBy, type Registration } from './registration.js'
import { free } from './sibling-phase.js'

/** A start by hand that is on its way. */
export interface Start {
  cancelled: boolean
}

export interface StartsMeans {
  registration: Registration
  /** Looks whether the module is another one than at the last start. */
  lookAtModule: () => Promise<void>
  /** It goes on as another host has left it. */
  adopt: () => void
}

export class Starts {
  readonly #worker: WorkerCore
  readonly #means: StartsMeans
  readonly #underWay = new Set<Start>()
  #times = 0

  constructor(worker: WorkerCore, means: StartsMeans) {
    this.#worker = worker
    this.#means = means
  }

  get areUnderWay(): boolean {
    return this.#underWay.size > 0
  }
  /** How often it was started by hand: whoever stops it can tell whether it was started since. */
  get times(): number {
    return this.#times
  }

  /** It will be started by hand, when it is its turn: until then a stop undoes that. */
  announce(): Start {
    const start = { cancelled: false }
    this.#underWay.add(start)
    return start
  }

  /** It is not started after all, or was started otherwise. */
  drop(start: Start): void {
    if (!this.#underWay.delete(start)) return
    this.#worker.moved()
    this.#worker.parts.changed()
  }

  /** Whatever start by hand is on its way comes to nothing. */
  cancel(): void {
    for (const start of this.#underWay) start.cancelled = true
  }

  /** @returns who holds it, if that is another host: then it waits, or is refused */
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

  /** It has a thread, or waits for one: that is what is wanted, should it be on its way down. */
  keep(): void {
    this.#times++
    this.#worker.send({ type: 'START' })
    this.#worker.parts.changed()
  }

  /** As it was started before, because its supervisor starts it over. */
  again(): void {
    const start = { cancelled: false }
    this.#underWay.add(start)
    this.#worker.send({ type: 'RESTART', reason: 'started again by its supervisor', again: true })
    // Told while it is on its way down, it takes that in once it is down: after this turn's events, before the next.
    queueMicrotask(() => {
      this.#underWay.delete(start)
      this.#worker.moved()
      this.#worker.parts.changed()
    })
  }

  /** Who has it now, of other hosts; null: nobody any more, and it goes on here if it waits for that. */
  seeHolder(holder: HoldingHost | null): void {
    const worker = this.#worker
    const { registration } = this.#means
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

  /** Whoever held it has let it go, or is gone: it goes on here. */
  #takeOver(): Promise<unknown> {
    return this.#begin(this.announce(), (holder) => {
      if (!holder && this.#worker.state === 'queued') this.#means.adopt()
    })
  }

  /** Takes it in the registry, and does what follows unless it was stopped meanwhile. */
  async #begin(start: Start, then: (holder: HoldingHost | null) => void): Promise<HoldingHost | 'started' | 'cancelled'> {
    const { registration, lookAtModule } = this.#means
    try {
      const { patience } = this.#worker.parts
      const acquired = patience.through('start', () => (start.cancelled ? Promise.resolve(null) : registration.acquire()))
      const [holder] = await Promise.all([acquired, lookAtModule()])
      // The store answers hundreds at once.
      await shareOfTurn()
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
