import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { DroverError } from '../../src/errors.js'
import { isSpent, type QuotaAsk, QuotaClient, type QuotaLease } from '../../src/quotas/client.js'
import type { Amounts } from '../../src/store/contract/quotas.js'
import { openSqliteEngine } from '../../src/store/sqlite/engine.js'
import { machineMs } from '../../src/time/machine-clock.js'
import { clientOf } from '../store/support/direct-client.js'
import { hangMs } from '../support/hang.js'
import { thrownBy } from '../support/refused.js'
import { ScriptedStore, settled } from './support/scripted-store.js'

const wish = (more: Partial<QuotaAsk> = {}): QuotaAsk => ({
  choices: ['key'],
  amounts: {},
  priority: 0,
  patienceMs: Number.POSITIVE_INFINITY,
  timeoutMs: Number.POSITIVE_INFINITY,
  signal: null,
  ...more,
})

/** A client of a store whose answers the test gives; its clock stands at 0 until it is set. */
function scripted(worker?: string) {
  const store = new ScriptedStore()
  const clock = { now: 0 }
  const client = new QuotaClient({ store, client: 'c', host: 'h', now: () => clock.now, ...(worker !== undefined && { worker }) })
  return { store, clock, client }
}

async function leased(asked: Promise<unknown>): Promise<QuotaLease> {
  const answer = (await asked) as QuotaLease
  assert.not.ok(isSpent(answer as never), 'it is spent')
  return answer
}

test('a grant that comes too late is given back and asked for again, at its old place and under another number', async () => {
  const { store, clock, client } = scripted()
  const asked = client.ask(wish({ amounts: { tokens: 5 } }))
  clock.now = 1_001
  const first = store.grant({ inFlight: true, place: 42 })
  await settled()
  const again = store.calls.find(({ op }) => op === 'acquireQuota')?.request as typeof first
  assert.equal([first.place, again.place, again.ticket !== first.ticket], [null, 42, true])
  const back = store.calls.find(({ op }) => op === 'settleQuota')?.request
  assert.equal(back, {
    client: 'c',
    request: 1,
    settlements: [{ quota: 'key', delta: { requests: -1, tokens: -5 }, booked: { 'key requests/minute': 100 }, done: first.ticket }],
    usage: null,
  })
  store.calls.sort(({ op }) => (op === 'acquireQuota' ? -1 : 1))
  store.grant({ expiresAt: 1_001, inFlight: true })
  assert.equal((await leased(asked)).amounts, { requests: 1, tokens: 5 })
})

test('repeated requests are granted ahead, in growing blocks, without messages', async () => {
  const { store, client } = scripted()
  const sizes: number[] = []
  for (let taken = 0; taken < 100; taken++) {
    const asked = client.ask(wish())
    if (store.calls.length > 0) sizes.push(store.grant({ times: store.asked().times }).times)
    await leased(asked)
  }
  assert.equal(sizes, [1, 4, 16, 64, 256])
  assert.ok(client.take(['key'], {}))
  assert.is(client.take(['key'], { tokens: 1 }), null, 'another request is not of this block')
  assert.is(store.calls.length, 0)
  await Promise.all([client.flush(), settled().then(() => store.next('settleQuota').answer({}))])
})

test('a block that gets fewer than it asked for does not grow', async () => {
  const { store, client } = scripted()
  const sizes: number[] = []
  for (let taken = 0; taken < 6; taken++) {
    const asked = client.ask(wish())
    sizes.push(store.grant().times)
    await leased(asked)
  }
  assert.equal(sizes, [1, 4, 1, 4, 1, 4])
})

/** Has a block of four, of which one is used. */
async function withBlock(what: ReturnType<typeof scripted>): Promise<void> {
  const { store, client } = what
  for (const times of [1, 4]) {
    const asked = client.ask(wish())
    store.grant({ times, expiresAt: what.clock.now + 60_000 })
    await leased(asked)
  }
}

test('unused grants of a block are given back in time, and never used after that', async () => {
  const what = scripted()
  const { store, clock, client } = what
  await withBlock(what)
  assert.ok(client.take(['key'], {}))
  clock.now += 60_001
  assert.is(client.take(['key'], {}), null)
  await settled()
  const { request, answer } = store.next('settleQuota')
  assert.equal(request.settlements[0]?.delta, { requests: -2 })
  answer({})
  void client.ask(wish())
  assert.is(store.asked().times, 2, 'as many as were used of the one before')
})

test('a block expires by itself', async () => {
  const store = new ScriptedStore()
  const client = new QuotaClient({ store, client: 'c', host: 'h' })
  for (const times of [1, 4]) {
    const asked = client.ask(wish())
    store.grant({ times, expiresAt: machineMs() + 30 })
    await leased(asked)
  }
  for (const deadline = machineMs() + hangMs; store.calls.length === 0; await settled()) assert.ok(machineMs() < deadline, 'it is kept')
  assert.equal(store.next('settleQuota').request.settlements[0]?.delta, { requests: -3 })
})

test('a block goes back when the provider says to wait, when it refuses, when the key is retired, and at the end', async () => {
  for (const act of [
    (client: QuotaClient) => client.penalize('key', 1_000),
    (client: QuotaClient) => client.observe('key', [], 'refused'),
    (client: QuotaClient) => client.retire('key', 'refused'),
    (client: QuotaClient) => client.flush(),
  ]) {
    const what = scripted()
    await withBlock(what)
    void act(what.client)
    await settled()
    const back = what.store.calls.find(({ op }) => op === 'settleQuota')?.request as { settlements: { delta: Amounts }[] } | undefined
    assert.equal(back?.settlements[0]?.delta, { requests: -3 })
    assert.is(what.client.take(['key'], {}), null)
  }
})

test('a block of a quota within one that is to wait goes back too', async () => {
  const { store, client } = scripted()
  for (const times of [1, 4]) {
    const asked = client.ask(wish())
    store.grant({ times, booked: { 'key requests/minute': 1, 'group requests/minute': 1 } })
    await leased(asked)
  }
  void client.penalize('group', 1_000)
  assert.is(client.take(['key'], {}), null)
})

test('simultaneous requests wait for the requested block', async () => {
  const what = scripted()
  const { store, client, clock } = what
  await withBlock(what)
  for (let times = 0; times < 3; times++) client.take(['key'], {})
  const asked = Array.from({ length: 10 }, () => client.ask(wish()))
  assert.is(store.calls.length, 1)
  assert.is(store.grant({ times: 16, expiresAt: clock.now + 60_000 }).times, 16)
  await Promise.all(asked.map(leased))
  assert.is(store.calls.length, 0)
})

test('a request behind a late block joins the line itself, and ends by its time limit', async () => {
  const what = scripted()
  const { store, client } = what
  await withBlock(what)
  for (let times = 0; times < 3; times++) client.take(['key'], {})
  void client.ask(wish())
  const ending = new AbortController()
  const aborted = client.ask(wish({ signal: ending.signal }))
  const patient = client.ask(wish())
  ending.abort(new Error('enough'))
  assert.is((await thrownBy(aborted)).message, 'enough')
  for (const deadline = machineMs() + hangMs; store.calls.length < 2; await settled()) assert.ok(machineMs() < deadline, 'it waits on')
  assert.is(store.asked(1).times, 1)
  store.calls.splice(0, 1)
  store.grant()
  await leased(patient)
})

test('a cancelled request leaves the line, and gives back a grant that crosses with this', async () => {
  for (const how of ['timeout', 'abort'] as const) {
    const { store, client } = scripted()
    const ending = new AbortController()
    const asked = client.ask(how === 'timeout' ? wish({ timeoutMs: 5 }) : wish({ signal: ending.signal }))
    if (how === 'abort') ending.abort(new Error('enough'))
    const error = await thrownBy(asked)
    if (how === 'abort') assert.is(error.message, 'enough')
    else assert.equal([(error as DroverError).code, error.message], ['TIMEOUT', 'quota key granted nothing within 5 ms'])
    const [, cancel] = store.calls
    assert.is(cancel?.op, 'cancelQuota')
    const { ticket } = store.asked()
    assert.equal(cancel?.request, { client: 'c', ticket })
    store.grant({ inFlight: true })
    await settled()
    store.next('cancelQuota')
    const { settlements } = store.next('settleQuota').request
    assert.equal([settlements[0]?.delta, settlements[0]?.done], [{ requests: -1 }, ticket])
  }
})

test('a request cancelled while its late grant goes back asks no more', async () => {
  const store = new ScriptedStore()
  const ending = new AbortController()
  const now = (): number => {
    ending.abort(new Error('enough'))
    return 5_000
  }
  const asked = new QuotaClient({ store, client: 'c', host: 'h', now }).ask(wish({ signal: ending.signal }))
  store.grant()
  assert.is((await thrownBy(asked)).message, 'enough')
  await settled()
  assert.equal(
    store.calls.map(({ op }) => op),
    ['cancelQuota', 'settleQuota'],
  )
})

test('a request with an aborted signal is refused at once', async () => {
  const { store, client } = scripted()
  assert.is((await thrownBy(client.ask(wish({ signal: AbortSignal.abort(new Error('enough')) })))).message, 'enough')
  assert.is(store.calls.length, 0)
})

test('a timeout of years is none', async () => {
  const { store, client } = scripted()
  const asked = client.ask(wish({ timeoutMs: 1e12 }))
  await settled()
  store.grant()
  await leased(asked)
})

test('it tells what is spent for longer than it has patience, and hands on why the store refuses', async () => {
  const { store, client } = scripted()
  const spent = client.ask(wish({ patienceMs: 10 }))
  store.next('acquireQuota').answer({ granted: false, waiting: false, quota: 'group', window: 'requests/day UTC', inMs: 99 })
  assert.equal(await spent, { quota: 'group', window: 'requests/day UTC', inMs: 99 })
  const refused = client.ask(wish())
  store.next('acquireQuota').fail(new DroverError('QUOTA_RETIRED', 'retired'))
  assert.is(((await thrownBy(refused)) as DroverError).code, 'QUOTA_RETIRED')
})

/** Leases of 10 tokens each. */
async function leases(what: ReturnType<typeof scripted>, count: number): Promise<QuotaLease[]> {
  const all: QuotaLease[] = []
  while (all.length < count) {
    const asked = what.client.ask(wish({ amounts: { tokens: 10, requests: all.length + 1 } }))
    what.store.grant()
    all.push(await leased(asked))
  }
  return all
}

test('settlements are sent one request after the other, numbered, those that come meanwhile together', async () => {
  const what = scripted()
  const { store, client } = what
  const [a, b, c] = (await leases(what, 3)) as [QuotaLease, QuotaLease, QuotaLease]
  const done = [client.settle(a, { tokens: 4 })]
  await settled()
  done.push(client.settle(b, { tokens: 15 }), client.settle(c, { tokens: 10, outputTokens: 3 }))
  await settled()
  assert.is(store.calls.length, 1)
  const first = store.next('settleQuota')
  assert.equal([first.request.request, first.request.settlements.map(({ delta }) => delta)], [1, [{ tokens: -6 }]])
  first.answer({})
  await settled()
  const second = store.next('settleQuota')
  assert.equal([second.request.request, second.request.settlements.map(({ delta }) => delta)], [2, [{ tokens: 5 }, { outputTokens: 3 }]])
  second.answer({})
  await Promise.all(done)
})

test('the last word on a unit counts, other units stay, and what changes nothing needs no message', async () => {
  const what = scripted()
  const { store, client } = what
  const [a, b] = (await leases(what, 2)) as [QuotaLease, QuotaLease]
  await client.settle(a, { tokens: 10 })
  await client.settle({ quota: 'key', amounts: { tokens: 1 } }, { tokens: 0 })
  await settled()
  assert.is(store.calls.length, 0)
  const told: Amounts[] = []
  client.onSettled(b, (delta) => told.push(delta))
  const said = [{ tokens: 12 }, { tokens: 12, cost: 3 }, { tokens: 4 }, { cost: 1 }]
  const done = said.map((actual) => client.settle(b, actual))
  const deltas = [{ tokens: 2 }, { cost: 3 }, { tokens: -8 }, { cost: -2 }]
  await settled()
  const { request, answer } = store.next('settleQuota')
  assert.equal([request.settlements.map(({ delta }) => delta), told], [deltas, deltas])
  answer({})
  done.push(client.refund(b))
  await settled()
  const back = store.next('settleQuota')
  assert.equal(back.request.settlements[0]?.delta, { requests: -2, tokens: -4, cost: -1 })
  back.answer({})
  await Promise.all(done)
})

test('a lease is in flight until it is settled the first time', async () => {
  const { store, client } = scripted()
  const asked = client.ask(wish({ amounts: { tokens: 10 } }))
  const { ticket } = store.grant({ inFlight: true })
  const lease = await leased(asked)
  assert.ok(client.isInFlight(lease))
  void client.settle(lease, { tokens: 10 })
  void client.settle(lease, { tokens: 11 })
  await settled()
  const { settlements } = store.next('settleQuota').request
  assert.equal(
    settlements.map(({ delta, done }) => [delta, done]),
    [
      [{}, ticket],
      [{ tokens: 1 }, null],
    ],
  )
  assert.not.ok(client.isInFlight(lease))
})

test('invalid amounts are refused before anything is sent, and the lease can still be settled', async () => {
  const what = scripted()
  const { store, client } = what
  const [lease] = (await leases(what, 1)) as [QuotaLease]
  for (const amount of [Number.NaN, -1, Number.POSITIVE_INFINITY, '5' as never, 1e13]) {
    const error = await thrownBy(client.settle(lease, { cost: 1, tokens: amount }))
    const { code, message } = error as DroverError
    assert.equal([code, message.startsWith('actual.tokens must be a number, 0 to')], ['ARGUMENT_INVALID', true])
  }
  void client.settle(lease, { tokens: 0 })
  await settled()
  assert.equal(store.next('settleQuota').request.settlements[0]?.delta, { tokens: -10 })
})

/** Waits for the next call that the client makes by itself. */
async function called(store: ScriptedStore): Promise<void> {
  for (const deadline = machineMs() + hangMs; store.calls.length === 0; await settled())
    assert.ok(machineMs() < deadline, 'nothing is sent')
}

test('a settlement that the store could not take is sent again by itself, until it is taken', async () => {
  const what = scripted('w')
  const { store, client } = what
  const asked = client.ask(wish())
  const { ticket } = store.grant({ inFlight: true })
  const lease = await leased(asked)
  const first = thrownBy(client.settle(lease, {}))
  for (let times = 0; times < 2; times++) {
    await called(store)
    store.next('settleQuota').fail(new DroverError('STORE_FAILED', 'the disk is full'))
  }
  assert.is((await first).message, 'the disk is full')
  await called(store)
  const { request, answer } = store.next('settleQuota')
  assert.equal([request.request, request.settlements.map(({ done }) => done)], [3, [ticket]])
  answer({})
})

test('a settlement that the store never takes keeps no other back', async () => {
  const what = scripted()
  const { store, client } = what
  const [a, b] = (await leases(what, 2)) as [QuotaLease, QuotaLease]
  const done = [client.settle(a, { tokens: 4 }), client.settle(b, { tokens: 5 })]
  void Promise.allSettled(done)
  const never = new DroverError('QUOTA_INVALID', 'the store knows no quota key')
  await settled()
  store.next('settleQuota').fail(never)
  await settled()
  store.next('settleQuota').fail(never)
  await settled()
  const { request, answer } = store.next('settleQuota')
  assert.equal(request.settlements[0]?.delta, { tokens: -5 })
  answer({})
  await Promise.allSettled(done)
  await client.flush()
  assert.is(store.calls.length, 0)
})

test('a settlement that the store could not take goes with the next, under a new number', async () => {
  const what = scripted('w')
  const { store, client } = what
  const [a, b] = (await leases(what, 2)) as [QuotaLease, QuotaLease]
  client.used({ tokens: 3 })
  const failed = client.settle(a, { tokens: 4 })
  await settled()
  const first = store.next('settleQuota')
  assert.equal(first.request.usage, { worker: 'w', amounts: { tokens: 3 } })
  first.fail(new DroverError('STORE_FAILED', 'the disk is full'))
  assert.is((await thrownBy(failed)).message, 'the disk is full')
  client.used({ tokens: 2 })
  void client.settle(b, { tokens: 9 })
  await settled()
  const { request } = store.next('settleQuota')
  assert.equal([request.request, request.settlements.map(({ delta }) => delta.tokens)], [2, [-6, -1]])
  assert.equal(request.usage, { worker: 'w', amounts: { tokens: 5 } })
})

test('usage outside tasks is reported after a while, for a worker', async () => {
  const { store, client } = scripted('w')
  client.used({ tokens: 3 })
  client.used({ tokens: 4, requests: 1 })
  const flushed = client.flush()
  await settled()
  const { request, answer } = store.next('settleQuota')
  assert.equal([request.settlements, request.usage], [[], { worker: 'w', amounts: { tokens: 7, requests: 1 } }])
  answer({})
  await flushed
  assert.is(store.calls.length, 0)
})

test('with a real engine: whatever is taken, settled, given back late or dropped, the store counts what was used', async () => {
  const clock = { now: Date.UTC(2025, 5, 15, 12), late: 0 }
  const engine = openSqliteEngine({ file: ':memory:', durability: 'process', keepEvents: 1, now: () => clock.now, isGone: () => false })
  const client = new QuotaClient({ store: clientOf(engine), client: 'c', host: 'h', now: () => machineMs() + clock.late })
  const window = { unit: 'requests', limit: 1_000, per: 60_000, burst: null } as const
  engine.declareQuotas({ quotas: [{ name: 'key', windows: [window], concurrency: null, within: [], adapt: null }] })
  const held: QuotaLease[] = []
  for (let taken = 0; taken < 200; taken++) {
    const asked = client.ask(wish())
    // Every so often a grant, and what is left of the block before, comes too late.
    if (taken % 50 === 49) clock.late += 10_000
    await settled()
    if (taken % 50 === 49) clock.late -= 10_000
    held.push(await leased(asked))
  }
  for (const lease of held.splice(0, 50)) await client.settle(lease, { requests: 0 })
  for (const lease of held.splice(0, 10)) await client.settle(lease, { requests: 3 })
  await client.flush()
  const [status] = engine.quotas({ names: ['key'] }).quotas
  assert.equal([status?.windows[0]?.used, status?.granted], [170, 170])
  engine.close()
})

test.run()
