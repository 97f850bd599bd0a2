/** Claimed tasks that wait for their quota. Each starts when it is granted; all waits can be cancelled. */

import { isSpent, type QuotaClient, type QuotaLease, type QuotaSpent } from '../../../quotas/client.js'
import type { Amounts } from '../../../store/contract/quotas.js'
import { checkAmounts } from '../../../store/quotas/check-amounts.js'
import type { WorkerBoot } from '../../protocol/messages.js'
import type { DefinedWorker } from '../define-worker.js'
import type { Lease } from './lease.js'

/** A task whose quota alone needs longer than this is given back instead of waiting. */
const patienceMs = 60_000

interface GrantingDeps {
  boot: WorkerBoot
  definition: DefinedWorker
  quotas: QuotaClient
}

/** The result of a wait, unless it was cancelled. */
export interface GrantingEvents {
  granted(lease: Lease, quota: QuotaLease): void
  /** The quota cannot grant these amounts for a long time. */
  spent(lease: Lease, spent: QuotaSpent & { amounts: Amounts }): void
  /** It can never be granted, or the store could not be asked. */
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

  /** Number of waiting tasks. */
  get size(): number {
    return this.#waiting.size
  }

  /**
   * Asks for a grant for one more task.
   *
   * @returns a grant from a block taken ahead; null: an event follows
   * @throws what the worker's `estimate` throws; ARGUMENT_INVALID if its result is not valid amounts
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

  /** Cancels all waits. @returns their tasks */
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
