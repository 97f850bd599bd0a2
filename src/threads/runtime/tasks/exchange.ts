/**
 * The round trip to the store: takes outcomes there, and brings leases for more. There is one at a time; what is finished meanwhile goes with the next.
 * What the store cannot take is sent again until it can.
 */

import type { EngineClient } from '../../../store/contract/engine.js'
import type { Amounts } from '../../../store/contract/quotas.js'
import type { ExchangeReply, Outcome } from '../../../store/contract/tasks.js'
import type { ThreadReport, WorkerBoot } from '../../protocol/messages.js'
import type { TasksInHand } from '../../protocol/tasks-in-hand.js'
import type { Context } from '../context/worker-context.js'
import type { Lease } from './lease.js'

/** After an exchange the store could not carry out (a full disk, say). */
export const exchangeRetryMs = 1_000
/** That it cannot is said at once, and so often while that lasts. */
const saidEveryMs = 60_000

export interface ExchangeDeps {
  boot: WorkerBoot
  store: EngineClient
  inHand: TasksInHand
  context: Context
  report: (report: ThreadReport) => void
}

interface ExchangeEvents {
  /** The store has the outcomes; `want` is for how many tasks it was asked. */
  answered(reply: ExchangeReply, want: number): void
  /** It took nothing: to be tried again now. */
  again(): void
}

export class Exchange {
  readonly #deps: ExchangeDeps
  readonly #events: ExchangeEvents
  /** Finished and not yet sent, with the cells of the shared memory that vouch for them (-1: none). */
  #outcomes: Outcome[] = []
  #cells: number[] = []
  #unsentSince = 0
  #unconfirmed = 0
  #underWay = false
  #fenced = false
  #request = 0
  /** When it may be said again that the store takes nothing. */
  #sayRefusedAt = 0

  constructor(deps: ExchangeDeps, events: ExchangeEvents) {
    this.#deps = deps
    this.#events = events
  }

  /** How many outcomes wait to be sent. */
  get unsent(): number {
    return this.#outcomes.length
  }

  /** Since when the oldest of them waits, by `performance.now()`. */
  get unsentSince(): number {
    return this.#unsentSince
  }

  /** How many the store is not known to have. */
  get unsettled(): number {
    return this.#outcomes.length + this.#unconfirmed
  }

  get isUnderWay(): boolean {
    return this.#underWay
  }

  /** Another host has the worker: nothing goes to the store any more. */
  get isFenced(): boolean {
    return this.#fenced
  }

  /** @param cell of the shared memory; -1: the task was not begun */
  add(outcome: Outcome, cell: number, usage: Amounts | null = null): void {
    if (usage) outcome.usage = usage
    if (cell >= 0) this.#deps.inHand.finished(cell)
    if (this.#outcomes.length === 0) this.#unsentSince = performance.now()
    this.#outcomes.push(outcome)
    this.#cells.push(cell)
  }

  /** Gives a task back that was not begun. */
  giveBack(lease: Lease, inMs = 0): void {
    this.add({ do: 'release', token: lease.token, inMs }, -1)
  }

  /** Sends all that is unsent, and asks for so many tasks. One must not be under way. */
  async send(want: number): Promise<void> {
    const { boot, store, inHand, report } = this.#deps
    const outcomes = this.#outcomes
    const cells = this.#cells
    this.#outcomes = []
    this.#cells = []
    this.#unconfirmed = outcomes.length
    this.#underWay = true
    let reply: ExchangeReply
    try {
      reply = await store.call('exchange', { worker: boot.id, fence: boot.fence, request: ++this.#request, outcomes, want })
    } catch (error) {
      const code = (error as { code?: unknown }).code
      this.#underWay = false
      this.#unconfirmed = 0
      if (code === 'FENCED') {
        this.#fenced = true
        report({ type: 'fenced' })
      } else if (code !== 'CLOSED') {
        this.#sayRefused(outcomes.length, error as Error)
        this.#outcomes = [...outcomes, ...this.#outcomes]
        this.#cells = [...cells, ...this.#cells]
        setTimeout(() => this.#events.again(), exchangeRetryMs)
      }
      return
    }
    for (const cell of cells) if (cell >= 0) inHand.confirmed(cell)
    this.#sayRefusedAt = 0
    this.#underWay = false
    this.#unconfirmed = 0
    this.#events.answered(reply, want)
  }

  #sayRefused(outcomes: number, { message }: Error): void {
    const now = performance.now()
    if (now < this.#sayRefusedAt) return
    this.#sayRefusedAt = now + saidEveryMs
    this.#deps.context.log.warn(`the store could not take ${outcomes} outcomes; tried again until it can: ${message}`)
  }
}
