/**
 * Admits or refuses requests by all limits at once: a request that one limit refuses takes nothing from the others. Limits belong
 * to an owner: a key or a project.
 */

import type { CompiledLimits, Counts, Rule } from './limits.js'
import { createMeter, type Meter, tolerance } from './meter.js'

/** Why a request was refused: one limit that had no room. */
export interface Refusal {
  /** null: too many were under way at once. */
  rule: Rule | null
  limit: number
  /** The used amount of the limit at its arrival. */
  used: number
  /** What it asked for. */
  requested: number
  /** Ms until there is room; Infinity: the request is larger than the limit; null: unknown (when a running request ends). */
  waitMs: number | null
}

/** How one limit stands. */
export interface Standing {
  rule: Rule
  /** In whole numbers, at least 0. */
  remaining: number
  /** Ms until all of it is free again. */
  resetMs: number
}

interface Owner {
  meters: { rule: Rule; meter: Meter }[]
  inFlight: number
}

export class Limiter {
  readonly limits: CompiledLimits
  readonly #owners = new Map<string, Owner>()

  constructor(limits: CompiledLimits) {
    this.limits = limits
  }

  /** Takes the amounts from all limits, or from none. @returns the limits without room; empty if admitted */
  admit(name: string, counts: Counts, now: number): Refusal[] {
    const owner = this.#owner(name)
    const refusals: Refusal[] = []
    for (const { rule, meter } of owner.meters) {
      const requested = counts[rule.unit]
      const room = meter.room(now)
      if (room + tolerance >= requested) continue
      refusals.push({ rule, limit: rule.limit, used: Math.max(0, rule.limit - room), requested, waitMs: meter.waitMs(requested, now) })
    }
    const { concurrency: limit } = this.limits
    if (owner.inFlight >= limit) refusals.push({ rule: null, limit, used: owner.inFlight, requested: 1, waitMs: null })
    if (refusals.length === 0) {
      this.take(name, counts, now)
      owner.inFlight++
    } else if (this.limits.countsFailures) {
      this.takeFailure(name, now)
    }
    return refusals
  }

  /** Takes the amounts without asking whether there is room. */
  take(name: string, counts: Counts, now: number): void {
    for (const { rule, meter } of this.#owner(name).meters) meter.take(counts[rule.unit], now)
  }

  /** Counts a refused request, where refused requests count. */
  takeFailure(name: string, now: number): void {
    for (const { rule, meter } of this.#owner(name).meters) {
      if (rule.unit !== 'requests' || rule.kind === 'calendar') continue
      meter.take(rule.kind === 'bucket' ? Math.min(1, Math.max(0, meter.room(now))) : 1, now)
    }
  }

  /** Corrects the amounts counted for the request of `at`. */
  correct(name: string, at: number, delta: Counts, now: number): void {
    for (const { rule, meter } of this.#owner(name).meters) {
      if (delta[rule.unit] !== 0) meter.correct(at, delta[rule.unit], now)
    }
  }

  /** Counts a request that begins or ends. */
  changeInFlight(name: string, by: 1 | -1): void {
    this.#owner(name).inFlight += by
  }

  standings(name: string, now: number): Standing[] {
    return this.#owner(name).meters.map(({ rule, meter }) => ({
      rule,
      remaining: Math.max(0, Math.floor(meter.room(now) + tolerance)),
      resetMs: Math.max(0, meter.resetMs(now)),
    }))
  }

  #owner(name: string): Owner {
    let owner = this.#owners.get(name)
    if (!owner) {
      owner = { meters: this.limits.rules.map((rule) => ({ rule, meter: createMeter(rule) })), inFlight: 0 }
      this.#owners.set(name, owner)
    }
    return owner
  }
}
