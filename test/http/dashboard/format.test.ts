import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ago, bytes, duration, number, percent, plural, short } from '../../../src/http/dashboard/format.js'

test('shares are 100 % only when all is done, and not 0 % once something is', () => {
  for (const [share, text] of [
    [0, '0 %'],
    [0.0001, '< 1 %'],
    [0.5, '50 %'],
    [0.9999, '99 %'],
    [1, '100 %'],
    [Number.NaN, '0 %'],
  ] as const)
    assert.is(percent(share), text)
})

test('durations have their two largest units', () => {
  for (const [ms, text] of [
    [-5, '0 ms'],
    [999, '999 ms'],
    [1_500, '1.5 s'],
    [9_999, '10 s'],
    [59_600, '1 min'],
    [61_000, '1 min 1 s'],
    [3_600_000, '1 h'],
    [7_500_000, '2 h 5 min'],
    [90_000_000, '1 d 1 h'],
  ] as const)
    assert.is(duration(ms), text)
})

test('moments are relative to now, in both directions', () => {
  const now = 1_000_000_000
  assert.is(ago(now - 1_000, now), 'now')
  assert.is(ago(now - 90_000, now), '1 min ago')
  assert.is(ago(now + 7_200_000, now), 'in 2 h')
})

test('large numbers are grouped, or shortened where there is little room', () => {
  assert.is(number(1_234_567.89), '1,234,567.9')
  assert.is(number(null), '–')
  assert.is(short(9_999), '9,999')
  assert.is(short(12_345), '12.3 k')
  assert.is(short(2_000_000), '2.0 M')
  assert.is(bytes(999), '999 B')
  assert.is(bytes(12_300_000), '12.3 MB')
  assert.is(plural(1, 'worker'), '1 worker')
  assert.is(plural(1_000, 'worker'), '1,000 workers')
})

test.run()
