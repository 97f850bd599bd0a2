import * as assert from 'uvu/assert'
import type { QuotaSpec, QuotaWindow } from '../../../src/store/engine.js'
import type { ContractTest } from '../support/contract.js'
import { completed, refused } from '../support/desk.js'

const minute = 60_000
const requests = (limit: number, per: QuotaWindow['per'] = minute): QuotaWindow => ({ unit: 'requests', limit, per })
const quota = (windows: QuotaWindow[], burst: number | null = null): QuotaSpec => ({ name: 'key', windows, burst, concurrency: null })

export function quotasContract(test: ContractTest): void {
  test('a strict window grants its limit and tells when the next is free', async (desk) => {
    await desk.call('declareQuotas', { quotas: [quota([requests(2)])] })
    const acquire = () => desk.call('acquireQuota', { name: 'key', amounts: { requests: 1 } })
    assert.equal(await acquire(), { granted: true })
    desk.world.advance(10_000)
    assert.equal(await acquire(), { granted: true })
    desk.world.advance(10_000)
    assert.equal(await acquire(), { granted: false, window: 'requests/minute', inMs: 40_000 })
    desk.world.advance(40_000)
    assert.equal(await acquire(), { granted: true })
    assert.equal(await acquire(), { granted: false, window: 'requests/minute', inMs: 10_000 })
  })

  test('all windows grant or none does', async (desk) => {
    const tokens: QuotaWindow = { unit: 'tokens', limit: 100, per: minute }
    await desk.call('declareQuotas', { quotas: [quota([requests(10), tokens])] })
    const acquire = (amount: number) => desk.call('acquireQuota', { name: 'key', amounts: { requests: 1, tokens: amount } })
    assert.equal(await acquire(80), { granted: true })
    for (let times = 0; times < 5; times++) {
      assert.equal(await acquire(30), { granted: false, window: 'tokens/minute', inMs: minute })
    }
    const [status] = (await desk.call('quotas', { names: ['key'] })).quotas
    assert.equal(
      status?.windows.map(({ unit, used }) => [unit, used]),
      [
        ['requests', 1],
        ['tokens', 80],
      ],
    )
  })

  test('what can never be granted is an error at once, and so is a quota that is not known', async (desk) => {
    await desk.call('declareQuotas', { quotas: [quota([{ unit: 'tokens', limit: 100, per: minute }])] })
    await refused(desk.call('acquireQuota', { name: 'key', amounts: { tokens: 101 } }), 'QUOTA_INVALID')
    await refused(desk.call('acquireQuota', { name: 'key', amounts: { tokens: -1 } }), 'QUOTA_INVALID')
    await refused(desk.call('acquireQuota', { name: 'other', amounts: { tokens: 1 } }), 'QUOTA_INVALID')
    assert.equal(await desk.call('acquireQuota', { name: 'key', amounts: { tokens: 100 } }), { granted: true })
  })

  test('a quota that cannot work is refused when it is declared', async (desk) => {
    const declare = (spec: QuotaSpec) => desk.call('declareQuotas', { quotas: [spec] })
    await refused(declare(quota([requests(0)])), 'QUOTA_INVALID')
    await refused(declare(quota([requests(5), requests(6)])), 'QUOTA_INVALID')
    await refused(declare(quota([requests(5, { calendar: 'day', timeZone: 'Mars/Olympus' })])), 'QUOTA_INVALID')
  })

  test('declaring again keeps what was used, also when the limit changes', async (desk) => {
    await desk.call('declareQuotas', { quotas: [quota([requests(5)])] })
    await desk.call('acquireQuota', { name: 'key', amounts: { requests: 4 } })
    await desk.call('declareQuotas', { quotas: [quota([requests(4)])] })
    const reply = await desk.call('acquireQuota', { name: 'key', amounts: { requests: 1 } })
    assert.equal(reply, { granted: false, window: 'requests/minute', inMs: minute })
  })

  test('a bucket gives its burst at once and then fills at its rate', async (desk) => {
    await desk.call('declareQuotas', { quotas: [quota([requests(60)], 5)] })
    const acquire = (amount: number) => desk.call('acquireQuota', { name: 'key', amounts: { requests: amount } })
    assert.equal(await acquire(5), { granted: true })
    assert.equal(await acquire(1), { granted: false, window: 'requests/minute', inMs: 1_000 })
    desk.world.advance(3_000)
    assert.equal(await acquire(4), { granted: false, window: 'requests/minute', inMs: 1_000 })
    assert.equal(await acquire(3), { granted: true })
    await refused(acquire(6), 'QUOTA_INVALID')
  })

  test('a calendar day begins at midnight of its time zone', async (desk) => {
    const zone = { calendar: 'day', timeZone: 'America/Los_Angeles' } as const
    await desk.call('declareQuotas', { quotas: [quota([requests(1, zone)])] })
    // 23 hours long: clocks go forward at 2:00.
    desk.world.set(Date.parse('2025-03-09T00:30:00-08:00'))
    const acquire = () => desk.call('acquireQuota', { name: 'key', amounts: { requests: 1 } })
    assert.equal(await acquire(), { granted: true })
    assert.equal(await acquire(), { granted: false, window: 'requests/day America/Los_Angeles', inMs: 22.5 * 3_600_000 })
    desk.world.set(Date.parse('2025-03-10T00:00:00-07:00') - 1)
    assert.equal(await acquire(), { granted: false, window: 'requests/day America/Los_Angeles', inMs: 1 })
    desk.world.advance(1)
    assert.equal(await acquire(), { granted: true })
  })

  test('an exchange claims what the quota grants and says when the next is granted', async (desk) => {
    await desk.begin(10)
    await desk.call('declareQuotas', { quotas: [quota([requests(3)])] })
    const hold = await desk.acquire()
    const limited = { quota: { name: 'key', amounts: { requests: 1 } } }
    const first = await desk.exchange(hold, 5, [], limited)
    assert.is(first.leases.keys.length, 3)
    assert.equal(first.shortage, { kind: 'quota', quota: 'key', window: 'requests/minute', inMs: minute })
    desk.world.advance(20_000)
    const second = await desk.exchange(hold, 5, completed(first.leases), limited)
    assert.equal([second.settled, second.leases.keys], [['stored', 'stored', 'stored'], []])
    assert.equal(second.shortage, { kind: 'quota', quota: 'key', window: 'requests/minute', inMs: 40_000 })
  })

  test('a repeated exchange takes nothing more from its quota', async (desk) => {
    await desk.begin(10)
    await desk.call('declareQuotas', { quotas: [quota([requests(5)])] })
    const hold = await desk.acquire()
    const limited = { quota: { name: 'key', amounts: { requests: 1 } }, request: 1 }
    for (let times = 0; times < 3; times++) assert.is((await desk.exchange(hold, 2, [], limited)).leases.keys.length, 2)
    assert.is((await desk.call('quotas', { names: ['key'] })).quotas[0]?.windows[0]?.used, 2)
  })

  test('an exchange that finds fewer tasks than the quota grants takes only for those, and says why', async (desk) => {
    await desk.begin(2)
    await desk.call('declareQuotas', { quotas: [quota([requests(2)])] })
    const limited = { quota: { name: 'key', amounts: { requests: 1 } } }
    const hold = await desk.acquire()
    const { leases, shortage } = await desk.exchange(hold, 5, [], limited)
    assert.is(leases.keys.length, 2)
    assert.equal(shortage, { kind: 'later', inMs: null }, 'there is nothing left that a quota could keep back')
    assert.equal((await desk.exchange(hold, 5, completed(leases), limited)).shortage, { kind: 'complete' })
  })

  test('an exchange whose task can never be granted is refused and settles nothing', async (desk) => {
    await desk.begin(2)
    await desk.call('declareQuotas', { quotas: [quota([requests(2)])] })
    const hold = await desk.acquire()
    const leases = await desk.claim(hold, 1)
    const impossible = { quota: { name: 'key', amounts: { requests: 3 } } }
    await refused(desk.exchange(hold, 1, completed(leases), impossible), 'QUOTA_INVALID')
    assert.is((await desk.counts()).done, 0)
    assert.equal((await desk.exchange(hold, 0, completed(leases))).settled, ['stored'])
  })

  test('a block stops every grant, is never shortened, and ends', async (desk) => {
    await desk.call('declareQuotas', { quotas: [quota([requests(100)])] })
    const acquire = () => desk.call('acquireQuota', { name: 'key', amounts: { requests: 1 } })
    await desk.call('blockQuota', { name: 'key', forMs: 5_000 })
    await desk.call('blockQuota', { name: 'key', forMs: 1_000 })
    assert.equal(await acquire(), { granted: false, window: 'blocked', inMs: 5_000 })
    const [status] = (await desk.call('quotas', { names: ['key'] })).quotas
    assert.equal([status?.blockedUntil, status?.waitMs], [desk.world.now() + 5_000, 5_000])
    desk.world.advance(5_000)
    assert.equal(await acquire(), { granted: true })
    assert.is((await desk.call('quotas', { names: ['key'] })).quotas[0]?.blockedUntil, null)
  })

  test('settling gives unused amounts back and takes what was used beyond', async (desk) => {
    const tokens: QuotaWindow = { unit: 'tokens', limit: 100, per: minute }
    await desk.call('declareQuotas', { quotas: [quota([tokens])] })
    const acquire = (amount: number) => desk.call('acquireQuota', { name: 'key', amounts: { tokens: amount } })
    await acquire(100)
    await desk.call('settleQuota', { name: 'key', delta: { tokens: -60 } })
    assert.equal(await acquire(60), { granted: true })
    await desk.call('settleQuota', { name: 'key', delta: { tokens: 50 } })
    desk.world.advance(30_000)
    assert.is(((await acquire(1)) as { inMs: number }).inMs, 30_000)
  })

  test('the status tells what is used, of what, and when it is free again', async (desk) => {
    const day = requests(50, { calendar: 'day', timeZone: 'UTC' })
    await desk.call('declareQuotas', { quotas: [quota([requests(2), day])] })
    await desk.call('acquireQuota', { name: 'key', amounts: { requests: 2 } })
    const at = desk.world.now()
    desk.world.advance(15_000)
    const [status] = (await desk.call('quotas', { names: ['key'] })).quotas
    assert.equal(status, {
      name: 'key',
      windows: [
        { unit: 'requests', per: 'minute', limit: 2, used: 2, resetsAt: at + minute },
        { unit: 'requests', per: 'day UTC', limit: 50, used: 2, resetsAt: Date.UTC(2025, 5, 16) },
      ],
      waitMs: 45_000,
      blockedUntil: null,
    })
  })
}
