/** The limits without HTTP, against a count by hand of everything that was ever admitted. */
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Limiter } from '../../src/testing/limiter.js'
import { compileLimits, countsOf } from '../../src/testing/limits.js'
import { possible } from '../../src/testing/most-possible.js'
import type { ProviderLimit, ProviderLimits } from '../../src/testing/options.js'

const start = Date.UTC(2025, 5, 15, 12, 0, 30)
const zone = 'America/Los_Angeles'

interface Taken {
  at: number
  amount: number
}

/** Whether a limit's own words allow one more amount, given all that was taken. Quadratic, and no state. */
function allows(limit: ProviderLimit, taken: readonly Taken[], amount: number, now: number): boolean {
  const sum = (since: (at: number) => boolean): number => taken.reduce((total, one) => total + (since(one.at) ? one.amount : 0), 0)
  if (limit.per === 'day') {
    const day = (at: number): string => new Date(at).toLocaleDateString('en', { timeZone: limit.timeZone ?? 'UTC' })
    return sum((at) => day(at) === day(now)) + amount <= limit.limit
  }
  const perMs = limit.per as number
  if (limit.kind === 'fixed') return sum((at) => Math.floor(at / perMs) === Math.floor(now / perMs)) + amount <= limit.limit
  if (limit.kind !== 'bucket') return sum((at) => at > now - perMs) + amount <= limit.limit
  // No span up to now may hold more than the bucket and what flowed in during it.
  const size = limit.burst ?? limit.limit
  return [...taken.map(({ at }) => at), now].every(
    (from) => sum((at) => at >= from) + amount <= size + ((now - from) * limit.limit) / perMs + 1e-6,
  )
}

const anyLimit: fc.Arbitrary<ProviderLimit> = fc.oneof(
  fc.record({ limit: fc.integer({ min: 1, max: 12 }), per: fc.constantFrom(250, 1_000, 1_700), kind: fc.constantFrom('sliding', 'fixed') }),
  fc.record({
    limit: fc.integer({ min: 1, max: 12 }),
    per: fc.constantFrom(500, 1_300),
    kind: fc.constant('bucket'),
    burst: fc.integer({ min: 1, max: 15 }),
  }),
  fc.record({ limit: fc.integer({ min: 1, max: 40 }), per: fc.constant('day'), timeZone: fc.constantFrom(zone, 'UTC') }),
)
/** A day like any other, and two on which clocks change in California. */
const starts = fc.constantFrom(start, Date.UTC(2025, 2, 9), Date.UTC(2025, 10, 2))
/** Pauses, now and then of hours, and tokens. */
const arrivals = fc.array(fc.tuple(fc.oneof({ weight: 9, arbitrary: fc.nat(400) }, fc.nat(40_000_000)), fc.integer({ min: 1, max: 4 })), {
  maxLength: 100,
})

test('a request is admitted exactly where every limit allows it, whatever the limits and whenever it comes', () => {
  fc.assert(
    fc.property(
      fc.array(anyLimit, { maxLength: 3 }),
      fc.array(anyLimit, { maxLength: 2 }),
      starts,
      arrivals,
      (requests, tokens, from, all) => {
        const limiter = new Limiter(compileLimits({ requests, inputTokens: tokens }))
        const taken: (Taken & { tokens: number })[] = []
        let now = from
        for (const [pause, amount] of all) {
          now += pause
          const inputTokens = taken.map(({ at, tokens: one }) => ({ at, amount: one }))
          const fits =
            requests.every((limit) => allows(limit, taken, 1, now)) && tokens.every((limit) => allows(limit, inputTokens, amount, now))
          const admitted = limiter.admit('key', countsOf(amount, 0), now).length === 0
          assert.is(admitted, fits, `${taken.length} before at ${now}`)
          if (admitted) taken.push({ at: now, amount: 1, tokens: amount })
        }
      },
    ),
    { numRuns: 400 },
  )
})

test('a request is admitted after its stated wait, and not a millisecond earlier', () => {
  fc.assert(
    fc.property(fc.array(anyLimit, { minLength: 1, maxLength: 3 }), arrivals, (requests, all) => {
      const limiter = new Limiter(compileLimits({ requests }))
      let now = start
      for (const [pause] of all) {
        now += pause
        const refusals = limiter.admit('key', countsOf(0, 0), now)
        if (refusals.length === 0) continue
        const wait = Math.max(...refusals.map(({ waitMs }) => waitMs ?? 0))
        assert.ok(wait >= 1)
        now += wait - 1
        assert.ok(limiter.admit('key', countsOf(0, 0), now).length > 0, 'admitted early')
        now += 1
        assert.is(limiter.admit('key', countsOf(0, 0), now).length, 0, 'not admitted when told')
      }
    }),
  )
})

test('the possible amount of a span is the amount of a client that asks every millisecond', () => {
  fc.assert(
    fc.property(fc.array(anyLimit, { minLength: 1, maxLength: 3 }), fc.integer({ min: 1, max: 6_000 }), (requests, length) => {
      const limits = compileLimits({ requests })
      const limiter = new Limiter(limits)
      let admitted = 0
      for (let now = start; now < start + length; now++) while (limiter.admit('key', countsOf(0, 0), now).length === 0) admitted++
      assert.is(possible(limits.rules, start, start + length), admitted)
    }),
    { numRuns: 60 },
  )
})

function admits(limits: ProviderLimits): (now: number, inputTokens?: number, outputTokens?: number) => boolean {
  const limiter = new Limiter(compileLimits(limits))
  return (now, inputTokens = 0, outputTokens = 0) => limiter.admit('key', countsOf(inputTokens, outputTokens), now).length === 0
}

test('a day ends at midnight of its zone, also on the days of 23 and of 25 hours', () => {
  const cases = [
    // Clocks go forward on the 9th of March: midnight is at 8:00 UTC before and at 7:00 UTC after.
    { midnight: Date.UTC(2025, 2, 9, 8), hours: 23 },
    { midnight: Date.UTC(2025, 10, 2, 7), hours: 25 },
    { midnight: Date.UTC(2025, 5, 15, 7), hours: 24 },
  ]
  for (const { midnight, hours } of cases) {
    const ask = admits({ requests: { limit: 2, per: 'day', timeZone: zone } })
    assert.ok(ask(midnight - 1))
    assert.ok(ask(midnight), 'the day began')
    assert.ok(ask(midnight + 1))
    assert.not.ok(ask(midnight + 2))
    assert.not.ok(ask(midnight + hours * 3_600_000 - 1), `${hours} hours are not over`)
    assert.ok(ask(midnight + hours * 3_600_000))
  }
})

test('a month is one of the calendar', () => {
  const ask = admits({ requests: { limit: 1, per: 'month' } })
  assert.ok(ask(Date.UTC(2024, 1, 1)))
  assert.not.ok(ask(Date.UTC(2024, 2, 1) - 1))
  assert.ok(ask(Date.UTC(2024, 2, 1)))
})

test('a sliding minute is strict around its boundary, a fixed one is not, a bucket gives its burst and then flows', () => {
  const end = Date.UTC(2025, 0, 1, 0, 1)
  const fill = (ask: (now: number) => boolean, now: number): number => {
    let count = 0
    while (ask(now)) count++
    return count
  }
  const sliding = admits({ requests: { limit: 15, per: 'minute' } })
  assert.equal([fill(sliding, end - 1), fill(sliding, end), fill(sliding, end + 59_998), fill(sliding, end + 59_999)], [15, 0, 0, 15])
  const fixed = admits({ requests: { limit: 15, per: 'minute', kind: 'fixed' } })
  assert.equal([fill(fixed, end - 1), fill(fixed, end)], [15, 15])
  const bucket = admits({ requests: { limit: 15, per: 'minute', kind: 'bucket', burst: 5 } })
  assert.equal([fill(bucket, end), fill(bucket, end + 3_999), fill(bucket, end + 4_000), fill(bucket, end + 604_000)], [5, 0, 1, 5])
})

test('a request refused by one limit takes nothing of the others', () => {
  const ask = admits({ requests: { limit: 10, per: 'day' }, inputTokens: { limit: 100, per: 'minute' } })
  assert.ok(ask(start, 100))
  for (let count = 0; count < 50; count++) assert.not.ok(ask(start + count, 1))
  for (let count = 1; count < 10; count++) assert.ok(ask(start + count * 60_000, 100))
  assert.not.ok(ask(start + 10 * 60_000, 1), 'the day is spent by the ten that were admitted')
})

test('refused requests count on request, so that a client that keeps asking is never admitted', () => {
  const limits = { requests: { limit: 5, per: 1_000 } }
  const [counting, other] = [admits({ ...limits, countsFailures: true }), admits(limits)]
  const asked = (ask: (now: number) => boolean): number =>
    Array.from({ length: 40 }, (_, index) => ask(start + index * 100)).filter(Boolean).length
  assert.is(asked(counting), 5)
  assert.is(asked(other), 20)
  const day = admits({ requests: { limit: 5, per: 'day' }, countsFailures: true })
  for (let count = 0; count < 9; count++) day(start)
  assert.ok(day(start + 86_400_000))
})

test('reserved tokens that were not used come back to the window they were taken from', () => {
  for (const kind of ['sliding', 'fixed', 'bucket'] as const) {
    const limiter = new Limiter(compileLimits({ outputTokens: { limit: 100, per: 'minute', kind } }))
    const begin = Date.UTC(2025, 0, 1)
    assert.is(limiter.admit('key', countsOf(0, 90), begin).length, 0)
    assert.is(limiter.admit('key', countsOf(0, 90), begin + 1).length, 1)
    limiter.correct('key', begin, { ...countsOf(0, -80), requests: 0 }, begin + 2)
    assert.is(limiter.admit('key', countsOf(0, 90), begin + 2).length, 0, kind)
    // What is corrected after its window is over gives nothing to a later one.
    limiter.correct('key', begin, { ...countsOf(0, -10), requests: 0 }, begin + 60_002)
    assert.is(limiter.standings('key', begin + 60_002)[0]?.remaining, 100)
  }
})

test('more tokens than there ever are can only be refused, and no waiting helps', () => {
  for (const kind of ['sliding', 'fixed', 'bucket'] as const) {
    const limiter = new Limiter(compileLimits({ tokens: { limit: 100, per: 'minute', kind } }))
    assert.is(limiter.admit('key', countsOf(60, 41), start)[0]?.waitMs, Number.POSITIVE_INFINITY)
  }
})

test.run()
