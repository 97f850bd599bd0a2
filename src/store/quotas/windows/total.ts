import type { Time } from '../../contract/basics.js'
import type { QuotaWindow } from '../../contract/quotas.js'
import { longestSlackMs, QuotaWindowMeter, roundedOff, type WindowState } from './meter.js'

/** A budget: the amount used ever. */
export class TotalWindow extends QuotaWindowMeter {
  readonly slackMs = longestSlackMs
  #used: number

  constructor(window: QuotaWindow, state: WindowState | null) {
    super(window)
    this.#used = state && 'used' in state ? state.used : 0
  }

  used(): number {
    return this.#used
  }

  protected waitFor(amount: number): number {
    return this.#used + amount <= this.limit + roundedOff(amount, this.limit) ? 0 : Number.POSITIVE_INFINITY
  }

  take(amount: number, at: Time): Time {
    this.#used += amount
    this.changed = true
    return at
  }

  give(amount: number): void {
    this.#used = Math.max(0, this.#used - amount)
    this.changed = true
  }

  /** A provider does not know the budget. */
  tighten(): void {}

  resetsAt(): null {
    return null
  }

  counts(inMs: number): boolean {
    return Number.isFinite(inMs)
  }

  save(): WindowState {
    return { start: null, used: this.#used }
  }
}
