import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { QuotaWindow } from '../../../src/store/contract/quotas.js'
import { openWindow, type QuotaWindowMeter, type WindowState } from '../../../src/store/quotas/windows/open-window.js'

const noon = Date.UTC(2025, 5, 15, 12)
const day = { calendar: 'day', timeZone: 'UTC' } as const

/** A window with a clock: takes what is granted, and is saved and opened anew each time, as between processes. */
class Timed {
  now = noon
  share = 1
  readonly window: QuotaWindow
  #stored: string | null = null
  #meter: QuotaWindowMeter | null = null

  constructor(window: Partial<QuotaWindow> = {}) {
    this.window = { unit: 'requests', limit: 10, per: 1_000, burst: null, ...window }
  }

  get meter(): QuotaWindowMeter {
    const state = this.#stored === null ? null : (JSON.parse(this.#stored) as WindowState)
    this.#meter ??= openWindow(this.window, state, { now: this.now, wall: this.now }, this.share)
    return this.#meter
  }

  save(): void {
    this.#stored = JSON.stringify(this.meter.save())
    this.#meter = null
  }

  take(amount: number): number {
    const booked = this.meter.take(amount, this.now)
    this.save()
    return booked
  }

  give(amount: number, booked: number): void {
    this.meter.give(amount, booked, this.now)
    this.save()
  }

  wait(amount: number | undefined): number {
    return this.meter.waitMs(amount, this.now)
  }

  tryTake(amount: number): boolean {
    if (this.wait(amount) > 0) return false
    this.take(amount)
    return true
  }

  used(): number {
    return this.meter.used(this.now)
  }

  /** Goes by a share of its limit from now on. */
  scale(share: number): void {
    this.meter.scale(share, this.now)
    this.share = share
    this.save()
  }
}

type Grant = [at: number, amount: number]

/** The most that a span of that length can hold, if each grant may be used up to so many ms after it was given. */
function most(grants: readonly Grant[], perMs: number, slackMs: number): number {
  const within = (from: number): number =>
    grants.filter(([at]) => at + slackMs >= from && at < from + perMs).reduce((sum, [, amount]) => sum + amount, 0)
  return Math.max(0, ...grants.flatMap(([at]) => [within(at), within(at + slackMs)]))
}

const steps = fc.array(fc.tuple(fc.nat(400), fc.integer({ min: 1, max: 10 })), { maxLength: 120 })

test('no span of its length ever holds more than a strict window allows, whenever in its slack each grant is used', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const timed = new Timed()
      const grants: Grant[] = []
      for (const [pause, amount] of all) {
        timed.now += pause
        if (timed.tryTake(amount)) grants.push([timed.now, amount])
      }
      assert.ok(most(grants, 1_000, timed.meter.slackMs) <= 10)
    }),
  )
})

test('a request is granted after its stated wait, and not a millisecond earlier', () => {
  const windows: Partial<QuotaWindow>[] = [{}, { limit: 7, per: 1_300, burst: 10 }, { limit: 3, per: 10_000, burst: 1 }]
  fc.assert(
    fc.property(steps, fc.constantFrom(...windows), (all, window) => {
      const timed = new Timed(window)
      for (const [pause, wanted] of all) {
        timed.now += pause
        const amount = Math.min(wanted, timed.meter.capacity)
        const wait = timed.wait(amount)
        if (wait > 1) {
          timed.now += wait - 1
          assert.not.ok(timed.tryTake(amount), 'granted early')
          timed.now += 1
        } else {
          timed.now += wait
        }
        assert.ok(timed.tryTake(amount), 'not granted when told')
      }
    }),
  )
})

test('a long log is merged without ever granting more than the limit, or keeping much back', () => {
  const timed = new Timed({ limit: 2_000, per: 60_000 })
  const grants: Grant[] = []
  for (let step = 0; step < 7_000; step++) {
    // Fills within 40 s; from 60 s on, more is asked for than runs out.
    timed.now += step < 3_000 ? 20 : 5
    if (timed.wait(1) === 0) {
      timed.meter.take(1, timed.now)
      grants.push([timed.now, 1])
    }
  }
  const state = timed.meter.save()
  assert.ok('log' in state && state.log.length <= 520)
  // The same over a sliding span, in one pass.
  let first = 0
  for (const [index, [at]] of grants.entries()) {
    while ((grants[first]?.[0] ?? 0) + timed.meter.slackMs <= at - 60_000) first++
    assert.ok(index - first + 1 <= 2_000, 'more than the limit within a minute')
  }
  const possible = 2_000 + (4_000 * 5) / 20
  assert.ok(grants.length < 7_000 && grants.length > possible * 0.98, `${grants.length} of ${possible} were granted`)
})

test('a bucket never lets through more than its size and what has run in, whenever in its slack each grant is used', () => {
  fc.assert(
    fc.property(steps, fc.constantFrom(1, 3, 10), (all, burst) => {
      const timed = new Timed({ limit: 20, per: 1_000, burst })
      const { slackMs } = timed.meter
      const grants: Grant[] = []
      for (const [pause, wanted] of all) {
        timed.now += pause
        const amount = Math.min(wanted, burst)
        if (!timed.tryTake(amount)) continue
        grants.push([timed.now, amount])
        // The worst: an earlier one is used as late, all that came since as early as can be.
        let sum = 0
        for (const [at, part] of [...grants].reverse()) {
          sum += part
          assert.ok(sum <= burst + (Math.max(0, timed.now - at - slackMs) * 20) / 1_000 + 1e-3, `${sum} at once`)
        }
      }
    }),
  )
})

test('a bucket of one gives one at a time, as fast as it fills but for its slack', () => {
  const timed = new Timed({ limit: 60, per: 60_000, burst: 1 })
  let granted = 0
  for (const end = timed.now + 600_000; timed.now < end; timed.now += timed.wait(1)) if (timed.tryTake(1)) granted++
  assert.ok(granted > 600 / 1.025 && granted <= 600, `${granted} in ten minutes`)
})

test('how often an amount can be taken at once is never more than what can be taken one by one', () => {
  for (const window of [{}, { limit: 100, per: 1_000, burst: 1_000 }, { per: day, limit: 30 }, { per: 'ever', limit: 30 }] as const) {
    const timed = new Timed(window)
    for (let round = 0; round < 40; round++) {
      timed.now += 7
      const times = timed.meter.timesNow(3, timed.now)
      let taken = 0
      while (taken < 2_000 && timed.tryTake(3)) taken++
      assert.ok(times <= taken, `${times} times were promised, ${taken} granted`)
      timed.now += 300
      for (let back = 0; back < taken; back += 2) timed.give(3, timed.now - 300)
    }
  }
})

test('amounts that are given back never let a later span hold too much', () => {
  const timed = new Timed()
  const early = timed.take(6)
  timed.now += 500
  const late = timed.take(4)
  timed.give(3, early)
  assert.is(timed.used(), 7)
  timed.now += 515
  assert.is(timed.used(), 4, 'the later grant counts in full')
  timed.give(2, early)
  assert.is(timed.used(), 4, 'what has left the window is given back once more')
  timed.give(99, late)
  assert.is(timed.used(), 0)
})

test('a strict window gives back also what was settled beyond a grant, and nothing of another one', () => {
  const timed = new Timed()
  const first = timed.take(6)
  timed.now += 100
  timed.take(2)
  timed.now += 100
  // Two more than were granted were used.
  timed.take(2)
  timed.give(8, first)
  assert.is(timed.used(), 2)
  timed.now += 815
  timed.give(99, first)
  assert.is(timed.used(), 2, 'what the first one took has left the window')
})

test('a bucket gives back no more than was in use all the time since', () => {
  const timed = new Timed({ limit: 10, per: 10_000, burst: 5 })
  const first = timed.take(5)
  timed.now += 10_000
  const second = timed.take(4)
  timed.give(5, first)
  assert.ok(timed.used() > 3.99, 'what had run in again was given back')
  timed.now += 3_000
  const third = timed.take(3)
  timed.give(4, second)
  // Of the second one unit was in use at the least since.
  // A quarter more: what would have run in while the first call was still to come.
  assert.ok(timed.used() > 2.999 && timed.used() < 3.251, `${timed.used()} in use`)
  timed.give(3, third)
  assert.ok(timed.used() < 0.251)
})

test('a bucket gives back no more than was in use since, also where another grant at the same moment may be used later', () => {
  const timed = new Timed({ limit: 1, per: 1_000, burst: 2 })
  const early = timed.meter.take(0.05, timed.now, 15)
  const late = timed.meter.take(1, timed.now, 100)
  timed.give(0.05, early)
  // The later one may be used in 100 ms, when the early one has run in long since: the bucket is full again 1,100 ms from now.
  assert.ok(timed.used() > 1.0999, `${timed.used()} in use`)
  timed.give(1, late)
  assert.ok(timed.used() < 0.1001, `${timed.used()} in use`)
})

for (const per of ['ever', day, 3_600_000] as const) {
  const kind = per === 'ever' ? 'budget' : per === day ? 'calendar day' : 'strict window'
  test(`a ${kind} lets through exactly as many as fit, however small each is beside the limit`, () => {
    for (const [limit, amount, fit] of [
      [25, 0.0001, 250_000],
      [25, 0.00001, 2_500_000],
      [1, 0.1, 10],
      [2_000_000, 1, 2_000_000],
    ] as const) {
      const { meter, now } = new Timed({ limit, per })
      let times = 0
      while (times < fit + 10 && meter.waitMs(amount, now) === 0) {
        meter.take(amount, now)
        times++
      }
      assert.is(times, fit, `${amount} of ${limit}`)
    }
  })

  test(`a ${kind} has no room for a large request that is one short`, () => {
    const { meter, now } = new Timed({ limit: 4_000_000, per })
    meter.take(1_000_001, now)
    assert.ok(meter.waitMs(3_000_000, now) > 0)
    assert.is(meter.waitMs(2_999_999, now), 0)
  })
}

test('a period that is over takes nothing back into the next one', () => {
  const timed = new Timed({ per: day })
  const booked = timed.take(6)
  timed.give(2, booked)
  assert.is(timed.used(), 4)
  timed.now += 86_400_000
  timed.take(3)
  timed.give(4, booked)
  assert.is(timed.used(), 3)
})

test('amounts taken beyond the limit must run out first', () => {
  const timed = new Timed()
  timed.take(10)
  timed.now += 400
  timed.take(10)
  assert.is(timed.meter.room(timed.now), 0)
  assert.is(timed.wait(1), 1_015)
  timed.now += 1_014
  assert.not.ok(timed.tryTake(1))
  timed.now += 1
  assert.ok(timed.tryTake(10))
})

test('a request that does not name the unit waits only while the window is spent', () => {
  for (const window of [{}, { burst: 10 }, { per: day }] as const) {
    const timed = new Timed(window)
    timed.take(9)
    timed.meter.reserved = 5
    assert.is(timed.wait(undefined), 0, 'what others need is nothing to it')
    timed.take(1)
    assert.ok(timed.wait(undefined) > 0, 'it is spent')
    assert.is(timed.wait(0), 0)
    timed.take(3)
    assert.ok(timed.wait(undefined) > 0, 'overdrawn, and nobody waits')
    assert.is(timed.wait(0), 0, 'an amount of 0 never waits')
  }
})

test('a budget is never free again by itself', () => {
  const timed = new Timed({ per: 'ever' })
  const booked = timed.take(8)
  assert.is(timed.wait(2), 0)
  assert.is(timed.wait(3), Number.POSITIVE_INFINITY)
  timed.now += 365 * 86_400_000
  assert.is(timed.used(), 8)
  assert.is(timed.meter.resetsAt(timed.now), null)
  timed.meter.tighten(0, null, timed.now)
  assert.is(timed.used(), 8, 'a provider knows nothing of it')
  timed.give(3, booked)
  assert.ok(timed.tryTake(5))
})

test('a clock that is set back gives nothing twice and blocks no longer than the window', () => {
  for (const burst of [null, 10]) {
    const timed = new Timed({ burst })
    timed.take(10)
    timed.now -= 3_600_000
    assert.not.ok(timed.tryTake(1))
    assert.ok(timed.wait(1) <= 2_000, `burst ${burst} waits ${timed.wait(1)} ms`)
  }
  const daily = new Timed({ per: day })
  daily.take(10)
  daily.now -= 24 * 3_600_000
  assert.not.ok(daily.tryTake(1), 'the day before gives anew')
  daily.now += 24 * 3_600_000
  assert.not.ok(daily.tryTake(1), 'the day itself gives again')
  daily.now -= 100 * 86_400_000
  assert.not.ok(daily.tryTake(1))
  daily.now += 86_400_000
  assert.ok(daily.tryTake(1), 'it goes on until a day that a wrong clock has named')
})

test('a bucket that was never used gives all of it at once', () => {
  assert.is(new Timed({ burst: 10 }).wait(10), 0)
})

test('a window that is configured anew keeps what was used', () => {
  const windows = { sliding: {}, bucket: { burst: 10 }, calendar: { per: day }, budget: { per: 'ever' } } as const
  for (const [from, before] of Object.entries(windows)) {
    for (const [to, after] of Object.entries(windows)) {
      // A budget counts from when it was given, and a day cannot tell what of a bucket was used today.
      if (from === 'bucket' && to === 'calendar') continue
      if (to === 'budget' && from !== 'calendar' && from !== 'budget') continue
      const earlier = new Timed(before)
      earlier.take(6)
      const window: QuotaWindow = { ...earlier.window, per: 1_000, burst: null, ...after }
      const later = openWindow(window, JSON.parse(JSON.stringify(earlier.meter.save())), { now: noon, wall: noon })
      const used = later.used(noon)
      assert.ok(used > 5.999 && used < (from === 'bucket' ? 6.501 : 6.001), `${from} to ${to}: ${used}`)
    }
  }
})

test('the remaining amount of a provider only tightens', () => {
  for (const window of [{}, { burst: 10 }, { per: day }] as const) {
    fc.assert(
      fc.property(fc.nat(10), fc.nat(12), fc.option(fc.integer({ min: -500, max: 3_000 })), fc.nat(1_200), (taken, left, resets, later) => {
        const timed = new Timed(window)
        if (taken > 0) timed.take(taken)
        const untouched = new Timed(window)
        if (taken > 0) untouched.take(taken)
        timed.meter.tighten(left, resets === null ? null : timed.now + resets, timed.now)
        timed.save()
        assert.ok(timed.meter.room(timed.now) <= Math.max(0, left) + 1e-3 || resets !== null, 'more than the provider says')
        timed.now += later
        untouched.now += later
        assert.ok(timed.meter.room(timed.now) <= untouched.meter.room(untouched.now) + 1e-3, 'it gives more than before')
      }),
    )
  }
})

test('what the provider kept back is free again when it says', () => {
  const timed = new Timed({ per: 60_000 })
  timed.meter.tighten(2, timed.now + 20_000, timed.now)
  timed.save()
  assert.is(timed.meter.room(timed.now), 2)
  assert.is(timed.wait(3), 20_000)
})

test('a share of the limit is what counts, and what is used stays used', () => {
  for (const burst of [null, 10]) {
    const timed = new Timed({ burst, per: 60_000 })
    timed.take(5)
    const before = timed.used()
    timed.scale(0.5)
    assert.ok(Math.abs(timed.used() - before) < 1e-6, `burst ${burst}: ${timed.used()} of ${before} are used`)
    assert.is(timed.meter.limit, 5)
    timed.scale(1)
    assert.ok(Math.abs(timed.used() - before) < 1e-6, `burst ${burst}, and back`)
  }
})

test('a share slows a bucket down, and a strict window lets a request that is larger than it through when nothing else counts', () => {
  const bucket = new Timed({ limit: 60, per: 60_000, burst: 1 })
  bucket.take(1)
  bucket.scale(0.25)
  const wait = bucket.wait(1)
  assert.ok(wait >= 4_000 && wait < 4_100, `${wait} ms`)
  const strict = new Timed()
  strict.scale(0.2)
  strict.take(2)
  assert.is(strict.wait(8), 1_015, 'it is told later than it could go')
  strict.now += 1_015
  assert.ok(strict.tryTake(8))
})

test('it tells for how long what is taken now counts', () => {
  for (const [window, longest] of [
    [{}, 1_015],
    [{ burst: 10 }, 1_050],
    [{ per: day }, 43_200_000],
  ] as const) {
    const { meter, now } = new Timed(window)
    assert.equal([meter.counts(longest - 1, now), meter.counts(longest, now)], [true, false])
  }
  const { meter, now } = new Timed({ per: 'ever' })
  assert.equal([meter.counts(1e12, now), meter.counts(Number.POSITIVE_INFINITY, now)], [true, false])
})

test('a bucket whose limit is configured anew keeps what was used', () => {
  for (const limit of [5, 40]) {
    const timed = new Timed({ burst: 10 })
    timed.take(6)
    const later = openWindow({ ...timed.window, limit }, timed.meter.save(), { now: noon, wall: noon })
    assert.ok(later.used(noon) > 5.999 && later.used(noon) < 6.501, `${later.used(noon)} with a limit of ${limit}`)
  }
})

test('it tells when all of it is free again', () => {
  const sliding = new Timed()
  assert.is(sliding.meter.resetsAt(noon), null)
  sliding.take(1)
  sliding.now += 300
  sliding.take(1)
  assert.is(sliding.meter.resetsAt(sliding.now), noon + 1_315)
  const bucket = new Timed({ burst: 10 })
  bucket.take(5)
  assert.is(bucket.meter.resetsAt(noon), noon + 550)
})

test('to look at a window is no change that would have to be saved', () => {
  const timed = new Timed()
  timed.take(3)
  timed.now += 5_000
  assert.is(timed.used(), 0)
  assert.is(timed.meter.changed, false)
})

test.run()
