/**
 * The round trip to the store: sends outcomes and brings new leases. There is one at a time; tasks finished meanwhile go with the
 * next. Outcomes that the store cannot take are sent again until it can.
 */

import type { EngineClient } from '../../../store/contract/engine.js'
import type { Amounts } from '../../../store/contract/quotas.js'
import type { ExchangeReply, Outcome } from '../../../store/contract/tasks.js'
import type { ThreadReport, WorkerBoot } from '../../protocol/messages.js'
import type { TasksInHand } from '../../protocol/tasks-in-hand.js'
import type { Context } from '../context/worker-context.js'
import type { Lease } from './lease.js'

/** Wait after an exchange that the store could not do, for example because of a full disk. */
export const exchangeRetryMs = 1_000
/** Time between log lines while the store cannot take outcomes. */
const saidEveryMs = 60_000

export interface ExchangeDeps {
  boot: WorkerBoot
  store: EngineClient
  inHand: TasksInHand
  context: Context
  report: (report: ThreadReport) => void
}

interface ExchangeEvents {
  /** The store has the outcomes; `want` is the number of tasks that were requested. */
  answered(reply: ExchangeReply, want: number): void
  /** The store took nothing; try again now. */
  again(): void
}

export class Exchange {
  readonly #deps: ExchangeDeps
  readonly #events: ExchangeEvents
  /** Unsent outcomes, with their cells in the shared memory (-1: none). */
  #outcomes: Outcome[] = []
  #cells: number[] = []
  #unsentSince = 0
  #unconfirmed = 0
  #underWay = false
  #fenced = false
  #request = 0
  /** Earliest time of the next log line about a failing store. */
  #sayRefusedAt = 0

  constructor(deps: ExchangeDeps, events: ExchangeEvents) {
    this.#deps = deps
    this.#events = events
  }

  /** Number of unsent outcomes. */
  get unsent(): number {
    return this.#outcomes.length
  }

  /** Since when the oldest unsent outcome waits, by `performance.now()`. */
  get unsentSince(): number {
    return this.#unsentSince
  }

  /** Number of outcomes that the store has not confirmed. */
  get unsettled(): number {
    return this.#outcomes.length + this.#unconfirmed
  }

  get isUnderWay(): boolean {
    return this.#underWay
  }

  /** Another host has the worker: nothing is sent any more. */
  get isFenced(): boolean {
    return this.#fenced
  }

  /** @param cell in the shared memory; -1: the task was not begun */
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

  /** Sends all unsent outcomes and asks for `want` tasks. No exchange may be running. */
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
    this.#deps.context.log.warn(`the store could not take ${outcomes} outcomes; drover tries again until it can: ${message}`)
  }
}
