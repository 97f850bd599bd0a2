/** The record of a provider's requests for tests: totals, peaks, utilisation and violations of limits. */
import type { Clock } from './clock.js'
import { perMsOf } from './limits.js'
import { possible } from './most-possible.js'
import type { LimitUnit } from './options.js'
import type { Records, RequestRecord, Totals } from './records.js'
import { ownerOf } from './replay.js'
import { type Epoch, findViolations, type Violation } from './violations.js'

export interface PeakQuery {
  /** The length of the span; a number is in ms. */
  per: 'second' | 'minute' | 'hour' | 'day' | number
  /** @defaultValue all keys together */
  key?: string
  /** @defaultValue 'requests' */
  unit?: LimitUnit
}

/** The query of {@link Account.utilisation}. */
export interface UtilisationQuery {
  /** @defaultValue all keys that were admitted in that time */
  key?: string
  /** Start in ms since the epoch. @defaultValue the first request's arrival */
  from?: number
  /** End in ms since the epoch, exclusive. @defaultValue now */
  to?: number
  /** @defaultValue 'requests' */
  unit?: LimitUnit
}

/** What the account reads; replaced as a whole when the provider is reset. */
export interface AccountSource {
  records: Records
  /** The limits in force, oldest first; the last are those of now. */
  epochs: readonly Epoch[]
  clock: Clock
  /** The name that a key has in the records. */
  labelOf(key: string): string
}

/** The record of requests for completions. Keys have the names of the option `keys`; queries also accept a full key. */
export class Account {
  readonly #source: () => AccountSource

  /** @internal */
  constructor(source: () => AccountSource) {
    this.#source = source
  }

  /** All requests that are kept, oldest first, as a new list. To go through many, iterate over the account. */
  get requests(): RequestRecord[] {
    return [...this.#source().records]
  }

  /** How many requests are no longer kept. */
  get dropped(): number {
    return this.#source().records.dropped
  }

  /** Requests that are kept, oldest first, without a copy of all of them. */
  [Symbol.iterator](): Iterator<RequestRecord> {
    return this.#source().records[Symbol.iterator]()
  }

  /** Sums over all requests of a key, or of all keys, also over those that are no longer kept. */
  totals({ key }: { key?: string } = {}): Totals {
    return this.#source().records.totals(this.#labelOf(key))
  }

  /**
   * The most that was admitted in any span of this length, among the kept requests.
   *
   * @example
   * provider.account.peak({ per: 'minute', key: 'key-1' })
   */
  peak({ per, key, unit = 'requests' }: PeakQuery): number {
    const perMs = perMsOf(per)
    const span: RequestRecord[] = []
    let [first, sum, most] = [0, 0, 0]
    for (const record of this.#admitted(this.#labelOf(key))) {
      span.push(record)
      sum += amountOf(record, unit)
      for (let oldest = span[first]; oldest && oldest.at <= record.at - perMs; oldest = span[first]) {
        sum -= amountOf(oldest, unit)
        first++
      }
      most = Math.max(most, sum)
    }
    return most
  }

  /**
   * The admitted amount as a share of the most that the current limits allow in that time, starting from nothing used: 1 is
   * perfect. Concurrency is ignored, because its limit depends on the length of answers. Tokens are exact to a thousandth of
   * their smallest limit.
   *
   * @returns 0 without a limit of this unit, or for an empty time
   */
  utilisation({ key, from = this.#firstAt(), to = this.#source().clock.now(), unit = 'requests' }: UtilisationQuery = {}): number {
    const { limits } = this.#limitsNow()
    const label = this.#labelOf(key)
    const owners = new Set<string>()
    let admitted = 0
    for (const record of this.#admitted(label)) {
      if (record.at < from || record.at >= to) continue
      admitted += amountOf(record, unit)
      owners.add(ownerOf(limits, record))
    }
    const rules = limits.rules.filter((rule) => rule.unit === unit)
    const most = possible(rules, from, to) * owners.size
    return most > 0 ? admitted / most : 0
  }

  /** Requests that were admitted although a limit had no room: none, unless the provider itself has a bug. */
  violations(): Violation[] {
    const { records, epochs } = this.#source()
    return findViolations(records, epochs)
  }

  *#admitted(label: string | null): Generator<RequestRecord> {
    for (const record of this.#source().records) if (record.admitted && (label === null || record.key === label)) yield record
  }

  #limitsNow(): Epoch {
    return this.#source().epochs.at(-1) as Epoch
  }

  #firstAt(): number {
    const { records, clock } = this.#source()
    return [...records][0]?.at ?? clock.now()
  }

  #labelOf(key: string | undefined): string | null {
    return key === undefined ? null : this.#source().labelOf(key)
  }
}

function amountOf({ inputTokens, outputTokens }: RequestRecord, unit: LimitUnit): number {
  if (unit === 'requests') return 1
  return (unit === 'outputTokens' ? 0 : inputTokens) + (unit === 'inputTokens' ? 0 : outputTokens)
}
