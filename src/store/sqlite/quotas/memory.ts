/**
 * The quotas of the store in this process's memory. They are read if another process has written them since, changed by the
 * limiter, and written at the end of the transaction. If the transaction fails, the memory is discarded with it.
 */

import { machineMs } from '../../../time/machine-clock.js'
import type { Time } from '../../contract/basics.js'
import type { QuotaAnswer } from '../../contract/quotas.js'
import { Limiter } from '../../quotas/limiter.js'
import { Quota } from '../../quotas/quota.js'
import { type Decision, nameOf, type Waiter } from '../../quotas/waiter.js'
import type { Moment } from '../../quotas/windows/open-window.js'
import type { EngineContext } from '../engine-context.js'
import { quotaGrants } from './recent-grants.js'
import { quotaTables, type WaiterRow } from './tables.js'

/** A process that does not renew its places in line for this time loses them. */
const placeTtlMs = 2_000

/** Time between samples for plots. */
const sampleEveryMs = 10_000
const samplesForMs = 24 * 3_600_000

export class QuotaMemory {
  readonly #context: EngineContext
  readonly tables: ReturnType<typeof quotaTables>
  readonly grants: ReturnType<typeof quotaGrants>
  readonly limiter = new Limiter()
  /** This process's waiters, and its stored places and requests in flight. */
  #own = new Map<string, Waiter>()
  #storedPlaces = new Set<string>()
  #storedFlights = new Set<string>()
  /** When the places of other processes expire, unless renewed. */
  #foreignUntil: Time = Number.POSITIVE_INFINITY
  #line = 0
  #storedLine = 0
  #renewedAt: Time = 0
  #loadedVersion = -1
  #seenData: unknown = null
  readonly #sampledAt = new Map<string, Time>()
  #decisions: Decision[] = []
  #dueAt: Time = Number.POSITIVE_INFINITY
  /** The last settlement request of each client. */
  #lastRequests = new Map<string, number>()
  /** The state to restore if the transaction fails. */
  #before: { own: Map<string, Waiter>; places: Set<string>; flights: Set<string>; decisions: Decision[] } | null = null

  constructor(context: EngineContext) {
    this.#context = context
    this.tables = quotaTables(context.db)
    this.grants = quotaGrants(context)
  }

  moment(): Moment {
    return { now: this.#context.now(), wall: this.#context.wall() }
  }

  /** This process's waiters, by name. */
  get own(): Map<string, Waiter> {
    return this.#own
  }

  /** The number of a new waiter. */
  nextInLine(): number {
    return ++this.#line
  }

  lastRequest(client: string): number {
    return this.#lastRequests.get(client) ?? this.tables.lastRequest(client) ?? 0
  }

  noteRequest(client: string, request: number): void {
    this.#lastRequests.set(client, request)
    this.tables.writeRequest(client, request, this.#context.wall())
  }

  forgetRequests(client: string): void {
    this.#lastRequests.delete(client)
    this.tables.deleteRequest(client)
  }

  /** Begins to work with quotas in the current transaction. */
  touch(): void {
    if (this.#before) return
    this.#before = {
      own: new Map(this.#own),
      places: new Set(this.#storedPlaces),
      flights: new Set(this.#storedFlights),
      decisions: [...this.#decisions],
    }
    const data = this.tables.dataVersion()
    const stale =
      this.#loadedVersion === -1 ||
      (data !== this.#seenData && this.tables.version() !== this.#loadedVersion) ||
      this.#foreignUntil <= this.#context.now()
    if (stale) this.#load()
    this.#seenData = data
  }

  #load(): void {
    const { limiter, tables } = this
    const at = this.moment()
    for (const { spec, record, windows } of tables.quotasSince(this.#loadedVersion)) {
      limiter.put(new Quota(spec, record, windows, at))
    }
    limiter.putFlights(tables.flights())
    this.#storedFlights = new Set(limiter.inFlight.keys())
    for (const waiter of [...limiter.line]) limiter.leave(waiter)
    for (const waiter of this.#own.values()) limiter.join(waiter)
    this.#foreignUntil = Number.POSITIVE_INFINITY
    for (const row of tables.places(at.now)) {
      if (this.#own.has(nameOf(row)) || row.process === this.#context.process) continue
      limiter.join(foreign(row))
      this.#foreignUntil = Math.min(this.#foreignUntil, row.aliveUntil)
    }
    this.#line = tables.line()
    this.#storedLine = this.#line
    this.#loadedVersion = tables.version()
    this.#lastRequests = new Map()
  }

  serve(): Decision[] {
    // Read first, minus the rounding of the store's clock to whole ms, so that no grant is valid for longer than it is booked.
    const machineNow = machineMs() - 1
    return this.limiter.serve(this.moment(), machineNow)
  }

  /** Notes decisions for their waiting callers. */
  decide(made: readonly Decision[]): void {
    for (const decision of made) {
      this.#own.delete(nameOf(decision))
      if ('answer' in decision.outcome) this.remember(decision, decision.outcome.answer)
    }
    this.#decisions.push(...made)
  }

  remember(ticket: { client: string; ticket: number }, answer: QuotaAnswer): void {
    this.grants.remember(ticket, answer, this.#context.now())
  }

  /** Grants requests, and writes the changes. */
  end(): void {
    if (!this.#before) return
    this.decide(this.serve())
    this.#write()
    const next = this.limiter.nextInMs()
    this.#dueAt = next === null ? Number.POSITIVE_INFINITY : this.#context.now() + next
  }

  #write(): void {
    const { tables } = this
    const at = this.moment()
    const version = this.#loadedVersion + 1
    const quotas = this.#writeQuotas(version, at)
    const places = this.#writePlaces(at)
    const flights = this.#writeFlights()
    this.grants.forget(at.now)
    if (this.#line !== this.#storedLine) tables.writeLine(this.#line)
    this.#storedLine = this.#line
    if (this.#own.size > 0 && at.now - this.#renewedAt > placeTtlMs / 4) {
      tables.renewPlaces(this.#context.process, at.now + placeTtlMs, at.now)
      this.#renewedAt = at.now
    }
    if (!quotas && !places && !flights) return
    tables.writeVersion(version)
    this.#loadedVersion = version
  }

  /** @returns whether it wrote anything, as the next two do */
  #writeQuotas(version: number, at: Moment): boolean {
    let written = false
    for (const quota of this.limiter.quotas.values()) {
      const windows = quota.windows.filter(({ changed }) => changed)
      if (windows.length === 0 && !quota.changed) continue
      written = true
      for (const window of windows) this.tables.writeWindow(quota.name, window.label, window.save())
      this.tables.writeRecord(quota.name, quota.record, version)
      this.#sample(quota, at)
      for (const window of windows) window.changed = false
      quota.changed = false
    }
    return written
  }

  #writePlaces(at: Moment): boolean {
    let written = false
    for (const name of this.#storedPlaces) {
      if (this.#own.has(name)) continue
      this.tables.deletePlace(name)
      this.#storedPlaces.delete(name)
      written = true
    }
    for (const [name, waiter] of this.#own) {
      if (this.#storedPlaces.has(name)) continue
      const { client, ticket, seq, priority, choices, amounts, host } = waiter
      const { process } = this.#context
      this.tables.insertPlace({ client, ticket, seq, priority, choices, amounts, host, process, aliveUntil: at.now + placeTtlMs })
      this.#storedPlaces.add(name)
      written = true
    }
    return written
  }

  #writeFlights(): boolean {
    let written = false
    for (const name of this.#storedFlights) {
      if (this.limiter.inFlight.has(name)) continue
      this.tables.deleteFlight(name)
      this.#storedFlights.delete(name)
      written = true
    }
    for (const [name, flight] of this.limiter.inFlight) {
      if (this.#storedFlights.has(name)) continue
      this.tables.insertFlight(flight)
      this.#storedFlights.add(name)
      written = true
    }
    return written
  }

  #sample(quota: Quota, at: Moment): void {
    const last = this.#sampledAt.get(quota.name) ?? this.tables.lastSample(quota.name) ?? 0
    if (at.wall - last < sampleEveryMs) return
    this.#sampledAt.set(quota.name, at.wall)
    const used = Object.fromEntries(quota.windows.map((window) => [window.label, window.used(at[window.clock])]))
    const waiting = this.limiter.line.filter(({ choices }) => choices.includes(quota.name)).length
    const { inFlight, record } = quota
    this.tables.writeSample(quota.name, { at: at.wall, used, waiting, inFlight, granted: record.granted }, at.wall - samplesForMs)
  }

  committed(): void {
    this.#before = null
  }

  rolledBack(): void {
    if (!this.#before) return
    const { own, places, flights, decisions } = this.#before
    this.#own = own
    this.#storedPlaces = places
    this.#storedFlights = flights
    this.#decisions = decisions
    this.#before = null
    this.#loadedVersion = -1
    this.#renewedAt = 0
    this.#sampledAt.clear()
    this.grants.rolledBack()
    this.limiter.clear()
  }

  /** Whether waiters should be looked at again: it is time, or another process has written. */
  due(): boolean {
    if (this.#own.size === 0) return false
    const at = this.#context.now()
    return (
      at >= this.#dueAt || at - this.#renewedAt > placeTtlMs / 3 || this.#foreignUntil <= at || this.tables.dataVersion() !== this.#seenData
    )
  }

  /** Ms until {@link due} should be called, as far as known here; null: no waiter. */
  dueInMs(): number | null {
    return this.#own.size === 0 ? null : Math.max(0, this.#dueAt - this.#context.now())
  }

  /** Decisions about waiters since the last call. */
  takeDecisions(): Decision[] {
    const taken = this.#decisions
    this.#decisions = []
    return taken
  }
}

function foreign({ client, ticket, host, choices, amounts, priority, seq }: WaiterRow): Waiter {
  const never = Number.POSITIVE_INFINITY
  return { client, ticket, host, choices, amounts, priority, seq, own: false, times: 1, patienceMs: never, wait: null }
}
