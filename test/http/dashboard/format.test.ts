import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { serverAheadMs } from '../../../src/http/dashboard/data/server-time.js'
import { absolute, ago, ahead, bytes, number, percent, short, told } from '../../../src/http/dashboard/format.js'

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

test('moments are relative to now, in both directions', () => {
  const now = 1_000_000_000
  assert.is(ago(now - 1_000, now), 'now')
  assert.is(ago(now - 90_000, now), '1 min ago')
  assert.is(ago(now + 7_200_000, now), 'in 2 h')
})

test('what was expected and is due is now, and not past', () => {
  assert.is(ahead(1_000_000, 1_005_000), 'now')
  assert.is(ahead(1_065_000, 1_005_000), 'in 1 min')
})

test('a moment names its time zone, and moments in texts of the server are told in the same one', () => {
  const at = Date.UTC(2026, 10, 28, 14, 3, 59)
  assert.match(absolute(at), /^\d+ Nov 2026, \d\d:\d\d:59 \S+$/)
  assert.is(
    told(`requests/day of quota key is spent until ${new Date(at).toISOString()}`),
    `requests/day of quota key is spent until ${absolute(at)}`,
  )
  assert.is(told('id 2026-11-28 and 2026'), 'id 2026-11-28 and 2026')
})

test('the clock of the server is taken where it clearly differs from that of the browser', () => {
  const server = Date.UTC(2026, 10, 28, 14, 3, 59)
  const date = new Date(server).toUTCString()
  assert.is(serverAheadMs(date, server - 900, server + 1_100), 0)
  assert.is(serverAheadMs(date, server - 180_000, server - 179_000), 180_000)
  assert.is(serverAheadMs(date, server + 60_000, server + 60_000), -59_500)
  assert.is(serverAheadMs(null, 0, 0), null)
})

test('large numbers are grouped, or shortened where there is little room', () => {
  assert.is(number(1_234_567.89), '1,234,567.9')
  assert.is(number(null), '–')
  assert.is(short(9_999), '9,999')
  assert.is(short(12_345), '12.3 k')
  assert.is(short(2_000_000), '2.0 M')
  assert.is(bytes(999), '999 B')
  assert.is(bytes(12_300_000), '12.3 MB')
})

test.run()
