import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { QuotaWindow } from '../../../src/store/contract/quotas.js'
import { backlogAt } from '../../../src/store/quotas/forecast.js'
import { freshRecord, Quota } from '../../../src/store/quotas/quota.js'

const at = { now: 0, wall: Date.UTC(2025, 0, 15, 12) }
const minutes = (windows: QuotaWindow[], tasks: number): number | null => {
  const spec = { name: 'key', windows, within: [], concurrency: null, adapt: null }
  const doneAt = backlogAt([new Quota(spec, { ...freshRecord }, new Map(), at)], { requests: 1 }, tasks, at)
  return doneAt === null ? null : (doneAt - at.wall) / 60_000
}
const minute: QuotaWindow = { unit: 'requests', limit: 15, per: 60_000, burst: 5 }

test('a long window that has room for all of it slows nothing down', () => {
  assert.is(minutes([minute], 80), 5)
  assert.is(minutes([minute, { unit: 'requests', limit: 1_500, per: 86_400_000, burst: null }], 80), 5)
})

test('tasks beyond a long window are done at its rate', () => {
  // 24 a day is one an hour: 24 are there at once, 10 more come in ten hours.
  assert.is(minutes([minute, { unit: 'requests', limit: 24, per: 86_400_000, burst: null }], 34), 600)
})

test('tasks left when the day is spent are done on the next', () => {
  const day: QuotaWindow = { unit: 'requests', limit: 100, per: { calendar: 'day', timeZone: 'UTC' }, burst: null }
  assert.is(minutes([minute, day], 120), 12 * 60 + 1)
})

test('no task is put off to the next day, or beyond a budget, by what dividing rounds off', () => {
  const cost = (per: QuotaWindow['per']): number | null => {
    const windows = [{ unit: 'cost', limit: 0.3, per, burst: null }]
    const quota = new Quota({ name: 'key', windows, within: [], concurrency: null, adapt: null }, { ...freshRecord }, new Map(), at)
    return backlogAt([quota], { cost: 0.1 }, 3, at)
  }
  assert.is(cost('ever'), at.wall)
  assert.is(cost({ calendar: 'day', timeZone: 'UTC' }), at.wall)
})

test.run()
