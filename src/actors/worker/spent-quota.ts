/** What a worker's quota has no room for, because of which the worker is parked or paused. */
import type { Amounts } from '../../store/contract/quotas.js'
import type { ThreadReport } from '../../threads/protocol/messages.js'
import { longestWaitMs } from '../../validation/arguments.js'
import type { WorkerCore } from './core.js'

/** What a worker wants to be granted. */
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
    return this.#worker.state === 'parked' || this.#worker.state === 'paused' ? this.#need : null
  }

  /** It waits for something else now. */
  forget(): void {
    this.#need = null
  }

  /** Parks until there is more, or pauses where only a raised budget helps. */
  spent({ quota, window, inMs, amounts }: Extract<ThreadReport, { type: 'spent' }>): void {
    const worker = this.#worker
    const { quotas } = worker.parts
    if (worker.state === 'stopping') return
    // Within what a date can say; it looks again then.
    const until = Number.isFinite(inMs) ? worker.now() + Math.min(inMs, longestWaitMs) : null
    const choices = worker.config.quota?.choices ?? [quota]
    this.#need = { choices, amounts }
    if (window === 'retired') {
      quotas.retired(choices)
      const reason = `every key of its quota (${worker.config.quota?.choices.join(', ')}) is retired: revive one to go on`
      worker.send({ type: 'PAUSE', byItself: true, reason })
      return
    }
    quotas.spent(quota, window, until)
    if (until === null) worker.send({ type: 'PAUSE', byItself: true, reason: `${window} of quota ${quota} is spent: raise it to go on` })
    else worker.send({ type: 'PARK', until, reason: `${window} of quota ${quota} is spent until ${new Date(until).toISOString()}` })
  }
}
