/**
 * What limits mean, written down without regard to how they are kept: the list of all that was granted, gone through from its beginning each time.
 * A grant may be used at any moment up to its slack later, so what is asked is always whether there are moments at which the limit would be broken.
 */
import type { Amounts, QuotaSpec, QuotaWindow } from '../../../../src/store/contract/quotas.js'

/** What was granted, or used beyond it, and how much of it is left after what was given back. */
export interface Granted {
  at: number
  /** Used at `at` at the earliest and so much later at the latest. */
  slackMs: number
  quota: string
  amounts: Amounts
  inFlight: boolean
}

/** Enough for what adding up rounds off. */
const rounding = 1e-3
const day = 86_400_000

/** So long a grant of a window may be used, as documented. */
function slackOf({ per, limit, burst }: QuotaWindow): number {
  if (typeof per !== 'number') return 250
  if (burst === null) return Math.min(250, per * 0.015)
  return Math.min(250, ((burst < 2 ? 0.02 : 0.05) * burst * per) / limit)
}

export class ExactModel {
  /** By name; `per` a day is UTC's here. */
  readonly specs = new Map<string, QuotaSpec>()
  readonly grants: Granted[] = []
  readonly blockedUntil = new Map<string, number>()
  /** Since when a window has its rate, for buckets whose limit changes. */
  readonly #rates = new Map<string, { from: number; perMs: number }[]>()

  set(spec: QuotaSpec, now: number): void {
    this.specs.set(spec.name, spec)
    // How what is not used yet would count under other limits is not promised.
    for (const grant of this.grants) if (now - grant.at < grant.slackMs) grant.slackMs = 0
    for (const [index, { limit, per }] of spec.windows.entries()) {
      const name = `${spec.name} ${index}`
      if (typeof per === 'number') this.#rates.set(name, [...(this.#rates.get(name) ?? []), { from: now, perMs: limit / per }])
    }
  }

  scopes(name: string): QuotaSpec[] {
    const spec = this.specs.get(name) as QuotaSpec
    return [spec, ...spec.within.flatMap((above) => this.scopes(above))]
  }

  slackMs(quota: string): number {
    return Math.min(250, ...this.scopes(quota).flatMap(({ windows }) => windows.map(slackOf)))
  }

  /** Whether the amounts are more than one of the limits can ever hold. */
  tooLarge(quota: string, amounts: Amounts): boolean {
    return this.scopes(quota).some(({ windows }) =>
      windows.some(({ unit, limit, burst }) => (amounts[unit] ?? 0) > Math.max(burst ?? limit, 0)),
    )
  }

  /** Why what was granted now might break a limit; null: it cannot. Called before it is added. */
  broken(quota: string, amounts: Amounts, now: number): string | null {
    return this.#obstacle(quota, amounts, now, (spec, index, amount) => amount > 0 && this.#breaks(spec, index, amount, now, quota))
  }

  /** Why it may have to wait, with all the margin that is documented; null: nothing keeps it back. */
  keptBack(quota: string, amounts: Amounts, now: number): string | null {
    return this.#obstacle(quota, amounts, now, (spec, index, amount) => this.#mayWait(spec, index, amount, now))
  }

  #obstacle(
    quota: string,
    amounts: Amounts,
    now: number,
    inWay: (spec: QuotaSpec, index: number, amount: number) => boolean,
  ): string | null {
    for (const spec of this.scopes(quota)) {
      if ((this.blockedUntil.get(spec.name) ?? 0) > now) return `${spec.name} is blocked`
      const flying = this.grants.filter((grant) => grant.inFlight && this.scopes(grant.quota).includes(spec)).length
      if (spec.concurrency !== null && flying >= spec.concurrency) return `${flying} of ${spec.name} are in flight`
      for (const [index, { unit }] of spec.windows.entries()) {
        const amount = amounts[unit]
        // Where none was said it waits only while more was used than may be; an amount of 0 never does.
        if (amount === 0 ? false : inWay(spec, index, amount ?? 0)) {
          return `window ${index} of ${spec.name}: ${JSON.stringify(spec.windows[index])}`
        }
      }
    }
    return null
  }

  /** What counts for a window. */
  #of(spec: QuotaSpec, window: QuotaWindow): { at: number; slackMs: number; amount: number }[] {
    const { unit } = window
    return this.grants
      .filter(({ quota, amounts }) => (amounts[unit] ?? 0) > 0 && this.scopes(quota).some(({ name }) => name === spec.name))
      .map(({ at, slackMs, amounts }) => ({ at, slackMs, amount: amounts[unit] as number }))
  }

  #breaks(spec: QuotaSpec, index: number, amount: number, now: number, quota: string): boolean {
    const window = spec.windows[index] as QuotaWindow
    const { per, limit, burst } = window
    const slackMs = this.slackMs(quota)
    const all = [...this.#of(spec, window), { at: now, slackMs, amount }]
    const most = limit * (1 + rounding)
    if (per === 'ever') return sumOf(all) > most
    if (typeof per !== 'number') {
      const start = now - (now % day)
      return now + slackMs >= start + day || sumOf(all.filter(({ at, slackMs: late }) => at + late >= start)) > most
    }
    if (burst === null) {
      // Each span that this one can be in, beginning with the latest use of one or ending with the earliest of another.
      const starts = all
        .flatMap(({ at, slackMs: late }) => [at + late, at - per + 1e-6])
        .filter((from) => from <= now + slackMs && from + per > now)
      return starts.some((from) => sumOf(all.filter(({ at, slackMs: late }) => at + late >= from && at < from + per)) > most)
    }
    // Each span that ends with this one: it begins with one that is used as late as can be.
    return all.some(({ at, slackMs: late }) => {
      const from = at + late
      return sumOf(all.filter((grant) => grant.at + grant.slackMs >= from)) > burst * (1 + rounding) + this.#ranIn(spec, index, from, now)
    })
  }

  #mayWait(spec: QuotaSpec, index: number, amount: number, now: number): boolean {
    const window = spec.windows[index] as QuotaWindow
    const { per, limit, burst } = window
    const all = this.#of(spec, window)
    const most = limit * (1 - rounding)
    if (per === 'ever') return sumOf(all) + amount > most
    if (typeof per !== 'number') {
      const start = now - (now % day)
      return now + 250 >= start + day || sumOf(all.filter(({ at }) => at >= start)) + amount > most
    }
    const slackMs = slackOf(window)
    if (burst === null) {
      // Counted as used at the latest, and kept in steps.
      const margin = slackMs + Math.max(per / 512, slackMs / 8)
      return sumOf(all.filter(({ at }) => at > now - per - margin)) + amount > most
    }
    return this.#level(spec, index, now) + amount > burst * (1 - rounding) - slackMs * (limit / per)
  }

  /** How much of a bucket is in use. */
  #level(spec: QuotaSpec, index: number, now: number): number {
    let level = 0
    let last = 0
    const all = this.#of(spec, spec.windows[index] as QuotaWindow).sort((a, b) => a.at - b.at)
    for (const { at, amount } of all) {
      level = Math.max(0, level - this.#ranIn(spec, index, last, at)) + amount
      last = at
    }
    return Math.max(0, level - this.#ranIn(spec, index, last, now))
  }

  #ranIn(spec: QuotaSpec, index: number, from: number, to: number): number {
    const rates = this.#rates.get(`${spec.name} ${index}`) ?? []
    return rates.reduce((sum, rate, place) => {
      const start = Math.max(from, place === 0 ? 0 : rate.from)
      const end = Math.min(to, rates[place + 1]?.from ?? Number.POSITIVE_INFINITY)
      return sum + Math.max(0, end - start) * rate.perMs
    }, 0)
  }
}

function sumOf(grants: readonly { amount: number }[]): number {
  return grants.reduce((sum, { amount }) => sum + amount, 0)
}
