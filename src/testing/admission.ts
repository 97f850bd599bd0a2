/** Admission of requests, without HTTP: decides, counts and records. All of it is synchronous, so admission is atomic. */
import { createHash } from 'node:crypto'
import type { AccountSource } from './account.js'
import type { Clock } from './clock.js'
import type { KeyHolder, Keys } from './keys.js'
import { Limiter, type Refusal, type Standing } from './limiter.js'
import { type CompiledLimits, compileLimits, concurrencyLabel, countsOf } from './limits.js'
import type { ProviderLimits } from './options.js'
import { correctionOf, type NewRecord, Records, type RequestRecord } from './records.js'
import { ownerOf, replay } from './replay.js'
import type { Epoch } from './violations.js'

/** An arriving request. */
export interface Arrival {
  holder: KeyHolder
  model: string
  attempt: number
  inputTokens: number
  maxOutputTokens: number
}

/** The decision. An admitted request runs until the first call of `end`. */
export type AdmissionResult =
  | { admitted: true; at: number; record: RequestRecord; standings: Standing[]; end: (status: number | null, used: Used | null) => void }
  | { admitted: false; at: number; refusals: [Refusal, ...Refusal[]]; standings: Standing[] }

/** The tokens a request used; null: it was not answered, so its estimated input and no output count. */
export interface Used {
  inputTokens: number
  outputTokens: number
}

export class Admission {
  readonly #clock: Clock
  readonly #keys: Keys
  readonly #keep: number
  #limits: CompiledLimits
  #limiter: Limiter
  #records: Records
  #epochs: Epoch[]
  #attempts = new Map<string, number>()
  #last = Number.NEGATIVE_INFINITY

  constructor(clock: Clock, keys: Keys, keep: number, limits: ProviderLimits) {
    this.#clock = clock
    this.#keys = keys
    this.#keep = keep
    this.#limits = compileLimits(limits)
    this.#limiter = new Limiter(this.#limits)
    this.#records = new Records(keep)
    this.#epochs = [{ from: 0, limits: this.#limits }]
  }

  /** What the account reads. */
  get source(): AccountSource {
    return { records: this.#records, epochs: this.#epochs, clock: this.#clock, labelOf: (key) => this.#keys.labelOf(key) }
  }

  /** Forgets all requests; running ones end without a record. */
  reset(): void {
    this.#limiter = new Limiter(this.#limits)
    this.#records = new Records(this.#keep)
    this.#epochs = [{ from: 0, limits: this.#limits }]
    this.#attempts.clear()
  }

  /** New limits; what was used before counts against them. */
  setLimits(limits: ProviderLimits): void {
    this.#limits = compileLimits(limits)
    this.#limiter = new Limiter(this.#limits)
    replay(this.#limiter, this.#records)
    this.#epochs.push({ from: this.#records.happened, limits: this.#limits })
  }

  /** The number of this attempt at a body, from 1. */
  attemptAt(body: string, { label }: KeyHolder): number {
    const digest = createHash('sha1').update(label).update('\n').update(body).digest().toString('latin1')
    const attempt = (this.#attempts.get(digest) ?? 0) + 1
    // Behind all others, so that those seen least recently are forgotten first.
    this.#attempts.delete(digest)
    this.#attempts.set(digest, attempt)
    const [oldest] = this.#attempts.size > this.#keep ? this.#attempts.keys() : []
    if (oldest !== undefined) this.#attempts.delete(oldest)
    return attempt
  }

  /** Records a request that is refused before the limits, because of its key. */
  turnAway(arrival: Arrival, status: number): void {
    const record = this.#records.add({ ...this.#newRecord(arrival, this.#now()), status })
    record.endedAt = record.at
    this.#records.ended(record)
  }

  /** Admits it or refuses it, as of now. */
  arrive(arrival: Arrival): AdmissionResult {
    const at = this.#now()
    const { inputTokens, maxOutputTokens: outputTokens } = arrival
    const owner = ownerOf(this.#limits, { key: arrival.holder.label, project: arrival.holder.project })
    const [limiter, records] = [this.#limiter, this.#records]
    const [refusal, ...others] = limiter.admit(owner, countsOf(inputTokens, outputTokens), at).sort((a, b) => waitOrder(b) - waitOrder(a))
    const record = this.#newRecord(arrival, at)
    const standings = limiter.standings(owner, at)
    if (refusal) {
      const limit = refusal.rule?.label ?? concurrencyLabel
      records.ended(records.add({ ...record, endedAt: at, status: 429, limit }))
      return { admitted: false, at, refusals: [refusal, ...others], standings }
    }
    const counted = { inputTokens, outputTokens }
    const added = records.add({ ...record, admitted: true, ...counted, counted })
    const end = (status: number | null, used: Used | null): void => {
      if (added.endedAt === null) this.#end(records, added, status, used ?? { inputTokens, outputTokens: 0 })
    }
    return { admitted: true, at, record: added, standings, end }
  }

  #end(records: Records, record: RequestRecord, status: number | null, used: Used): void {
    record.endedAt = this.#now()
    record.status = status
    record.inputTokens = used.inputTokens
    record.outputTokens = used.outputTokens
    records.ended(record)
    // The limits may have changed since, with its amounts carried over; after a reset there are none.
    if (records !== this.#records) return
    const owner = ownerOf(this.#limits, record)
    this.#limiter.correct(owner, record.at, correctionOf(record), record.endedAt)
    this.#limiter.changeInFlight(owner, -1)
  }

  #newRecord({ holder, model, attempt }: Arrival, at: number): NewRecord {
    const nothing = { inputTokens: 0, outputTokens: 0 }
    const { label: key, project } = holder
    const outcome = { endedAt: null, admitted: false, status: null, limit: null, fault: null, counted: nothing }
    return { at, key, project, model, attempt, ...outcome, ...nothing }
  }

  /** Whole ms that never go back. */
  #now(): number {
    this.#last = Math.max(this.#last, Math.floor(this.#clock.now()))
    return this.#last
  }
}

/** The longest wait first; unknown waits last. */
function waitOrder({ waitMs }: Refusal): number {
  return waitMs === null ? -1 : Math.min(waitMs, Number.MAX_VALUE)
}
