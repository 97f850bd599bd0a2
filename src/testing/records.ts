/** Records of requests, oldest first, up to a limit; and sums over all requests ever. */
import type { FaultKind } from './faults.js'
import { type Counts, countsOf } from './limits.js'

/** One request for a completion. */
export interface RequestRecord {
  /** When it had arrived, in whole ms of the provider's clock. */
  at: number
  /** When its answer was sent or its connection ended; null: it is running. */
  endedAt: number | null
  /** The name in `keys`; for other keys, the last four characters. */
  key: string
  project: string
  model: string
  /** How often the same body was sent with this key, from 1. */
  attempt: number
  admitted: boolean
  /** null: no answer was sent, or not yet. */
  status: number | null
  /** The limit that refused it, such as `requests/minute`; of several, the one with the longest wait. */
  limit: string | null
  /** An estimate at first, then the used amount; 0 if refused. */
  inputTokens: number
  /** The reserved amount at first, then the used amount; 0 if refused. */
  outputTokens: number
  /** What was counted against the limits when it was admitted. */
  counted: { inputTokens: number; outputTokens: number }
  /** The injected fault; `threw`: a function of the options threw or returned an invalid value, which gave a 500. */
  fault: FaultKind | 'threw' | null
  /** The order of arrivals and ends with the same time. */
  order: { arrived: number; ended: number | null }
}

/** A record before it is added. */
export type NewRecord = Omit<RequestRecord, 'order'>

/** Sums over all requests, also over those that are no longer kept. */
export interface Totals {
  requests: number
  admitted: number
  /** Admitted and not ended. */
  inFlight: number
  /** Of those that ended. `none`: without an answer. */
  byStatus: Record<string, number>
  /** Refused requests by the limit that refused them. */
  byLimit: Record<string, number>
  byFault: Record<string, number>
  /** Of those that ended. */
  inputTokens: number
  /** Of those that ended. */
  outputTokens: number
}

export class Records {
  readonly #keep: number
  readonly #totals = new Map<string, Totals>()
  #all: RequestRecord[] = []
  #first = 0
  #dropped = 0
  #happened = 0

  constructor(keep: number) {
    this.#keep = keep
  }

  /** How many arrivals and ends there have been. */
  get happened(): number {
    return this.#happened
  }

  /** How many are no longer kept. */
  get dropped(): number {
    return this.#dropped
  }

  add(arrived: NewRecord): RequestRecord {
    // Written field by field: a spread object takes three times the memory, and there may be a million.
    const record: RequestRecord = {
      at: arrived.at,
      endedAt: arrived.endedAt,
      key: arrived.key,
      project: arrived.project,
      model: arrived.model,
      attempt: arrived.attempt,
      admitted: arrived.admitted,
      status: arrived.status,
      limit: arrived.limit,
      inputTokens: arrived.inputTokens,
      outputTokens: arrived.outputTokens,
      counted: arrived.counted,
      fault: arrived.fault,
      order: { arrived: this.#happened++, ended: null },
    }
    this.#all.push(record)
    if (this.#all.length - this.#first > this.#keep) {
      this.#first++
      this.#dropped++
      if (this.#first > 1_024 && this.#first > this.#keep / 4) {
        this.#all = this.#all.slice(this.#first)
        this.#first = 0
      }
    }
    const totals = this.#totalsOf(record.key)
    totals.requests++
    if (record.admitted) {
      totals.admitted++
      totals.inFlight++
    }
    return record
  }

  /** To be called once for each that was added, after the record has its last values. */
  ended(record: RequestRecord): void {
    record.order.ended = this.#happened++
    const totals = this.#totalsOf(record.key)
    if (record.admitted) totals.inFlight--
    totals.inputTokens += record.inputTokens
    totals.outputTokens += record.outputTokens
    increase(totals.byStatus, String(record.status ?? 'none'))
    if (record.limit !== null) increase(totals.byLimit, record.limit)
    if (record.fault !== null) increase(totals.byFault, record.fault)
  }

  /** @param key null: all keys */
  totals(key: string | null): Totals {
    const sums = noTotals()
    for (const [name, totals] of this.#totals) if (key === null || name === key) addUp(sums, totals)
    return sums
  }

  /** Those that are kept, oldest first. */
  *[Symbol.iterator](): Generator<RequestRecord, void, undefined> {
    for (let index = this.#first; index < this.#all.length; index++) {
      const record = this.#all[index]
      if (record) yield record
    }
  }

  #totalsOf(key: string): Totals {
    let totals = this.#totals.get(key)
    if (!totals) {
      totals = noTotals()
      this.#totals.set(key, totals)
    }
    return totals
  }
}

/** What a record counted at its arrival. */
export function countedBy({ counted }: RequestRecord): Counts {
  return countsOf(counted.inputTokens, counted.outputTokens)
}

/** How much more was used than counted; below 0: less. */
export function correctionOf({ counted, inputTokens, outputTokens }: RequestRecord): Counts {
  return { ...countsOf(inputTokens - counted.inputTokens, outputTokens - counted.outputTokens), requests: 0 }
}

function noTotals(): Totals {
  return { requests: 0, admitted: 0, inFlight: 0, byStatus: {}, byLimit: {}, byFault: {}, inputTokens: 0, outputTokens: 0 }
}

function increase(counts: Record<string, number>, name: string, by = 1): void {
  counts[name] = (counts[name] ?? 0) + by
}

function addUp(sums: Totals, totals: Totals): void {
  for (const name of ['requests', 'admitted', 'inFlight', 'inputTokens', 'outputTokens'] as const) sums[name] += totals[name]
  for (const name of ['byStatus', 'byLimit', 'byFault'] as const) {
    for (const [which, count] of Object.entries(totals[name])) increase(sums[name], which, count)
  }
}
