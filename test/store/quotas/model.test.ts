/** Random quotas and random orders of what can be done with them, against an exact model of what limits mean. */
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { DroverError } from '../../../src/errors.js'
import type { Amounts, QuotaGrant, QuotaSpec, QuotaWindow } from '../../../src/store/contract/quotas.js'
import { openSqliteEngine } from '../../../src/store/sqlite/engine.js'
import { ExactModel, type Granted } from './support/exact-model.js'

const start = Date.UTC(2025, 5, 15, 20)
const hour = 3_600_000
const runs = Number(process.env.QUOTA_MODEL_RUNS ?? 100)
/** To see again what failed. */
const seed = process.env.QUOTA_MODEL_SEED === undefined ? {} : { seed: Number(process.env.QUOTA_MODEL_SEED) }

const unit = fc.constantFrom('requests', 'tokens')
const length = fc.constantFrom(1_000, 2_500, 60_000, hour)
const window: fc.Arbitrary<QuotaWindow> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ unit, limit: fc.integer({ min: 1, max: 20 }), per: length, burst: fc.constant(null) }) },
  { weight: 3, arbitrary: fc.record({ unit, limit: fc.integer({ min: 1, max: 30 }), per: length, burst: fc.constantFrom(1, 2, 5, 10) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      unit,
      limit: fc.integer({ min: 3, max: 40 }),
      per: fc.constant({ calendar: 'day', timeZone: 'UTC' } as const),
      burst: fc.constant(null),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ unit, limit: fc.integer({ min: 10, max: 60 }), per: fc.constant('ever' as const), burst: fc.constant(null) }),
  },
)
const windows = fc.uniqueArray(window, { maxLength: 3, selector: ({ unit: of, per }) => `${of} ${JSON.stringify(per)}` })
const spec = fc.record({ windows, concurrency: fc.option(fc.integer({ min: 1, max: 3 }), { freq: 3 }) })

const quota = fc.nat(2)
const amounts: fc.Arbitrary<Amounts> = fc.oneof(
  fc.constant({}),
  fc.record({ requests: fc.integer({ min: 0, max: 4 }), tokens: fc.integer({ min: 0, max: 12 }) }),
  fc.record({ tokens: fc.double({ min: 0, max: 9, noNaN: true }) }),
)
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('ask' as const), quota, amounts, priority: fc.nat(1), times: fc.constantFrom(1, 1, 8) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('advance' as const),
      ms: fc.oneof(fc.nat(20), fc.nat(300), fc.nat(3_000), fc.nat(90_000), fc.nat(2 * hour)),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('settle' as const), which: fc.nat(), used: fc.constantFrom(0, 0.3, 1, 1, 1.5) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cancel' as const), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('block' as const), quota, ms: fc.nat(5_000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('set' as const), quota, factor: fc.constantFrom(0.5, 1, 2) }) },
)
type Step = typeof step extends fc.Arbitrary<infer Each> ? Each : never

interface Held {
  ticket: number
  grant: QuotaGrant
  granted: Granted[]
}

const names = ['a', 'b', 'group']

/** An engine and the model side by side. */
class Trial {
  now = start
  readonly model = new ExactModel()
  readonly engine = openSqliteEngine({ file: ':memory:', durability: 'process', keepEvents: 1, now: () => this.now, isGone: () => false })
  readonly waiting = new Map<number, { quota: string; amounts: Amounts; priority: number }>()
  readonly held: Held[] = []
  #tickets = 0
  #settlements = 0

  constructor(specs: Pick<QuotaSpec, 'windows' | 'concurrency'>[]) {
    const whole = specs.map((own, index) => ({ ...own, name: names[index] as string, within: index < 2 ? ['group'] : [], adapt: null }))
    this.declare([whole[2], whole[0], whole[1]] as QuotaSpec[])
  }

  declare(specs: QuotaSpec[]): void {
    for (const each of specs) this.model.set(each, this.now)
    this.engine.declareQuotas({ quotas: specs })
    this.decide()
  }

  ask({ quota: index, amounts: given, priority, times }: Extract<Step, { do: 'ask' }>): void {
    const name = names[index] as string
    const wanted: Amounts = { requests: 1, ...given }
    const ticket = ++this.#tickets
    const request = { client: 'c', ticket, host: 'h', choices: [name], amounts: given, times, priority, place: null }
    try {
      const answer = this.engine.acquireQuota({ ...request, wait: true, patienceMs: Number.POSITIVE_INFINITY })
      assert.not.ok(this.model.tooLarge(name, wanted), 'what can never be granted stands in line')
      if (answer.granted) this.granted(ticket, name, wanted, answer.grant)
      else this.waiting.set(ticket, { quota: name, amounts: wanted, priority })
    } catch (error) {
      if (!DroverError.is(error) || error.code !== 'QUOTA_INVALID') throw error
      assert.ok(this.model.tooLarge(name, wanted), `refused: ${error.message}`)
    }
    this.decide()
    this.nobodyWaitsForNothing()
  }

  granted(ticket: number, quota: string, wanted: Amounts, grant: QuotaGrant): void {
    const granted: Granted[] = []
    for (let times = 0; times < grant.times; times++) {
      const broken = this.model.broken(quota, wanted, this.now)
      assert.is(broken, null, `${JSON.stringify(wanted)} of ${quota} were granted ${grant.times} times at ${this.now - start}: ${broken}`)
      const each: Granted = { at: this.now, slackMs: this.model.slackMs(quota), quota, amounts: { ...wanted }, inFlight: grant.inFlight }
      granted.push(each)
      this.model.grants.push(each)
    }
    this.held.push({ ticket, grant, granted })
  }

  /** Takes in what became of those in line. */
  decide(): void {
    for (const { ticket, outcome } of this.engine.takeQuotaDecisions()) {
      const waiter = this.waiting.get(ticket)
      this.waiting.delete(ticket)
      if (!waiter) continue
      if ('error' in outcome) assert.ok(this.model.tooLarge(waiter.quota, waiter.amounts), outcome.error.message)
      else if (outcome.answer.granted) this.granted(ticket, waiter.quota, waiter.amounts, outcome.answer.grant)
    }
  }

  /** The first in line has nobody ahead: if it waits, a limit keeps it back, as far as the model can tell with all margins. */
  nobodyWaitsForNothing(): void {
    const first = [...this.waiting].sort(([a, { priority: p }], [b, { priority: q }]) => q - p || a - b)[0]
    if (!first) return
    const [ticket, { quota: name, amounts: wanted }] = first
    const why = this.model.keptBack(name, wanted, this.now)
    assert.ok(why !== null, `ticket ${ticket} for ${JSON.stringify(wanted)} of ${name} waits for nothing at ${this.now - start}`)
  }

  settle({ which, used }: Extract<Step, { do: 'settle' }>): void {
    const [held] = this.held.length > 0 ? this.held.splice(which % this.held.length, 1) : []
    if (!held) return
    const { grant, granted, ticket } = held
    const delta = Object.fromEntries(Object.entries(grant.amounts).map(([of, amount]) => [of, amount * grant.times * (used - 1)]))
    for (const each of granted) {
      each.inFlight = false
      const more: Granted = { ...each, at: this.now, slackMs: 0, amounts: {} }
      for (const [of, amount] of Object.entries(each.amounts)) {
        if (used < 1) each.amounts[of] = amount * used
        else more.amounts[of] = amount * (used - 1)
      }
      this.model.grants.push(more)
    }
    const settlement = { quota: grant.quota, delta, booked: grant.booked, done: grant.inFlight ? ticket : null }
    this.engine.settleQuota({ client: 'c', request: ++this.#settlements, settlements: [settlement], usage: null })
    this.decide()
    this.nobodyWaitsForNothing()
  }

  /** Time passes; the engine is looked at when it says. */
  advance(ms: number): void {
    const end = this.now + ms
    for (let looks = 0; this.now < end; looks++) {
      assert.ok(looks < 5_000, 'it wants to be looked at without end')
      const dueInMs = this.engine.quotasDueInMs()
      this.now = dueInMs === null ? end : Math.min(end, this.now + dueInMs)
      if (!this.engine.quotasDue()) continue
      this.engine.serveQuotas()
      this.decide()
      this.nobodyWaitsForNothing()
    }
  }

  run(all: readonly Step[]): void {
    for (const each of all) {
      if (each.do === 'ask') this.ask(each)
      else if (each.do === 'advance') this.advance(each.ms)
      else if (each.do === 'settle') this.settle(each)
      else if (each.do === 'block') {
        const name = names[each.quota] as string
        this.model.blockedUntil.set(name, Math.max(this.model.blockedUntil.get(name) ?? 0, this.now + each.ms))
        this.engine.blockQuota({ name, forMs: each.ms })
        this.decide()
      } else if (each.do === 'set') {
        const old = this.model.specs.get(names[each.quota] as string) as QuotaSpec
        const changed = old.windows.map((own) => ({ ...own, limit: Math.max(1, Math.round(own.limit * each.factor)) }))
        this.declare([{ ...old, windows: changed }])
        this.nobodyWaitsForNothing()
      } else {
        const tickets = [...this.waiting.keys()]
        if (tickets.length > 0) this.engine.cancelQuota({ client: 'c', ticket: tickets[each.which % tickets.length] as number })
        this.decide()
      }
    }
  }

  /** All are settled, and time enough passes: whoever waits still, waits for a budget. */
  end(): void {
    while (this.held.length > 0) this.settle({ do: 'settle', which: 0, used: 1 })
    for (let days = 0; days < 40 && this.waiting.size > 0; days++) {
      for (let times = 0; times < 30; times++) {
        while (this.held.length > 0) this.settle({ do: 'settle', which: 0, used: 1 })
        this.advance(hour)
      }
    }
    for (const { quota: name, amounts: wanted } of this.waiting.values()) {
      const budget = this.model
        .scopes(name)
        .some((each) => each.windows.some(({ per, unit: of }) => per === 'ever' && (wanted[of] ?? 1) > 0))
      assert.ok(budget, `${JSON.stringify(wanted)} of ${name} waits for ever`)
    }
    const idle = this.waiting.size === 0
    this.advance(100 * hour)
    for (const { name, inFlight, windows: own } of this.engine.quotas({ names }).quotas) {
      assert.is(inFlight, 0)
      for (const { used, per, unit: of } of own) if (idle && per !== 'ever') assert.is(used, 0, `${used} ${of}/${per} of ${name} are left`)
    }
  }
}

test('grants never exceed any limit, at any moment of use within the slack, and no request waits without need', () => {
  fc.assert(
    fc.property(fc.tuple(spec, spec, spec), fc.array(step, { minLength: 10, maxLength: 70 }), (specs, steps) => {
      const trial = new Trial(specs)
      try {
        trial.run(steps)
        trial.end()
      } finally {
        trial.engine.close()
      }
    }),
    { ...seed, numRuns: runs, includeErrorInReport: true },
  )
})

test.run()
