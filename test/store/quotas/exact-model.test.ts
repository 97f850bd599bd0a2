/** The exact model itself, where the limiter and it were of two minds. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { QuotaSpec } from '../../../src/store/contract/quotas.js'
import { ExactModel } from './support/exact-model.js'

const bucket: QuotaSpec = {
  name: 'group',
  windows: [{ unit: 'requests', limit: 1, per: 1_000, burst: 2 }],
  within: [],
  concurrency: null,
  adapt: null,
}

test('a span does not count what was granted at the moment of its first call, but was used before it', () => {
  const model = new ExactModel()
  model.set(bucket, 0)
  model.grants.push({ at: 0, slackMs: 15, quota: 'group', amounts: { requests: 0.3 }, inFlight: false })
  model.grants.push({ at: 0, slackMs: 100, quota: 'group', amounts: { requests: 1 }, inFlight: false })
  // Used at 15 and 100 at the latest: 1.3 are in use at 15, 1 of them at 315.
  assert.is(model.broken('group', { requests: 1 }, 315), null)
  assert.is.not(model.broken('group', { requests: 1 }, 300), null)
})

test('a span counts what was granted before its first call, and may be used after it', () => {
  const model = new ExactModel()
  model.set(bucket, 0)
  model.grants.push({ at: 0, slackMs: 100, quota: 'group', amounts: { requests: 1 }, inFlight: false })
  model.grants.push({ at: 10, slackMs: 15, quota: 'group', amounts: { requests: 1 }, inFlight: false })
  assert.is.not(model.broken('group', { requests: 1 }, 1_020), null)
  // One is used by 25, one by 100: 2 are in use at 100 at the most, and what ran in since 25 counts.
  assert.is(model.broken('group', { requests: 1 }, 1_050), null)
})

test.run()
