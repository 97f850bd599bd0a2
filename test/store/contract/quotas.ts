import * as assert from 'uvu/assert'
import type { QuotaAdaptation, QuotaSpec, QuotaStatus, QuotaWindow } from '../../../src/store/contract/quotas.js'
import { refused } from '../../support/refused.js'
import { Asker, granted, kept, look, standing } from '../support/asker.js'
import type { ContractTest } from '../support/contract.js'
import type { Desk } from '../support/desk.js'

const minute = 60_000
/** A grant of a minute's window may be used for so long, and counts until it would leave the window then. */
const slack = 250

const requests = (limit: number, per: QuotaWindow['per'] = minute, burst: number | null = null): QuotaWindow => ({
  unit: 'requests',
  limit,
  per,
  burst,
})
const tokens = (limit: number): QuotaWindow => ({ unit: 'tokens', limit, per: minute, burst: null })
const quota = (windows: QuotaWindow[], more: Partial<QuotaSpec> = {}): QuotaSpec => ({
  name: 'key',
  windows,
  concurrency: null,
  within: [],
  adapt: null,
  ...more,
})

/** Declares quotas, and has somebody who asks for `key`. */
async function begin(desk: Desk, ...quotas: QuotaSpec[]): Promise<Asker> {
  await desk.call('join', { host: desk.world.host(1) })
  await desk.call('declareQuotas', { quotas })
  return new Asker(desk, 'client')
}

async function statusOf(desk: Desk, name = 'key'): Promise<QuotaStatus> {
  return (await desk.call('quotas', { names: [name] })).quotas[0] as QuotaStatus
}

export function quotasContract(test: ContractTest): void {
  test('a strict window grants its limit and tells when the next is free', async (desk) => {
    const asker = await begin(desk, quota([requests(2)]))
    await granted(asker.try())
    desk.world.advance(10_000)
    await granted(asker.try())
    desk.world.advance(10_000)
    assert.equal(await asker.try(), { granted: false, waiting: false, quota: 'key', window: 'requests/minute', inMs: 40_000 + slack })
    desk.world.advance(40_000 + slack)
    await granted(asker.try())
    assert.equal(await kept(asker.try()), ['requests/minute', 10_000])
  })

  test('all windows grant or none does', async (desk) => {
    const asker = await begin(desk, quota([requests(10), tokens(100)]))
    await granted(asker.try({ tokens: 80 }))
    for (let times = 0; times < 5; times++) assert.equal(await kept(asker.try({ tokens: 30 })), ['tokens/minute', minute + slack])
    const { windows } = await statusOf(desk)
    assert.equal(
      windows.map(({ unit, used }) => [unit, used]),
      [
        ['requests', 1],
        ['tokens', 80],
      ],
    )
  })

  test('a quota and those that it is within grant together or not at all', async (desk) => {
    const group = quota([requests(3)], { name: 'group' })
    const keys = ['a', 'b'].map((name) => quota([requests(2)], { name, within: ['group'] }))
    const asker = await begin(desk, group, ...keys)
    await granted(asker.try({}, { choices: ['a'] }))
    await granted(asker.try({}, { choices: ['a'] }))
    assert.equal(await kept(asker.try({}, { choices: ['a'] })), ['requests/minute', minute + slack])
    await granted(asker.try({}, { choices: ['b'] }))
    const answer = await asker.try({}, { choices: ['b'] })
    assert.is(!answer.granted && answer.quota, 'group')
    assert.equal(
      [await statusOf(desk, 'a'), await statusOf(desk, 'b'), await statusOf(desk, 'group')].map(({ windows }) => windows[0]?.used),
      [2, 1, 3],
    )
  })

  test('what can never be granted is an error at once, and so is a quota that is not known', async (desk) => {
    const asker = await begin(desk, quota([tokens(100)]), quota([tokens(1_000)], { name: 'large' }))
    await refused(asker.try({ tokens: 101 }), 'QUOTA_INVALID')
    await refused(asker.ask({ tokens: 101 }).answer, 'QUOTA_INVALID')
    await refused(asker.try({ tokens: -1 }), 'QUOTA_INVALID')
    await refused(asker.try({ tokens: Number.NaN }), 'QUOTA_INVALID')
    await refused(asker.try({}, { choices: ['other'] }), 'QUOTA_INVALID')
    await refused(asker.try({}, { choices: [] }), 'QUOTA_INVALID')
    assert.is((await granted(asker.try({ tokens: 101 }, { choices: ['key', 'large'] }))).quota, 'large')
    await granted(asker.try({ tokens: 100 }))
  })

  test('a quota that cannot work is refused when it is declared, and nothing of the others is changed', async (desk) => {
    const declare = (...quotas: QuotaSpec[]) => desk.call('declareQuotas', { quotas })
    await refused(declare(quota([requests(0)])), 'QUOTA_INVALID')
    await refused(declare(quota([requests(5), requests(6)])), 'QUOTA_INVALID')
    await refused(declare(quota([requests(5, { calendar: 'day', timeZone: 'Mars/Olympus' })])), 'QUOTA_INVALID')
    await refused(declare(quota([], { within: ['nowhere'] })), 'QUOTA_INVALID')
    await refused(declare(quota([], { within: ['b'] }), quota([], { name: 'b', within: ['key'] })), 'QUOTA_INVALID')
    await refused(declare(quota([], { name: 'fine' }), quota([requests(0)])), 'QUOTA_INVALID')
    await refused(desk.call('quotas', { names: ['fine'] }), 'QUOTA_INVALID')
  })

  test('declaring again keeps what was used, also when the limit changes', async (desk) => {
    const asker = await begin(desk, quota([requests(5)]))
    await granted(asker.try({ requests: 4 }))
    await desk.call('declareQuotas', { quotas: [quota([requests(4)])] })
    assert.equal(await kept(asker.try()), ['requests/minute', minute + slack])
    assert.is((await statusOf(desk)).windows[0]?.limit, 4)
  })

  test('a limit that is raised lets those in line go at once, and one that is lowered refuses who could never go', async (desk) => {
    const asker = await begin(desk, quota([requests(5)]))
    await granted(asker.try({ requests: 5 }))
    const first = asker.ask({ requests: 3 })
    const second = asker.ask({ requests: 2 })
    await desk.call('declareQuotas', { quotas: [quota([requests(2)])] })
    await look(desk)
    assert.is(standing(first, second), 'failed waits')
    await refused(first.answer, 'QUOTA_INVALID')
    await desk.call('declareQuotas', { quotas: [quota([requests(7)])] })
    await look(desk)
    assert.is(standing(second), 'granted')
  })

  test('a bucket gives its burst at once and then fills at its rate', async (desk) => {
    const asker = await begin(desk, quota([requests(60, minute, 5)]))
    const acquire = (amount: number) => asker.try({ requests: amount })
    await granted(acquire(5))
    assert.equal(await kept(acquire(1)), ['requests/minute', 1_000 + slack])
    desk.world.advance(3_000 + slack)
    assert.equal(await kept(acquire(4)), ['requests/minute', 1_000])
    await granted(acquire(3))
    await refused(acquire(6), 'QUOTA_INVALID')
  })

  test('a calendar day begins at midnight of its time zone', async (desk) => {
    const zone = { calendar: 'day', timeZone: 'America/Los_Angeles' } as const
    const asker = await begin(desk, quota([requests(1, zone)]))
    // 23 hours long: clocks go forward at 2:00.
    desk.world.set(Date.parse('2025-03-09T00:30:00-08:00'))
    await granted(asker.try())
    assert.equal(await kept(asker.try()), ['requests/day America/Los_Angeles', 22.5 * 3_600_000])
    desk.world.set(Date.parse('2025-03-10T00:00:00-07:00') - 1)
    assert.equal(await kept(asker.try()), ['requests/day America/Los_Angeles', 1])
    desk.world.advance(1)
    await granted(asker.try())
  })

  test('a budget that is spent comes back only when somebody raises it', async (desk) => {
    const asker = await begin(desk, quota([requests(2, 'ever')]))
    await granted(asker.try({ requests: 2 }))
    assert.equal(await kept(asker.try()), ['requests/ever', Number.POSITIVE_INFINITY])
    const waiting = asker.ask()
    desk.world.advance(400 * 86_400_000)
    await desk.call('declareQuotas', { quotas: [quota([requests(3, 'ever')])] })
    await granted(waiting.answer)
  })

  test('those in line are granted in turn, as soon as there is room', async (desk) => {
    const asker = await begin(desk, quota([requests(2)]))
    await granted(asker.try({ requests: 2 }))
    const first = asker.ask()
    const second = new Asker(desk, 'another').ask()
    const third = asker.ask()
    await look(desk)
    assert.is(standing(first, second, third), 'waits waits waits')
    assert.is((await statusOf(desk)).waiting, 3)
    assert.equal((await kept(asker.try()))[0], 'requests/minute', 'whoever comes later has to wait longer')
    desk.world.advance(minute + slack)
    await look(desk)
    assert.is(standing(first, second, third), 'granted granted waits')
    desk.world.advance(minute + slack)
    await look(desk)
    assert.is(standing(third), 'granted')
  })

  test('whoever has a higher priority goes first, and an old place counts among equals', async (desk) => {
    const asker = await begin(desk, quota([requests(1)]))
    const { place } = await granted(asker.try())
    const usual = asker.ask()
    const urgent = asker.ask({}, { priority: 5 })
    const again = asker.ask({}, { place })
    await look(desk)
    for (const expected of ['waits granted waits', 'waits granted granted', 'granted granted granted']) {
      desk.world.advance(minute + slack)
      await look(desk)
      assert.is(standing(usual, urgent, again), expected)
    }
  })

  test('a heavy request is not passed over, and whoever is not in its way passes', async (desk) => {
    const group = quota([tokens(100)], { name: 'group' })
    const asker = await begin(desk, group, quota([requests(5)], { within: ['group'] }), quota([requests(5)], { name: 'free' }))
    await granted(asker.try({ tokens: 60 }))
    desk.world.advance(10_000)
    const heavy = asker.ask({ tokens: 90 })
    const light = asker.ask({ tokens: 20 })
    await granted(asker.try({ tokens: 20 }, { choices: ['free'] }))
    await look(desk)
    assert.is(standing(heavy, light), 'waits waits')
    desk.world.advance(50_000 + slack)
    await look(desk)
    assert.is(standing(heavy, light), 'granted waits')
  })

  test('who is kept back for hours by its own limit keeps nobody of its group waiting', async (desk) => {
    const day = requests(1, { calendar: 'day', timeZone: 'UTC' })
    const keys = [quota([day], { within: ['group'] }), quota([], { name: 'open', within: ['group'] })]
    const asker = await begin(desk, quota([requests(1)], { name: 'group' }), ...keys)
    await granted(asker.try())
    const blocked = Array.from({ length: 5 }, () => asker.ask())
    const next = asker.ask({}, { choices: ['open'] })
    await look(desk)
    assert.is(standing(next), 'waits')
    desk.world.advance(minute + slack)
    await look(desk)
    assert.is(standing(...blocked, next), 'waits waits waits waits waits granted')
  })

  test('who leaves the line is answered as not granted, and those behind move up', async (desk) => {
    const asker = await begin(desk, quota([requests(1)]))
    await granted(asker.try())
    const first = asker.ask()
    const second = asker.ask()
    await desk.call('cancelQuota', { client: asker.client, ticket: first.ticket })
    await desk.call('cancelQuota', { client: asker.client, ticket: first.ticket })
    await look(desk)
    assert.is(standing(first, second), 'refused waits')
    desk.world.advance(minute + slack)
    await look(desk)
    assert.is(standing(second), 'granted')
  })

  test('a request that is repeated keeps its place, and takes nothing twice', async (desk) => {
    const asker = await begin(desk, quota([requests(5)], { concurrency: 2 }))
    const first = await granted(asker.try({ requests: 4 }, { ticket: 1 }))
    for (const wait of [true, false]) {
      assert.equal(await granted(desk.call('acquireQuota', asker.request({ requests: 4 }, { ticket: 1, wait }))), first)
    }
    const { windows, inFlight, granted: count } = await statusOf(desk)
    assert.equal([windows[0]?.used, inFlight, count], [4, 1, 4])
    const waiting = asker.ask({ requests: 2 }, { ticket: 2 })
    const behind = asker.ask({ requests: 4 }, { ticket: 3 })
    const repeated = asker.ask({ requests: 2 }, { ticket: 2 })
    assert.is((await statusOf(desk)).waiting, 2)
    desk.world.advance(minute + slack)
    await look(desk)
    assert.is(standing(repeated, behind), 'granted waits')
    void waiting
  })

  test('no more are in flight than may be, until one is settled', async (desk) => {
    const asker = await begin(desk, quota([], { concurrency: 2 }), quota([], { name: 'part', concurrency: 5, within: ['key'] }))
    const first = asker.ask()
    const second = asker.ask({}, { choices: ['part'] })
    const third = asker.ask()
    await look(desk)
    assert.is(standing(first, second, third), 'granted granted waits')
    assert.equal((await granted(first.answer)).inFlight, true)
    assert.equal((await kept(asker.try()))[0], 'in flight')
    assert.equal([(await statusOf(desk)).inFlight, (await statusOf(desk, 'part')).inFlight], [2, 1])
    const grant = await granted(second.answer)
    await asker.settle(grant, {}, { done: second.ticket })
    await asker.settle(grant, {}, { done: second.ticket })
    await look(desk)
    assert.is(standing(third), 'granted')
    assert.equal([(await statusOf(desk)).inFlight, (await statusOf(desk, 'part')).inFlight], [2, 0])
  })

  test('a client that leaves stands in no line and has nothing in flight; what it took counts', async (desk) => {
    const asker = await begin(desk, quota([requests(5)], { concurrency: 1 }))
    const other = new Asker(desk, 'other')
    await granted(asker.try())
    const gone = asker.ask()
    const next = other.ask()
    await desk.call('leaveQuotas', { client: asker.client })
    await desk.call('leaveQuotas', { client: asker.client })
    await look(desk)
    assert.is(standing(gone, next), 'refused granted')
    const { windows, inFlight } = await statusOf(desk)
    assert.equal([windows[0]?.used, inFlight], [2, 1])
  })

  test('a host that is gone or leaves stands in no line and has nothing in flight', async (desk) => {
    for (const how of ['gone', 'leave'] as const) {
      const asker = await begin(desk, quota([], { concurrency: 1 }))
      const foreign = new Asker(desk, `of another, ${how}`, { host: 'host-2' })
      await desk.call('join', { host: desk.world.host(2) })
      await granted(foreign.try())
      const waiting = foreign.ask()
      const next = asker.ask()
      if (how === 'leave') await desk.call('leave', { host: 'host-2' })
      else {
        desk.world.fate(desk.world.host(2), 'gone')
        await desk.call('sweep', { host: 'host-1' })
        desk.world.fate(desk.world.host(2), 'alive')
      }
      await look(desk)
      assert.is(standing(waiting, next), 'refused granted', how)
      await asker.settle(await granted(next.answer), {}, { done: next.ticket })
    }
  })

  test('a worker that is freed has nothing in flight', async (desk) => {
    await desk.begin()
    const asker = await begin(desk, quota([], { concurrency: 1 }))
    const hold = await desk.acquire()
    await granted(new Asker(desk, `${hold.worker}#${hold.fence}`).try())
    const next = asker.ask()
    await desk.call('free', { worker: hold.worker, fence: hold.fence })
    await look(desk)
    assert.is(standing(next), 'granted')
  })

  test('a worker that its own host takes anew has nothing in flight from before', async (desk) => {
    await desk.begin()
    const asker = await begin(desk, quota([], { concurrency: 1 }))
    const hold = await desk.acquire()
    await granted(new Asker(desk, `${hold.worker}#${hold.fence}`).try())
    const next = asker.ask()
    await desk.acquire()
    await look(desk)
    assert.is(standing(next), 'granted')
  })

  test('of several the first that can go is taken, and who waits gets what is free first', async (desk) => {
    const asker = await begin(desk, quota([requests(1)]), quota([requests(1)], { name: 'second' }))
    const choices = ['key', 'second']
    assert.is((await granted(asker.try({}, { choices }))).quota, 'key')
    desk.world.advance(1_000)
    assert.is((await granted(asker.try({}, { choices }))).quota, 'second')
    const waiting = asker.ask({}, { choices })
    assert.equal(await kept(asker.try({}, { choices: ['key'] })), ['requests/minute', 2 * minute + slack - 1_000])
    desk.world.advance(minute + slack - 1_000)
    await look(desk)
    assert.is((await granted(waiting.answer)).quota, 'key')
  })

  test('of several that can go the healthiest is taken, and none that is retired', async (desk) => {
    const asker = await begin(desk, quota([requests(9)]), quota([requests(9)], { name: 'second' }))
    const choices = ['key', 'second']
    const taken = async () => (await granted(asker.try({}, { choices }))).quota
    await desk.call('observeQuota', { name: 'key', readings: [], outcome: 'failed' })
    assert.is((await statusOf(desk)).health, 0.8)
    assert.is(await taken(), 'second')
    assert.equal(await desk.call('retireQuota', { name: 'second', reason: 'the key is refused' }), { changed: true })
    assert.equal(await desk.call('retireQuota', { name: 'second', reason: 'once more' }), { changed: false })
    assert.equal((await statusOf(desk, 'second')).retired, { reason: 'the key is refused', at: desk.world.now() })
    assert.is(await taken(), 'key')
    const error = await refused(asker.try({}, { choices: ['second'] }), 'QUOTA_RETIRED')
    assert.match(error.message, 'the key is refused')
    assert.equal(await desk.call('retireQuota', { name: 'second', reason: null }), { changed: true })
    assert.is(await taken(), 'second')
  })

  test('who stands in line for a key that is retired is told', async (desk) => {
    const asker = await begin(desk, quota([requests(1)]))
    await granted(asker.try())
    const waiting = asker.ask()
    await desk.call('retireQuota', { name: 'key', reason: 'gone' })
    await refused(waiting.answer, 'QUOTA_RETIRED')
    assert.is((await statusOf(desk)).waiting, 0)
  })

  test('a block stops every grant, is never shortened, and ends', async (desk) => {
    const asker = await begin(desk, quota([requests(100)]))
    await desk.call('blockQuota', { name: 'key', forMs: 5_000 })
    await desk.call('blockQuota', { name: 'key', forMs: 1_000 })
    assert.equal(await kept(asker.try()), ['blocked', 5_000])
    const { blockedUntil, waitMs, waitsFor } = await statusOf(desk)
    assert.equal([blockedUntil, waitMs, waitsFor], [desk.world.now() + 5_000, 5_000, 'blocked'])
    desk.world.advance(5_000)
    await granted(asker.try())
    assert.is((await statusOf(desk)).blockedUntil, null)
    await refused(desk.call('blockQuota', { name: 'key', forMs: Number.NaN }), 'QUOTA_INVALID')
  })

  test('a block of one key keeps nobody of its group waiting who stands behind it', async (desk) => {
    const keys = ['key', 'other'].map((name) => quota([], { name, within: ['group'] }))
    const asker = await begin(desk, quota([requests(1)], { name: 'group', concurrency: 1 }), ...keys)
    const first = await granted(asker.try({}, { ticket: 100 }))
    const blocked = asker.ask()
    // So close to its turn that its place is set aside.
    desk.world.advance(minute + slack - 500)
    await look(desk)
    const next = asker.ask({}, { choices: ['other'] })
    await desk.call('blockQuota', { name: 'key', forMs: 3_600_000 })
    await asker.settle(first, {}, { done: 100 })
    desk.world.advance(500)
    await look(desk)
    assert.is(standing(blocked, next), 'waits granted')
  })

  test('who is kept back for longer than it has patience is told instead', async (desk) => {
    const asker = await begin(desk, quota([requests(1)]))
    await granted(asker.try())
    assert.equal(await asker.ask({}, { patienceMs: 5_000 }).answer, {
      granted: false,
      waiting: false,
      quota: 'key',
      window: 'requests/minute',
      inMs: minute + slack,
    })
    const patient = asker.ask({}, { patienceMs: minute + slack })
    const behind = asker.ask({}, { patienceMs: minute + slack })
    await look(desk)
    assert.is(standing(patient, behind), 'waits waits', 'those ahead in line count as the own limit')
    await desk.call('blockQuota', { name: 'key', forMs: 3 * minute })
    await look(desk)
    assert.is(standing(patient, behind), 'refused refused')
  })

  test('several are granted at once if nobody else wants them and there is plenty', async (desk) => {
    const far = quota([requests(1, { calendar: 'day', timeZone: 'UTC' })], { name: 'far' })
    const asker = await begin(desk, quota([requests(40)]), far)
    await granted(asker.try({}, { choices: ['far'] }))
    const elsewhere = asker.ask({}, { choices: ['far'] })
    await look(desk)
    const grant = await granted(asker.try({}, { times: 100 }))
    assert.is(grant.times, 10, 'a quarter of what there is')
    assert.is((await granted(asker.try({}, { times: 5 }))).times, 5)
    assert.is((await statusOf(desk)).windows[0]?.used, 15)
    const waiting = asker.ask({ requests: 30 })
    assert.is((await granted(asker.try({}, { times: 5, priority: 1 }))).times, 1)
    await look(desk)
    assert.is(standing(elsewhere, waiting), 'waits waits')
  })

  test('settling gives unused amounts back and takes what was used beyond', async (desk) => {
    const asker = await begin(desk, quota([tokens(100)]))
    const grant = await granted(asker.try({ tokens: 100 }))
    await asker.settle(grant, { tokens: -60 })
    await granted(asker.try({ tokens: 60 }))
    await asker.settle(grant, { tokens: 50 })
    desk.world.advance(30_000)
    assert.equal(await kept(asker.try({ tokens: 1 })), ['tokens/minute', 30_000 + slack])
  })

  test('a settlement that is repeated counts once, and one that cannot be done changes nothing', async (desk) => {
    const asker = await begin(desk, quota([tokens(100)]))
    const grant = await granted(asker.try({ tokens: 100 }))
    for (let times = 0; times < 3; times++) await asker.settle(grant, { tokens: -10 }, { request: 7 })
    await asker.settle(grant, { tokens: -10 }, { request: 6 })
    const used = async () => (await statusOf(desk)).windows[0]?.used
    assert.is(await used(), 90)
    const settlement = { quota: 'key', delta: { tokens: -10 }, booked: grant.booked, done: null }
    const impossible = [settlement, { ...settlement, delta: { tokens: Number.NaN } }]
    const settle = { client: asker.client, request: 8, settlements: impossible, usage: null }
    await refused(desk.call('settleQuota', settle), 'QUOTA_INVALID')
    assert.is(await used(), 90)
    await desk.call('settleQuota', { ...settle, settlements: [settlement] })
    assert.is(await used(), 80)
  })

  test('a window that came later takes nothing back that was granted before', async (desk) => {
    const asker = await begin(desk, quota([requests(5)]))
    const grant = await granted(asker.try({ requests: 5 }))
    const day = requests(10, { calendar: 'day', timeZone: 'UTC' })
    await desk.call('declareQuotas', { quotas: [quota([requests(50), day])] })
    await granted(asker.try({ requests: 10 }))
    await asker.settle(grant, { requests: -5 })
    assert.equal(
      (await statusOf(desk)).windows.map(({ used }) => used),
      [10, 10],
    )
  })

  test('what a provider says is left tightens the window that it means', async (desk) => {
    const asker = await begin(desk, quota([requests(100), requests(500, { calendar: 'day', timeZone: 'UTC' })]))
    const reading = { unit: 'requests', limit: 100, resetsInMs: 20_000 }
    const observe = (remaining: number, per: number | 'day' | null) =>
      desk.call('observeQuota', { name: 'key', readings: [{ ...reading, remaining, per }], outcome: 'ok' })
    await observe(3, null)
    await observe(50, minute)
    await observe(40, 'day')
    const { windows } = await statusOf(desk)
    assert.equal(
      windows.map(({ used }) => used),
      [97, 460],
    )
    assert.equal(await kept(asker.try({ requests: 4 })), ['requests/minute', 20_000])
  })

  test('a quota that adapts goes slower after a refusal, not slower still for those of the same cause, and comes back', async (desk) => {
    const adapt: QuotaAdaptation = { decrease: 0.5, increasePerMinute: 0.1, least: 0.2 }
    await begin(desk, quota([requests(100)], { adapt }))
    const refuse = () => desk.call('observeQuota', { name: 'key', readings: [], outcome: 'refused' })
    await refuse()
    await refuse()
    const slow = await statusOf(desk)
    assert.equal([slow.pace, slow.windows[0]?.limit], [0.5, 50])
    desk.world.advance(2 * minute)
    assert.ok(Math.abs((await statusOf(desk)).pace - 0.7) < 1e-9)
    for (let times = 0; times < 4; times++) {
      await refuse()
      desk.world.advance(6_000)
    }
    assert.ok((await statusOf(desk)).pace >= 0.2)
    desk.world.advance(20 * minute)
    assert.is((await statusOf(desk)).pace, 1)
  })

  test('its history has a point every ten seconds in which something changed', async (desk) => {
    const asker = await begin(desk, quota([requests(10)]))
    const from = desk.world.now()
    for (let step = 0; step < 8; step++) {
      desk.world.advance(5_000)
      await granted(asker.try())
    }
    desk.world.advance(50_000)
    await look(desk)
    const { samples } = await desk.call('quotaHistory', { name: 'key', since: from + 1 })
    assert.equal(
      samples.map(({ at, granted: count }) => [at - from, count]),
      [
        [10_000, 2],
        [20_000, 4],
        [30_000, 6],
        [40_000, 8],
      ],
    )
    assert.equal(samples[0]?.used, { 'requests/minute': 2 })
    assert.is((await desk.call('quotaHistory', { name: 'key', since: from + 35_000 })).samples.length, 1)
  })

  test('the status tells what is used, of what, and when it is free again', async (desk) => {
    const asker = await begin(desk, quota([requests(2), requests(50, { calendar: 'day', timeZone: 'UTC' })]))
    await granted(asker.try({ requests: 2 }))
    const at = desk.world.now()
    desk.world.advance(15_000)
    assert.equal(await statusOf(desk), {
      name: 'key',
      windows: [
        { unit: 'requests', per: 'minute', limit: 2, burst: null, used: 2, resetsAt: at + minute + slack },
        { unit: 'requests', per: 'day UTC', limit: 50, burst: null, used: 2, resetsAt: Date.UTC(2025, 5, 16) },
      ],
      within: [],
      waitMs: 45_000 + slack,
      waitsFor: 'requests/minute',
      blockedUntil: null,
      inFlight: 0,
      concurrency: null,
      waiting: 0,
      retired: null,
      health: 1,
      pace: 1,
      granted: 2,
      backlogAt: null,
    })
  })

  test('it says when what is left to do could be done', async (desk) => {
    const midnight = Date.UTC(2025, 5, 16)
    await begin(desk, quota([requests(10), requests(100, { calendar: 'day', timeZone: 'UTC' })]))
    const at = async (tasks: number, amounts = {}) =>
      (await desk.call('quotas', { names: ['key'], backlogs: { key: { tasks, amounts } } })).quotas[0]?.backlogAt
    assert.is(await at(10), desk.world.now())
    assert.is(await at(40), desk.world.now() + 3 * minute)
    assert.is(await at(110), midnight)
    assert.is(await at(140), midnight + 3 * minute)
    assert.is(await at(55, { requests: 2 }), midnight)
    await desk.call('declareQuotas', { quotas: [quota([requests(30, 'ever')])] })
    assert.equal([await at(30), await at(31)], [desk.world.now(), null])
  })
}
