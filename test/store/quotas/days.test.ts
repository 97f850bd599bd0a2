/** Day limits where clocks change, seen by the dates that people there read off their calendars. */
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openWindow, type WindowState } from '../../../src/store/quotas/windows/open-window.js'

const hour = 3_600_000
const limit = 7

/** Where, and around which moment, clocks are changed; in Apia a whole day is left out. */
const changes = [
  ['America/Los_Angeles', '2025-03-09T10:00:00Z'],
  ['America/Los_Angeles', '2025-11-02T09:00:00Z'],
  ['Europe/Berlin', '2025-03-30T01:00:00Z'],
  ['Europe/Berlin', '2025-10-26T01:00:00Z'],
  ['Australia/Lord_Howe', '2025-04-05T15:00:00Z'],
  ['Australia/Lord_Howe', '2025-10-04T15:30:00Z'],
  ['America/Santiago', '2025-04-06T03:00:00Z'],
  ['America/Santiago', '2025-09-07T04:00:00Z'],
  ['Pacific/Apia', '2011-12-30T10:00:00Z'],
  ['Pacific/Apia', '2010-09-26T11:00:00Z'],
] as const

for (const [timeZone, change] of changes) {
  const dates = new Intl.DateTimeFormat('sv-SE', { timeZone })
  const dateOf = (at: number): string => dates.format(at)
  const window = { unit: 'requests', limit, per: { calendar: 'day', timeZone }, burst: null } as const

  test(`a day in ${timeZone} holds its limit and no more, around ${change}`, () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(5 * hour), fc.integer({ min: 1, max: 3 })), { minLength: 20, maxLength: 60 }), (steps) => {
        let now = Date.parse(change) - 40 * hour
        let stored: WindowState | null = null
        const granted = new Map<string, number>()
        for (const [pause, amount] of steps) {
          now += pause
          const meter = openWindow(window, stored, { now, wall: now })
          const wait = meter.waitMs(amount, now)
          const today = granted.get(dateOf(now)) ?? 0
          if (wait === 0) {
            meter.take(amount, now)
            assert.is(dateOf(now + meter.slackMs), dateOf(now), 'it may be used on the day after')
            granted.set(dateOf(now), today + amount)
            stored = JSON.parse(JSON.stringify(meter.save())) as WindowState
          } else {
            const tomorrow = dateOf(now + wait)
            assert.ok(tomorrow !== dateOf(now) && dateOf(now + wait - 1) === dateOf(now), `told to wait until ${tomorrow}`)
            assert.ok(today + amount > limit || wait <= meter.slackMs, 'kept back though there is room')
            assert.is(openWindow(window, stored, { now: now + wait, wall: now + wait }).waitMs(limit, now + wait), 0)
          }
        }
        for (const [date, sum] of granted) assert.ok(sum <= limit, `${sum} on ${date}`)
      }),
      // Each step asks the calendar some thirty times what day it is.
      { numRuns: 40 },
    )
  })

  test(`a client that asks all the time in ${timeZone} gets the whole limit of every date, around ${change}`, () => {
    let now = Date.parse(change) - 60 * hour
    const end = now + 120 * hour
    const meter = openWindow(window, null, { now, wall: now })
    const granted = new Map<string, number[]>()
    while (now < end) {
      const wait = meter.waitMs(1, now)
      if (wait === 0) {
        meter.take(1, now)
        granted.set(dateOf(now), [...(granted.get(dateOf(now)) ?? []), now])
      }
      now += Math.max(1, wait)
    }
    const all = [...granted]
    assert.ok(all.length >= 5)
    for (const [date, times] of all) assert.is(times.length, limit, date)
    for (const [date, [first = 0]] of all.slice(1)) assert.is.not(dateOf(first - 1), date, 'not from its first moment on')
    if (timeZone === 'Pacific/Apia' && change.startsWith('2011')) assert.not.ok(granted.has('2011-12-30'), 'there was no such day')
  })
}

test.run()
