import { test } from 'uvu'
import * as assert from 'uvu/assert'
import * as v from 'valibot'
import { type QuotaLimits, quotaOptions } from '../../../src/http/contract/quota.js'
import { limitsOf, optionsOf } from '../../../src/http/dashboard/data/limits.js'

const configured: QuotaLimits = {
  requests: [
    { limit: 60, per: 'minute' },
    { limit: 1_000, per: 'day', timeZone: 'Europe/Berlin' },
  ],
  burst: 10,
  tokens: { limit: 9_000, per: 5_000 },
  budget: { cost: 2.5 },
  concurrency: 3,
  within: 'project',
  adapt: { decrease: 0.25 },
}

test('an unchanged form returns the same limits', () => {
  assert.equal(optionsOf(limitsOf(configured)), {
    requests: [
      { limit: 60, per: 'minute', burst: 10 },
      { limit: 1_000, per: 'day', timeZone: 'Europe/Berlin' },
    ],
    tokens: [{ limit: 9_000, per: 5_000 }],
    budget: { cost: 2.5 },
    concurrency: 3,
    within: ['project'],
    adapt: { decrease: 0.25 },
  })
})

test('a form makes the body that the API takes', () => {
  assert.ok(v.is(quotaOptions, optionsOf(limitsOf(configured))))
})

test('emptied fields are left out', () => {
  assert.equal(optionsOf({ rows: [], concurrency: null, within: [], adapt: false }), {})
})

test('a time zone and a burst go only where they mean something', () => {
  const row = { unit: 'requests', limit: 5, timeZone: 'UTC', burst: 2 }
  const rows = [
    { ...row, per: 'hour' as const },
    { ...row, per: 'day' as const },
  ]
  assert.equal(optionsOf({ rows, concurrency: null, within: [], adapt: false }), {
    requests: [
      { limit: 5, per: 'hour', burst: 2 },
      { limit: 5, per: 'day', timeZone: 'UTC' },
    ],
  })
})

test.run()
