/**
 * Decides whether the run is over and how it ended, from facts about workers and lanes. Logs the reason for waiting while nothing
 * moves.
 */

import type { OpenSystem } from '../actors/system/contract.js'
import { DroverError } from '../errors.js'
import { backoffDelay } from '../time/backoff.js'
import { piecewise } from '../time/turns.js'
import { readErrors } from './reads.js'
import { describeWait, isOver, isWaiting, type RunReport, reportOf, type WorkerFacts } from './run-report.js'
import { CurrentFacts } from './worker-facts.js'

/** A shorter wait is not logged. */
const sayAfterMs = 1_000
/** The shortest time between two looks at all workers. */
const lookEveryMs = 100
/** Waits before the same line is logged again. */
const againWaits = { initialMs: 5_000, factor: 3, maxMs: 600_000, jitter: 0 }

export class RunEnding {
  readonly #system: OpenSystem
  /** Status servers, through which a person can act. */
  readonly #attendants = new Set<object>()
  /** Number of calls that wait for the end. */
  #waiting = 0
  #timer: NodeJS.Timeout | null = null
  #looking: NodeJS.Timeout | null = null
  /** The last logged line, and how often it was logged. */
  #said = ''
  #times = 0
  #sayAgainAt = 0

  constructor(system: OpenSystem) {
    this.#system = system
  }

  /**
   * Notes that a person can raise a budget or revive a key while the program waits.
   *
   * @returns a function that ends this
   */
  attend(): () => void {
    const attendant = {}
    this.#attendants.add(attendant)
    return () => {
      this.#attendants.delete(attendant)
      this.#system.parts.changed()
    }
  }

  isOver(): boolean {
    return isOver(this.#facts(), this.#attendants.size > 0)
  }

  /** Logs reasons for waiting until the returned function is called. */
  watch(): () => void {
    const { watchers } = this.#system
    const look = (): void => {
      this.#looking ??= setTimeout(() => {
        this.#looking = null
        if (this.#waiting > 0) void this.#look()
      }, lookEveryMs).unref()
    }
    this.#waiting++
    watchers.add(look)
    look()
    return () => {
      watchers.delete(look)
      if (--this.#waiting > 0) return
      this.#times = 0
      this.#hush()
    }
  }

  /** All of it of one moment, but for the errors. */
  async report({ signalled, closing }: { signalled: boolean; closing: boolean }): Promise<RunReport> {
    const unused = [...this.#system.unused].map(([dataset, items]) => ({ dataset, items }))
    const report = reportOf(this.#facts(), { interrupted: signalled, unused })
    const errors = report.dead > 0 ? await readErrors(this.#system.reader, {}).catch(noneIfClosed) : []
    return closing && report.incomplete.length > 0 ? { ...report, interrupted: true, errors } : { ...report, errors }
  }

  /** Facts one by one: most questions are answered by the first few. */
  *#facts(): Generator<WorkerFacts> {
    for (const managed of this.#system.managed.values()) yield new CurrentFacts(this.#system, managed)
  }

  /** Logs the reason once nothing has moved for a moment, again when it changes, and now and then while a person must act. */
  async #look(): Promise<void> {
    const waits = await piecewise(isWaiting(this.#facts()))
    if (waits && this.#waiting > 0) this.#sayIn(sayAfterMs)
    else this.#hush()
  }

  #sayIn(ms: number): void {
    this.#timer ??= setTimeout(() => void this.#say(), ms).unref()
  }

  async #say(): Promise<void> {
    const timer = this.#timer
    const wait = await piecewise(describeWait(this.#facts()))
    // Something has moved meanwhile.
    if (this.#timer !== timer) return
    this.#timer = null
    if (wait === null) return
    if (wait.text !== this.#said) this.#times = 0
    const now = performance.now()
    const early = this.#times > 0 ? this.#sayAgainAt - now : 0
    if (early <= 0) {
      this.#said = wait.text
      this.#system.parts.logs.part('system')[wait.needsHand ? 'warn' : 'info'](`done() waits: ${wait.text}`)
      this.#sayAgainAt = now + (wait.needsHand ? backoffDelay(againWaits, this.#times) : Number.POSITIVE_INFINITY)
      this.#times++
    }
    if (wait.needsHand) this.#sayIn(this.#sayAgainAt - now)
  }

  #hush(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
  }
}

function noneIfClosed(error: unknown): [] {
  if (DroverError.is(error) && error.code === 'CLOSED') return []
  throw error
}
