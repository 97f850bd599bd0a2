/** The health of the ground in the dashboard's words. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { HealthTrouble, HostHealth } from '../../../src/http/contract/health.js'
import { conditionOf, groundOf, isOfGround, stateOfHost } from '../../../src/http/dashboard/data/health.js'
import { clock, milliseconds } from '../../../src/http/dashboard/format.js'

const trouble = (kind: HealthTrouble['kind'], more: Partial<HealthTrouble> = {}): HealthTrouble => ({
  kind,
  severity: 'warning',
  message: `about ${kind}`,
  since: null,
  ...more,
})

test('troubles need attention, with since when; what the overview tells by itself is not told twice', () => {
  const since = Date.UTC(2026, 5, 1, 14, 3, 59)
  const told = groundOf({
    troubles: [
      trouble('store-failed'),
      trouble('store-waits', { severity: 'error', since }),
      trouble('loop-late'),
      trouble('host-gone', { since }),
    ],
  })
  assert.equal(
    told.map(({ kind, severity, message }) => [kind, severity, message]),
    [
      ['store-waits', 'error', `about store-waits (since ${clock(since)})`],
      ['loop-late', 'warning', 'about loop-late'],
      ['host-gone', 'warning', `about host-gone (at ${clock(since)})`],
    ],
  )
  assert.equal(groundOf(undefined), [])
  assert.equal([isOfGround('loop-late'), isOfGround('stuck')], [true, false])
})

test('a part is amber with a warning, red with an error, and well without either', () => {
  const troubles = [trouble('disk-nearly-full'), trouble('host-gone'), trouble('store-waits', { severity: 'error' })]
  assert.equal(
    (['hosts', 'store', 'loop', 'process'] as const).map((part) => conditionOf(troubles, part)),
    [
      { text: 'not well', tone: 'warn' },
      { text: 'broken', tone: 'bad' },
      { text: 'well', tone: 'ok' },
      { text: 'well', tone: 'ok' },
    ],
  )
})

test('a host is live, silent, gone, or has died', () => {
  const host: HostHealth = {
    id: 'h',
    pid: 1,
    hostname: 'box',
    here: false,
    joinedAt: 1,
    renewedAt: 5,
    gone: false,
    diedAt: null,
    workers: 0,
  }
  const silent = [trouble('host-silent', { since: 5 })]
  assert.equal(
    [
      stateOfHost(host, []),
      stateOfHost(host, silent),
      stateOfHost({ ...host, renewedAt: 6 }, silent),
      stateOfHost({ ...host, gone: true }, silent),
      stateOfHost({ ...host, gone: true, diedAt: 7 }, []),
    ].map(({ text, tone }) => [text, tone]),
    [
      ['live', 'ok'],
      ['silent', 'warn'],
      ['live', 'ok'],
      ['gone', 'bad'],
      ['died', 'bad'],
    ],
  )
})

test('short times have a tenth of a millisecond', () => {
  assert.equal([null, 0.04, 0.44, 9.9, 12.4, 1_340].map(milliseconds), ['–', '0 ms', '0.4 ms', '9.9 ms', '12 ms', '1.3 s'])
})

test.run()
