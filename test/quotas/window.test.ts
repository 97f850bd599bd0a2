import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { QuotaWindow } from '../../src/store/engine.js'
import { current, resetsAt, room, rulesOf, taken, used, type WindowRule, type WindowState, waitMs } from '../../src/store/quota-window.js'

const noon = Date.UTC(2025, 5, 15, 12)

function ruleOf(window: Partial<QuotaWindow>, burst: number | null = null): WindowRule {
  const whole: QuotaWindow = { unit: 'requests', limit: 10, per: 1_000, ...window }
  return rulesOf({ name: 'q', windows: [whole], burst, concurrency: null })[0] as WindowRule
}

/** A window with a clock: takes what is granted, keeps the state as the store does. */
class Meter {
  now = noon
  readonly rule: WindowRule
  #stored: string | null = null

  constructor(rule: WindowRule) {
    this.rule = rule
  }

  get state(): WindowState {
    return current(this.rule, this.#stored === null ? null : (JSON.parse(this.#stored) as WindowState), this.now)
  }

  change(amount: number): void {
    this.#stored = JSON.stringify(taken(this.rule, this.state, amount, this.now))
  }

  wait(amount: number): number {
    return waitMs(this.rule, this.state, amount, this.now)
  }

  take(amount: number): boolean {
    if (this.wait(amount) > 0) return false
    this.change(amount)
    return true
  }

  used(): number {
    return used(this.rule, this.state, this.now)
  }
}

/** The most that was granted within any span of that length. */
function most(grants: readonly [at: number, amount: number][], perMs: number): number {
  return Math.max(
    0,
    ...grants.map(([from]) => grants.filter(([at]) => at >= from && at < from + perMs).reduce((sum, [, amount]) => sum + amount, 0)),
  )
}

const steps = fc.array(fc.tuple(fc.nat(400), fc.integer({ min: 1, max: 10 })), { maxLength: 120 })

test('no span of its length ever holds more than a strict window allows', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const meter = new Meter(ruleOf({}))
      const grants: [number, number][] = []
      for (const [pause, amount] of all) {
        meter.now += pause
        if (meter.take(amount)) grants.push([meter.now, amount])
      }
      assert.ok(most(grants, 1_000) <= 10)
    }),
  )
})

test('whoever waits as long as told is granted, and a millisecond earlier is not', () => {
  fc.assert(
    fc.property(steps, fc.constantFrom(ruleOf({}), ruleOf({ limit: 7, per: 1_300 }, 10)), (all, rule) => {
      const meter = new Meter(rule)
      for (const [pause, amount] of all) {
        meter.now += pause
        if (amount > room(rule, { log: [] }, meter.now) && rule.kind === 'sliding') continue
        const wait = meter.wait(amount)
        if (wait > 1) {
          meter.now += wait - 1
          assert.not.ok(meter.take(amount), 'granted early')
          meter.now += 1
        } else {
          meter.now += wait
        }
        assert.ok(meter.take(amount), 'not granted when told')
      }
    }),
  )
})

test('a long log is merged without ever granting more than the limit, or keeping much back', () => {
  const meter = new Meter(ruleOf({ limit: 2_000, per: 60_000 }))
  const grants: [number, number][] = []
  let refused = 0
  for (let step = 0; step < 7_000; step++) {
    // Fills within 40 s; from 60 s on, more is asked for than runs out.
    meter.now += step < 3_000 ? 20 : 5
    if (meter.take(1)) grants.push([meter.now, 1])
    else refused++
  }
  assert.ok('log' in meter.state && meter.state.log.length <= 1_024)
  // The same over a sliding span, in one pass.
  let first = 0
  for (const [index, [at]] of grants.entries()) {
    while ((grants[first]?.[0] ?? 0) <= at - 60_000) first++
    assert.ok(index - first + 1 <= 2_000, 'more than the limit within a minute')
  }
  assert.ok(refused > 0)
  const possible = 2_000 + (4_000 * 5) / 20
  assert.ok(grants.length > possible * 0.99, `${grants.length} of ${possible} were granted`)
})

test('a bucket never gives more than its size and what has run in since', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const meter = new Meter(ruleOf({ limit: 20, per: 1_000 }, 10))
      let granted = 0
      for (const [pause, amount] of all) {
        meter.now += pause
        if (meter.take(amount)) granted += amount
        assert.ok(granted <= 10 + ((meter.now - noon) * 20) / 1_000 + 1e-6)
      }
    }),
  )
})

test('a bucket holds calls: windows of other units stay strict', () => {
  assert.is(ruleOf({ unit: 'tokens', limit: 1_000 }, 5).kind, 'sliding')
  assert.is(ruleOf({ unit: 'requests' }, 5).kind, 'bucket')
  assert.is(ruleOf({ per: { calendar: 'day', timeZone: 'UTC' } }, 5).kind, 'calendar')
})

test('what is given back never lets a later span hold too much', () => {
  const meter = new Meter(ruleOf({}))
  meter.change(6)
  meter.now += 500
  meter.change(4)
  meter.change(-3)
  assert.is(meter.used(), 7)
  meter.now += 500
  assert.is(meter.used(), 4, 'the later grant counts in full')
  meter.change(-99)
  assert.is(meter.used(), 0)
})

test('what was taken beyond the limit has to run out first', () => {
  const meter = new Meter(ruleOf({}))
  meter.change(10)
  meter.now += 400
  meter.change(10)
  assert.is(room(meter.rule, meter.state, meter.now), 0)
  assert.is(meter.wait(1), 1_000)
  meter.now += 999
  assert.not.ok(meter.take(1))
  meter.now += 1
  assert.ok(meter.take(10))
})

test('a clock that is set back gives nothing twice and blocks no longer than the window', () => {
  for (const rule of [ruleOf({}), ruleOf({}, 10)]) {
    const meter = new Meter(rule)
    meter.change(10)
    meter.now -= 3_600_000
    assert.not.ok(meter.take(1))
    assert.ok(meter.wait(1) <= 2_000, `${rule.kind} waits ${meter.wait(1)} ms`)
  }
  const day = new Meter(ruleOf({ per: { calendar: 'day', timeZone: 'UTC' } }))
  day.change(10)
  day.now -= 24 * 3_600_000
  assert.not.ok(day.take(1), 'the day before gives anew')
  day.now += 24 * 3_600_000
  assert.not.ok(day.take(1), 'the day itself gives again')
})

test('a window that is configured anew keeps what was used', () => {
  const windows = { sliding: ruleOf({}), bucket: ruleOf({}, 10), calendar: ruleOf({ per: { calendar: 'day', timeZone: 'UTC' } }) }
  for (const [from, before] of Object.entries(windows)) {
    for (const [to, after] of Object.entries(windows)) {
      const state = taken(before, current(before, null, noon), 6, noon)
      // A day's use says nothing about the last second of it; it is carried over all the same.
      assert.ok(
        Math.abs(used(after, current(after, state, noon), noon) - (from === 'bucket' && to === 'calendar' ? 0 : 6)) < 1e-3,
        `${from} to ${to}`,
      )
    }
  }
})

test('it tells when all of it is free again', () => {
  const sliding = new Meter(ruleOf({}))
  assert.is(resetsAt(sliding.rule, sliding.state, noon), null)
  sliding.change(1)
  sliding.now += 300
  sliding.change(1)
  assert.is(resetsAt(sliding.rule, sliding.state, sliding.now), noon + 1_300)
  const bucket = new Meter(ruleOf({}, 10))
  bucket.change(5)
  assert.is(resetsAt(bucket.rule, bucket.state, noon), noon + 500)
})

test.run()
