/** Tasks that were claimed and wait for what their quota grants: each goes when it is granted, and all of them can be called off. */

import { isSpent, type QuotaClient, type QuotaLease, type QuotaSpent } from '../../../quotas/client.js'
import type { Amounts } from '../../../store/contract/quotas.js'
import { checkAmounts } from '../../../store/quotas/check-amounts.js'
import type { WorkerBoot } from '../../protocol/messages.js'
import type { DefinedWorker } from '../define-worker.js'
import type { Lease } from './lease.js'

/** Who would wait for longer, were it alone, is not waited for. */
const patienceMs = 60_000

interface GrantingDeps {
  boot: WorkerBoot
  definition: DefinedWorker
  quotas: QuotaClient
}

/** What becomes of a task, told later, unless it was called off. */
export interface GrantingEvents {
  granted(lease: Lease, quota: QuotaLease): void
  /** There is no room for such amounts for long. */
  spent(lease: Lease, spent: QuotaSpent & { amounts: Amounts }): void
  /** It cannot be granted at all, or the store could not be asked. */
  refused(lease: Lease, error: unknown, amounts: Amounts): void
}

export class Granting {
  readonly #deps: GrantingDeps
  readonly #events: GrantingEvents
  readonly #waiting = new Map<Lease, AbortController>()

  constructor(deps: GrantingDeps, events: GrantingEvents) {
    this.#deps = deps
    this.#events = events
  }

  /** How many wait. */
  get size(): number {
    return this.#waiting.size
  }

  /**
   * Asks for one more.
   *
   * @returns what was taken ahead, if there is any; null: it is told later
   * @throws what the worker's `estimate` throws; ARGUMENT_INVALID if it answers no amounts
   */
  ask(lease: Lease, { choices, amounts: usual, priority }: NonNullable<WorkerBoot['quota']>): QuotaLease | null {
    const { quotas } = this.#deps
    const amounts = this.#estimate(lease, usual)
    const ready = quotas.take(choices, amounts)
    if (ready) return ready
    const ending = new AbortController()
    this.#waiting.set(lease, ending)
    const timeoutMs = Number.POSITIVE_INFINITY
    quotas.ask({ choices, amounts, priority, patienceMs, timeoutMs, signal: ending.signal }).then(
      (answer) => {
        const wanted = this.#waiting.delete(lease)
        if (isSpent(answer)) {
          if (wanted) this.#events.spent(lease, { ...answer, amounts })
        } else if (wanted) this.#events.granted(lease, answer)
        else void quotas.refund(answer).catch(() => {})
      },
      (error: unknown) => {
        if (this.#waiting.delete(lease)) this.#events.refused(lease, error, amounts)
      },
    )
    return null
  }

  /** Calls them off. */
  cancel(): Lease[] {
    const leases = [...this.#waiting.keys()]
    const endings = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const ending of endings) ending.abort()
    return leases
  }

  #estimate({ key, data, attempt }: Lease, usual: Amounts): Amounts {
    const { boot, definition } = this.#deps
    if (!definition.estimate) return usual
    const estimated = definition.estimate({ key, dataset: boot.dataset as string, data: JSON.parse(data) as unknown, attempt })
    return { ...usual, ...checkAmounts('estimate', estimated) }
  }
}
