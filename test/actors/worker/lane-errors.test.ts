import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { LaneErrors } from '../../../src/actors/worker/lane-errors.js'
import type { FailedAttempts } from '../../../src/threads/protocol/messages.js'

/** A lane whose clock is the test's. */
function bench() {
  let now = 0
  let timers: { at: number; callback: () => void }[] = []
  const lines: string[] = []
  const errors = new LaneErrors({
    worker: 'a/x',
    now: () => now,
    after: (ms, callback) => {
      const timer = { at: now + ms, callback }
      timers.push(timer)
      return () => {
        timers = timers.filter((one) => one !== timer)
      }
    },
    warn: (message) => lines.push(message),
  })
  return {
    errors,
    lines,
    pass(ms: number) {
      now += ms
      const due = timers.filter(({ at }) => at <= now)
      timers = timers.filter(({ at }) => at > now)
      for (const { callback } of due) callback()
    },
    timers: () => timers.length,
    fail: (message: string, more: Partial<FailedAttempts> = {}) =>
      errors.take([{ id: message, code: 'E', message, where: '/app/a.js:4:2', count: 1, dead: 0, key: 'k1', at: now, ...more }]),
  }
}

test('the first failed attempt is logged at once, with its task and its place', () => {
  const { lines, fail } = bench()
  fail('no text')
  assert.equal(lines, ['an attempt at task k1 failed: E: no text (/app/a.js:4:2)'])
})

test('a thousand failures a second make one line in ten seconds, which counts them', () => {
  const { lines, fail, pass } = bench()
  fail('no text')
  for (let second = 0; second < 25; second++) {
    pass(1_000)
    fail('no text', { count: 1_000, dead: 10 })
  }
  assert.is(lines.length, 3)
  assert.match(lines[1] ?? '', /^9,000 attempts failed since the last line, 90 tasks were given up: E: no text/)
  assert.match(lines[2] ?? '', /^10,000 attempts failed since the last line/)
})

test('errors between two lines are logged together, the most frequent first', () => {
  const { lines, fail, pass } = bench()
  fail('no text')
  fail('no luck', { count: 3, key: 'k7' })
  fail('no hope')
  pass(9_999)
  assert.is(lines.length, 1)
  pass(1)
  assert.is(
    lines[1],
    '4 attempts failed since the last line:\nE: no luck (/app/a.js:4:2), 3 times, first at task k7\nE: no hope (/app/a.js:4:2), 1 time, first at task k1',
  )
})

test('the end of a lane sums up all of it, and says how dead tasks come back', () => {
  const { lines, errors, fail, timers } = bench()
  fail('no text')
  fail('no text', { count: 5, dead: 2 })
  errors.end()
  assert.match(lines[1] ?? '', /^6 attempts failed, 2 tasks were given up: E: no text .*drover\.redrive\(\{ worker: 'a\/x' \}\)/)
  errors.end()
  assert.is(lines.length, 2)
  assert.is(timers(), 0)
  assert.equal([errors.last?.message, errors.last?.count], ['no text', 6])
  fail('no text')
  assert.is(lines.length, 3)
  assert.is(errors.last?.count, 1)
})

test('one failed attempt that came right is not summed up again', () => {
  const { lines, errors, fail } = bench()
  fail('no text')
  errors.end()
  assert.is(lines.length, 1)
})

test('failures a minute are those of the last minute', () => {
  const { errors, fail, pass } = bench()
  for (let second = 0; second < 90; second++) {
    fail('no text', { count: 2 })
    pass(1_000)
  }
  assert.ok(errors.perMinute >= 118 && errors.perMinute <= 120, `${errors.perMinute} a minute`)
  pass(60_000)
  assert.is(errors.perMinute, 0)
})

test('the memory of a lane is bounded, for errors of any text', () => {
  const { errors, lines, fail } = bench()
  for (let n = 0; n < 1_000; n++) fail(`error ${n}`)
  errors.end()
  assert.match(lines[1] ?? '', /^1,000 attempts failed:\nOTHER: other errors, 900 times/)
})

test.run()
