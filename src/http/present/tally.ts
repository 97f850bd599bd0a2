/**
 * What all workers add up to: in numbers, what needs attention, and who takes from which quota. Kept as workers change, so that a
 * change of one costs about the same whatever their number.
 */
import type { QuotaReport } from '../../actors/system/quota-report.js'
import type { Totals, WorkerGlance } from '../../actors/system/status.js'
import type { SystemView } from '../../actors/system/view.js'
import type { WorkerState } from '../../machines/lifecycle/states.js'
import { mostInPiece } from '../../time/turns.js'
import type { Quota } from '../contract/quota.js'
import { type About, type Noted, noted, type Seen } from './attention.js'
import { InOrder, type Placed, type Some } from './in-order.js'
import { QuotaTakers } from './quota-takers.js'

/** The fields of a worker that are counted. */
export type Counted = Seen & Pick<WorkerGlance, 'quotas' | 'ratePerMinute' | 'until'>

const kinds = Object.keys(noted) as Noted[]

export class Tally implements About {
  readonly #order: () => Iterable<string>
  readonly #workers = new Map<string, Placed<Counted>>()
  readonly #places = new Map<string, number>()
  #nextPlace = 0
  readonly #states = new Map<WorkerState, number>()
  readonly #counts = { done: 0, dead: 0, total: 0 }
  /** Workers with results in the last minute. */
  readonly #rates = new Map<string, number>()
  readonly #noted = new Map(kinds.map((kind) => [kind, new InOrder<Counted>()]))
  readonly #takers = new QuotaTakers()

  /** @param order the ids of all workers, in the order in which they are named @defaultValue as they are counted */
  constructor(order: () => Iterable<string> = () => []) {
    this.#order = order
  }

  get size(): number {
    return this.#workers.size
  }

  /** Counts a worker, or counts it anew. */
  set(worker: Counted): void {
    const known = this.#workers.get(worker.id)
    const one = known ?? { place: this.#placeOf(worker.id), worker }
    const before = known?.worker ?? null
    one.worker = worker
    this.#workers.set(worker.id, one)
    this.#count(one, before, worker)
  }

  delete(id: string): void {
    const one = this.#workers.get(id)
    if (!one) return
    this.#count(one, one.worker, null)
    this.#workers.delete(id)
    this.#places.delete(id)
  }

  get totals(): Totals {
    let ratePerMinute = 0
    for (const rate of this.#rates.values()) ratePerMinute += rate
    return { states: Object.fromEntries(this.#states), ...this.#counts, ratePerMinute }
  }

  about(kind: Noted): InOrder<Counted> {
    return this.#noted.get(kind) as InOrder<Counted>
  }

  parkedOn(quota: string): Some<Seen> {
    return this.#takers.parkedOn(quota)
  }

  /** Each quota with the workers that take from it: by name, or because their quota is within it. */
  quotas(reports: readonly QuotaReport[]): Quota[] {
    return this.#takers.present(reports)
  }

  #count(one: Placed<Counted>, before: Counted | null, after: Counted | null): void {
    if (before) this.#add(before, -1)
    if (after) this.#add(after, 1)
    const rate = after?.ratePerMinute ?? 0
    if (rate > 0) this.#rates.set(one.worker.id, rate)
    else this.#rates.delete(one.worker.id)
    for (const kind of kinds) {
      const was = before !== null && noted[kind](before)
      const is = after !== null && noted[kind](after)
      if (was !== is) this.about(kind).change(one, is)
    }
    this.#takers.change(one, before, after)
  }

  #add({ state, progress }: Counted, sign: 1 | -1): void {
    const inState = (this.#states.get(state) ?? 0) + sign
    if (inState > 0) this.#states.set(state, inState)
    else this.#states.delete(state)
    if (!progress) return
    this.#counts.done += sign * progress.done
    this.#counts.dead += sign * progress.dead
    this.#counts.total += sign * progress.total
  }

  #placeOf(id: string): number {
    if (!this.#places.has(id)) for (const each of this.#order()) if (!this.#places.has(each)) this.#places.set(each, this.#nextPlace++)
    const place = this.#places.get(id) ?? this.#nextPlace++
    this.#places.set(id, place)
    return place
  }
}

/** Counts all workers, some in each piece. */
export function* tallyOf(view: SystemView): Generator<void, Tally, void> {
  const tally = new Tally()
  for (const worker of view.glances()) {
    tally.set(worker)
    if (tally.size % mostInPiece === 0) yield
  }
  return tally
}
