/** The amounts that a worker waits for while it is parked or paused by itself because of its quota, or is on its way there. */
import type { Amounts } from '../../store/contract/quotas.js'
import type { ThreadReport } from '../../threads/protocol/messages.js'
import { longestWaitMs } from '../../validation/arguments.js'
import type { WorkerCore } from './core.js'

/** A grant that a worker needs. */
export interface QuotaNeed {
  choices: string[]
  amounts: Amounts
}

export class SpentQuota {
  readonly #worker: WorkerCore
  #need: QuotaNeed | null = null

  constructor(worker: WorkerCore) {
    this.#worker = worker
  }

  get need(): QuotaNeed | null {
    const { state, activity, memory } = this.#worker
    const waits = state === 'parked' || state === 'paused' || activity === 'draining'
    // Paused by hand as well, it waits for that.
    return waits && memory.paused === null ? this.#need : null
  }

  /** Forgets the need: it no longer waits for quota. */
  forget(): void {
    this.#need = null
  }

  /** Parks until there is room, or pauses if only a raised budget helps. */
  spent({ quota, window, inMs, amounts }: Extract<ThreadReport, { type: 'spent' }>): void {
    const worker = this.#worker
    const { quotas } = worker.parts
    if (worker.state !== 'running') return
    // Bounded, so that it is a valid date; the worker looks again then.
    const until = Number.isFinite(inMs) ? worker.now() + Math.min(inMs, longestWaitMs) : null
    const choices = worker.config.quota?.choices ?? [quota]
    this.#need = { choices, amounts }
    if (window === 'retired') {
      quotas.retired(choices)
      const reason = `every key of its quota (${worker.config.quota?.choices.join(', ')}) is retired: revive one to go on`
      worker.send({ type: 'PAUSE', byItself: true, reason })
      return
    }
    const shown = worker.parts.wallClock.shownAt(until)
    quotas.spent(quota, window, shown)
    if (until === null || shown === null)
      worker.send({ type: 'PAUSE', byItself: true, reason: `${window} of quota ${quota} is spent: raise it to go on` })
    else worker.send({ type: 'PARK', until, reason: `${window} of quota ${quota} is spent until ${new Date(shown).toISOString()}` })
  }
}
