import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { periodOf } from '../../src/time/calendar.js'

const hour = 3_600_000

for (const [what, timeZone, at, start, end] of [
  ['an ordinary day', 'UTC', '2025-06-15T12:00:00Z', '2025-06-15T00:00:00Z', '2025-06-16T00:00:00Z'],
  ['a zone of half an hour', 'Asia/Kolkata', '2025-06-15T12:00:00Z', '2025-06-15T00:00:00+05:30', '2025-06-16T00:00:00+05:30'],
  ['23 hours, forward', 'America/Los_Angeles', '2025-03-09T12:00:00-07:00', '2025-03-09T00:00:00-08:00', '2025-03-10T00:00:00-07:00'],
  ['25 hours, back', 'America/Los_Angeles', '2025-11-02T12:00:00-08:00', '2025-11-02T00:00:00-07:00', '2025-11-03T00:00:00-08:00'],
  ['in the hour that comes twice', 'Europe/Berlin', '2025-10-26T02:30:00+01:00', '2025-10-26T00:00:00+02:00', '2025-10-27T00:00:00+01:00'],
  [
    'no midnight: clocks go forward at 0:00',
    'Africa/Cairo',
    '2025-04-25T12:00:00+03:00',
    '2025-04-25T01:00:00+03:00',
    '2025-04-26T00:00:00+03:00',
  ],
  [
    'the day after one that was left out',
    'Pacific/Apia',
    '2011-12-31T12:00:00+14:00',
    '2011-12-31T00:00:00+14:00',
    '2012-01-01T00:00:00+14:00',
  ],
  [
    'the day before one that was left out',
    'Pacific/Apia',
    '2011-12-29T12:00:00-10:00',
    '2011-12-29T00:00:00-10:00',
    '2011-12-31T00:00:00+14:00',
  ],
] as const) {
  test(`a day, ${what}`, () => {
    assert.equal(periodOf('day', timeZone, Date.parse(at)), { start: Date.parse(start), end: Date.parse(end) })
  })
}

test('a month begins and ends at midnights of its zone', () => {
  const period = periodOf('month', 'America/New_York', Date.parse('2025-03-20T00:00:00Z'))
  assert.equal(period, { start: Date.parse('2025-03-01T00:00:00-05:00'), end: Date.parse('2025-04-01T00:00:00-04:00') })
  assert.is((period.end - period.start) / hour, 31 * 24 - 1)
})

test('periods follow each other without a gap, also when asked for backwards', () => {
  for (const timeZone of ['Europe/Berlin', 'America/Sao_Paulo', 'Asia/Beirut', 'Australia/Lord_Howe']) {
    let { start } = periodOf('day', timeZone, Date.UTC(2025, 11, 31))
    for (let days = 0; days < 400; days++) {
      const before = periodOf('day', timeZone, start - 1)
      assert.is(before.end, start)
      assert.ok(before.end - before.start >= 23 * hour && before.end - before.start <= 25 * hour)
      start = before.start
    }
  }
})

test('the first and the last moment belong to their day', () => {
  const { start, end } = periodOf('day', 'UTC', Date.UTC(2025, 0, 1, 5))
  assert.is(periodOf('day', 'UTC', start).start, start)
  assert.is(periodOf('day', 'UTC', end - 1).end, end)
  assert.is(periodOf('day', 'UTC', end).start, end)
})

test('a zone that does not exist is refused', () => {
  assert.throws(() => periodOf('day', 'Mars/Olympus', 0), RangeError)
})

test.run()
