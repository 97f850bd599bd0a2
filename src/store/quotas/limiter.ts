/**
 * Decides which requests for quotas are granted: those of this process and of others on the same store, in one line. Pure: the
 * caller brings the clocks and saves the changes.
 *
 * Order: priority, then age. The amounts of a waiting request are reserved in each window until its turn, as far as that is
 * known. A later request may pass if it needs other units or will have left the window by then. So a heavy request waits only for
 * the requests ahead of it and about one length of each of its windows, a light one behind it no longer than that, and no request
 * waits for one whose own limit is spent for hours.
 */
import { DroverError, QuotaError } from '../../errors.js'
import type { Amounts, QuotaGrant, QuotaRequest, QuotaSettlement, QuotaStatus } from '../contract/quotas.js'
import { backlogAt } from './forecast.js'
import { takeGrant } from './grant.js'
import { withAllAbove } from './hierarchy.js'
import { inFlight, type Quota, type QuotaWait } from './quota.js'
import { usable } from './usable.js'
import { type Decision, type Flight, nameOf, type Waiter } from './waiter.js'
import type { Moment } from './windows/open-window.js'

/** A request that could go within this time, or waits only for a place in flight, has a place reserved. */
const holdMs = 1_000

export class Limiter {
  readonly quotas = new Map<string, Quota>()
  /** In order. */
  readonly #line: Waiter[] = []
  /** Requests in flight of quotas with `concurrency`, with the quotas that they count for. */
  readonly inFlight = new Map<string, Flight>()
  #scopes = new Map<string, Quota[]>()

  /** Adds or replaces a quota. */
  put(quota: Quota): void {
    this.#countFlights(quota)
    this.quotas.set(quota.name, quota)
    this.#scopes = new Map()
  }

  /** Replaces the requests in flight. */
  putFlights(flights: readonly Flight[]): void {
    this.inFlight.clear()
    for (const flight of flights) this.inFlight.set(nameOf(flight), flight)
    for (const quota of this.quotas.values()) this.#countFlights(quota)
  }

  #countFlights(quota: Quota): void {
    quota.inFlight = [...this.inFlight.values()].filter(({ quotas }) => quotas.includes(quota.name)).length
  }

  /** Forgets every quota. */
  clear(): void {
    this.quotas.clear()
    this.#scopes = new Map()
  }

  get line(): readonly Waiter[] {
    return this.#line
  }

  /**
   * A quota and all quotas that it is within.
   *
   * @throws QUOTA_INVALID if there is no such quota
   */
  scopes(name: string): Quota[] {
    let scopes = this.#scopes.get(name)
    if (scopes) return scopes
    scopes = withAllAbove(name, (each) => this.#known(each).spec.within).map((each) => this.#known(each))
    this.#scopes.set(name, scopes)
    return scopes
  }

  #known(name: string): Quota {
    const quota = this.quotas.get(name)
    if (!quota) throw new QuotaError('QUOTA_INVALID', `the store knows no quota ${name}`, { details: { quota: name } })
    return quota
  }

  /**
   * Checks that a request can be granted at some time.
   *
   * @returns its amounts with defaults
   * @throws QUOTA_INVALID, QUOTA_RETIRED
   */
  check({ choices, amounts: given }: Pick<QuotaRequest, 'choices' | 'amounts'>): Amounts {
    const amounts: Amounts = { requests: 1, ...given }
    const [first] = choices
    if (first === undefined) throw new QuotaError('QUOTA_INVALID', 'a request names no quota')
    for (const [unit, amount] of Object.entries(amounts)) {
      if (Number.isFinite(amount) && amount >= 0) continue
      const message = `${amount} ${unit} cannot be taken from quota ${first}: an amount is 0 or more`
      throw new QuotaError('QUOTA_INVALID', message, { details: { quota: first, unit, amount } })
    }
    usable(choices, amounts, this)
    return amounts
  }

  find(ticket: { client: string; ticket: number }): Waiter | undefined {
    return this.#line.find((waiter) => waiter.client === ticket.client && waiter.ticket === ticket.ticket)
  }

  /** Adds a waiter to the line, by priority and number. */
  join(waiter: Waiter): void {
    const after = (other: Waiter): boolean =>
      other.priority !== waiter.priority ? other.priority < waiter.priority : other.seq > waiter.seq
    const place = this.#line.findIndex(after)
    this.#line.splice(place === -1 ? this.#line.length : place, 0, waiter)
  }

  leave(waiter: Waiter): void {
    const place = this.#line.indexOf(waiter)
    if (place !== -1) this.#line.splice(place, 1)
  }

  /**
   * Goes through the line once and grants requests of this process.
   *
   * @param machineNow the machine's monotonic clock in ms, no later than `at`: grants may be used for their slack from then on
   * @returns decisions for the waiters that leave the line
   */
  serve(at: Moment, machineNow: number): Decision[] {
    const decisions: Decision[] = []
    this.#unreserve()
    for (const waiter of [...this.#line]) {
      const outcome = this.#look(waiter, at, machineNow)
      if (!outcome) continue
      this.leave(waiter)
      decisions.push({ client: waiter.client, ticket: waiter.ticket, outcome })
    }
    return decisions
  }

  /** Decides the next waiter; reserves its amounts if it must wait or belongs to another process. */
  #look(waiter: Waiter, at: Moment, machineNow: number): Decision['outcome'] | null {
    let best: { choice: string; wait: QuotaWait | null }
    try {
      best = this.#best(waiter, at)
    } catch (error) {
      // The quota was changed or retired meanwhile. The waiter's own process reports it.
      if (!DroverError.is(error)) throw error
      return waiter.own ? { error } : null
    }
    const { choice, wait } = best
    waiter.wait = wait
    if (!wait && waiter.own) return { answer: { granted: true, grant: this.#grant(waiter, choice, at, machineNow) } }
    if (wait && waiter.own && wait.inMs > waiter.patienceMs) {
      const bare = this.#bareWait(waiter, at)
      if (bare && bare.inMs > waiter.patienceMs) return { answer: { granted: false, waiting: false, ...bare } }
    }
    this.#reserve(choice, waiter.amounts, wait, at)
    return null
  }

  #reserve(choice: string, amounts: Amounts, wait: QuotaWait | null, at: Moment): void {
    const inMs = wait?.inMs ?? 0
    const place = inMs <= holdMs || wait?.window === inFlight
    for (const quota of this.scopes(choice)) quota.reserve(amounts, inMs, place, at)
  }

  /** Of several quotas that can grant now the healthiest, else the first that can. */
  #best({ choices, amounts }: Pick<Waiter, 'choices' | 'amounts'>, at: Moment): { choice: string; wait: QuotaWait | null } {
    let best: { choice: string; wait: QuotaWait | null } | null = null
    for (const choice of usable(choices, amounts, this)) {
      const wait = this.#longestWait(this.scopes(choice), amounts, at)
      const health = this.quotas.get(choice)?.record.health ?? 0
      const better =
        best === null ||
        (wait?.inMs ?? 0) < (best.wait?.inMs ?? 0) ||
        (!wait && !best.wait && health > (this.quotas.get(best.choice)?.record.health ?? 0))
      if (better) best = { choice, wait }
    }
    return best as { choice: string; wait: QuotaWait | null }
  }

  #longestWait(scopes: readonly Quota[], amounts: Amounts, at: Moment): QuotaWait | null {
    let longest: QuotaWait | null = null
    for (const quota of scopes) {
      const wait = quota.wait(amounts, at)
      if (wait && wait.inMs > (longest?.inMs ?? 0)) longest = wait
    }
    return longest
  }

  /** The wait of a waiter if it were the only one. */
  #bareWait(waiter: Waiter, at: Moment): QuotaWait | null {
    const kept = [...this.quotas.values()].map((quota) => [quota.reserved, quota.windows.map(({ reserved }) => reserved)] as const)
    this.#unreserve()
    const { wait } = this.#best(waiter, at)
    for (const [index, quota] of [...this.quotas.values()].entries()) {
      const [reserved, windows] = kept[index] as readonly [number, number[]]
      quota.reserved = reserved
      for (const [place, window] of quota.windows.entries()) window.reserved = windows[place] as number
    }
    return wait
  }

  /** The wait of a request if it were the only one. */
  probe(request: Pick<QuotaRequest, 'choices' | 'amounts'>, at: Moment): QuotaWait | null {
    const amounts = this.check(request)
    this.#unreserve()
    return this.#best({ choices: request.choices, amounts }, at).wait
  }

  #grant(waiter: Waiter, choice: string, at: Moment, machineNow: number): QuotaGrant {
    const scopes = this.scopes(choice)
    const shared = waiter.times > 1 && this.#line.some((other) => other !== waiter && this.#shares(other, scopes))
    const grant = takeGrant(waiter, choice, scopes, shared, at, machineNow)
    if (grant.inFlight) this.#launch(waiter, scopes)
    return grant
  }

  /** Counts a request as in flight. */
  #launch(waiter: Waiter, scopes: readonly Quota[]): void {
    const { client, ticket, host } = waiter
    const limited = scopes.filter(({ spec }) => spec.concurrency !== null)
    for (const quota of limited) quota.inFlight++
    this.inFlight.set(nameOf(waiter), { client, ticket, host, quotas: limited.map(({ name }) => name) })
  }

  #shares({ choices }: Waiter, scopes: readonly Quota[]): boolean {
    return choices.some((choice) => this.scopes(choice).some((quota) => scopes.includes(quota)))
  }

  /** @throws QUOTA_INVALID if {@link settle} could not do it */
  checkSettlement({ quota, delta }: QuotaSettlement): void {
    this.scopes(quota)
    for (const [unit, amount] of Object.entries(delta)) {
      if (Number.isFinite(amount)) continue
      throw new QuotaError('QUOTA_INVALID', `${amount} ${unit} cannot be settled with quota ${quota}`, {
        details: { quota, unit, amount },
      })
    }
  }

  settle({ quota, delta, booked, done, client }: QuotaSettlement & { client: string }, at: Moment): void {
    for (const scope of this.scopes(quota)) scope.settle({ delta, booked }, at)
    if (done !== null) this.land(nameOf({ client, ticket: done }))
  }

  /** Ends a request in flight. @returns whether it was one */
  land(name: string): boolean {
    const flight = this.inFlight.get(name)
    if (!flight) return false
    this.inFlight.delete(name)
    for (const quota of flight.quotas) {
      const own = this.quotas.get(quota)
      if (own) own.inFlight = Math.max(0, own.inFlight - 1)
    }
    return true
  }

  /** Ms until a waiter of this process should be looked at again; null: no waiter. */
  nextInMs(): number | null {
    let next: number | null = null
    for (const { own, wait } of this.#line) {
      if (own && wait) next = Math.min(next ?? Number.POSITIVE_INFINITY, wait.inMs)
    }
    return next
  }

  /** @param backlog the tasks left, and the amounts of each */
  status(name: string, at: Moment, backlog: { tasks: number; amounts: Amounts } | null = null): QuotaStatus {
    const scopes = this.scopes(name)
    this.#unreserve()
    for (const waiter of this.#line) {
      try {
        const { choice, wait } = this.#best(waiter, at)
        this.#reserve(choice, waiter.amounts, wait, at)
      } catch {
        // It can never be granted any more, so it holds back no other request.
      }
    }
    const waiting = this.#line.filter(({ choices }) => choices.some((choice) => this.scopes(choice).some((quota) => quota.name === name)))
    const wait = this.#longestWait(scopes, { requests: 1 }, at)
    const status = (scopes[0] as Quota).status(at, wait, waiting.length)
    return { ...status, backlogAt: backlog && backlogAt(scopes, { requests: 1, ...backlog.amounts }, backlog.tasks, at) }
  }

  #unreserve(): void {
    for (const quota of this.quotas.values()) quota.unreserve()
  }
}
