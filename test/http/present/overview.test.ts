import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Quota } from '../../../src/http/contract/quota.js'
import { presentOverview } from '../../../src/http/present/overview.js'
import { Tally } from '../../../src/http/present/tally.js'
import type { SystemStatus } from '../../../src/index.js'

const now = 1_000_000
const slots = { limit: 1, used: 0, queued: 0, groups: {} }
const busy: SystemStatus = {
  state: 'open',
  states: { running: 1, completed: 2 },
  workers: [],
  pools: [],
  done: 40,
  dead: 0,
  total: 100,
  ratePerMinute: 60,
  etaMs: 60_000,
  slots,
}

const endOf = (status: SystemStatus, quotaDoneAt: number | null = null) => {
  const quotas = [{ name: 'key', workers: [], retired: null, backlog: { tasks: 60, doneAt: quotaDoneAt } } as unknown as Quota]
  const { doneAt, doneBy } = presentOverview(status, new Tally(), [], quotas, now)
  return { doneAt, doneBy }
}

test('all is expected to be done at the present rate', () => {
  assert.equal(endOf(busy), { doneAt: now + 60_000, doneBy: 'rate' })
})

test("but not before today's quotas allow it", () => {
  assert.equal(endOf(busy, now + 5_000_000), { doneAt: now + 5_000_000, doneBy: 'quota' })
  assert.equal(endOf({ ...busy, states: { parked: 3 }, ratePerMinute: 0, etaMs: null }, now + 5_000_000).doneBy, 'quota')
})

test('there is no expected end if all is done or no worker runs: an end that moves with the clock would be sent again and again', () => {
  const none = { doneAt: null, doneBy: null }
  assert.equal(endOf({ ...busy, done: 90, dead: 10 }, now + 5_000_000), none)
  assert.equal(endOf({ ...busy, states: { idle: 1, paused: 1, stopped: 1, blacklisted: 1 }, etaMs: null }, now + 5_000_000), none)
})

test.run()
