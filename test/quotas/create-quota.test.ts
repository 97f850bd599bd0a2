import { once } from 'node:events'
/** A quota by itself, with a real store thread and a real file. */
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createQuota, DroverError, QuotaError, type SharedQuota } from '../../src/index.js'
import { refused, thrownBy } from '../support/refused.js'
import { cleanUp, temporaryFolder } from '../support/system.js'

const opened: SharedQuota[] = []
type Options = Partial<Parameters<typeof createQuota>[0]>

async function open(options: Options = {}): Promise<SharedQuota> {
  return (await openFile(options)).quota
}

async function openFile(options: Options, file = join(temporaryFolder(), 'q.db')): Promise<{ quota: SharedQuota; file: string }> {
  const quota = await createQuota({ store: file, name: 'k', ...options } as Parameters<typeof createQuota>[0])
  opened.push(quota)
  return { quota, file }
}

test.after.each(async () => {
  await Promise.all(opened.splice(0).map((quota) => quota.close()))
  await cleanUp()
})

test('a grant is settled to the used amounts', async () => {
  const quota = await open({ requests: [{ limit: 600, per: 'minute' }], burst: 5, tokens: { limit: 1_000, per: 'hour' } })
  const lease = await quota.acquire({ tokens: 900 }, { timeoutMs: 60_000 })
  assert.equal([lease.quota, lease.amounts], ['k', { requests: 1, tokens: 900 }])
  await quota.settle(lease, { tokens: 100 })
  await quota.settle(lease, { tokens: 150 })
  assert.is((await quota.status()).windows[1]?.used, 150, 'the last word counts')
  await quota.refund(lease)
  await quota.refund(await quota.acquire({ tokens: 900 }))
  assert.is((await quota.status()).windows[1]?.used, 0)
})

test('tokens that an answer tells and a cost that is settled by hand both count, whichever comes first', async () => {
  const body = { usage: { prompt_tokens: 300, completion_tokens: 100, total_tokens: 400 } }
  for (const order of ['observe first', 'settle first']) {
    const quota = await open({
      tokens: { limit: 10_000, per: 'hour' },
      cost: { limit: 100, per: 'day', timeZone: 'UTC' },
      budget: { cost: 10 },
    })
    const used = async () => (await quota.status()).windows.map((window) => [window.unit, window.used])
    const lease = await quota.acquire({ tokens: 900 })
    if (order === 'observe first') await quota.observe({ body }, { lease })
    await quota.settle(lease, { cost: 4 })
    if (order === 'settle first') await quota.observe({ body }, { lease })
    const both = [
      ['tokens', 400],
      ['cost', 4],
      ['cost', 4],
    ]
    assert.equal(await used(), both, order)
    // What was settled on top can be corrected too.
    await quota.settle(lease, { cost: 1.5 })
    const corrected = both.map(([unit, amount]) => [unit, unit === 'cost' ? 1.5 : amount])
    assert.equal(await used(), corrected, order)
    await quota.close()
  }
})

test('a block is lifted by hand, and one of 570,000 years that an earlier version kept is none', async () => {
  const { file, quota } = await openFile({ requests: { limit: 10, per: 'minute' } })
  await quota.penalize({ retryAfterMs: 86_400_000 })
  const waiting = quota.acquire()
  assert.is((await quota.status()).waitsFor, 'blocked')
  await quota.unblock()
  await waiting
  assert.is((await quota.status()).blockedUntil, null)
  await quota.close()
  const db = new Database(file)
  db.prepare(`UPDATE quota SET record = json_set(record, '$.blockedUntil', 17985e12), version = version + 1`).run()
  db.close()
  const again = await openFile({ requests: { limit: 10, per: 'minute' } }, file)
  assert.is((await again.quota.status()).blockedUntil, null)
  await again.quota.acquire()
})

test('an invalid value fails only its own call, and never reaches the store', async () => {
  const quota = await open({ requests: { limit: 10, per: 'minute' }, tokens: { limit: 100, per: 'minute' } })
  const lease = await quota.acquire({ tokens: 1 })
  for (const value of ['1500', Number.NaN, Number.POSITIVE_INFINITY, -1, 1e15, new Date(), 5n, null, {}] as never[]) {
    const calls: [field: string, call: () => Promise<unknown>][] = [
      ['retryAfterMs', () => quota.penalize({ retryAfterMs: value })],
      ['amounts.tokens', () => quota.acquire({ tokens: value })],
      ['actual.tokens', () => quota.settle(lease, { tokens: value })],
      ['actual.cost', () => quota.settle(lease, { tokens: 3, cost: value })],
    ]
    for (const [field, call] of calls) {
      const { code, message } = await refused(call())
      assert.is(code, 'ARGUMENT_INVALID', `${field}: ${String(value)}`)
      assert.ok(message.startsWith(`${field} must be a number`) && message.includes(', got '), message)
    }
  }
  const others: [field: string, call: () => Promise<unknown>][] = [
    ['penalty', () => quota.penalize(undefined as never)],
    ['quota', () => quota.penalize({ retryAfterMs: 1, quota: 7 as never })],
    ['amounts', () => quota.acquire('5' as never)],
    ['timeoutMs', () => quota.acquire({}, { timeoutMs: '30' as never })],
    ['priority', () => quota.acquire({}, { priority: Number.NaN })],
    ['signal', () => quota.acquire({}, { signal: {} as never })],
    ['options', () => quota.acquire({}, null as never)],
    ['lease', () => quota.settle('lease' as never)],
    ['lease', () => quota.refund({} as never)],
    ['lease', () => quota.observe({}, { lease: 3 as never })],
  ]
  for (const [field, call] of others) {
    const { code, message } = await refused(call())
    assert.equal([code, message.split(' ')[0]], ['ARGUMENT_INVALID', field])
  }
  const { windows, blockedUntil, waiting } = await quota.status()
  assert.equal([windows.map(({ used }) => used), blockedUntil, waiting], [[1, 1], null, 0])
})

test('a request larger than a limit is a QuotaError at once', async () => {
  const quota = await open({ tokens: { limit: 100, per: 'minute' } })
  const error = await refused(quota.acquire({ tokens: 101 }))
  assert.ok(error instanceof QuotaError && error instanceof DroverError && QuotaError.is(error))
  assert.equal([error.name, error.code, error.details.limit], ['QuotaError', 'QUOTA_INVALID', 100])
})

test('a wait ends by timeout, by signal and by closing, and nothing is taken then', async () => {
  const quota = await open({ requests: { limit: 1, per: 'hour' } })
  await quota.acquire()
  const timedOut = await refused(quota.acquire({}, { timeoutMs: 30 }))
  assert.equal([timedOut.code, timedOut.message], ['TIMEOUT', 'quota k granted nothing within 30 ms'])
  const ending = new AbortController()
  const aborted = thrownBy(quota.acquire({}, { signal: ending.signal }))
  ending.abort(new Error('enough'))
  assert.is((await aborted).message, 'enough')
  assert.is((await quota.status()).waiting, 0)
  const waiting = refused(quota.acquire())
  await quota.close()
  assert.is((await waiting).code, 'CLOSED')
  assert.is((await refused(quota.acquire())).code, 'CLOSED')
})

test('limits are changed while a request waits', async () => {
  const quota = await open({ requests: { limit: 1, per: 'hour' } })
  await quota.acquire()
  const waiting = quota.acquire()
  await quota.set({ requests: { limit: 2, per: 'hour' } })
  await waiting
  assert.is((await quota.status()).windows[0]?.used, 2)
})

test('a key that the provider refuses is retired', async () => {
  const quota = await open({ requests: { limit: 100, per: 'hour' } })
  const lease = await quota.acquire()
  const seen = await quota.observe({ status: 401, body: { error: { code: 'invalid_api_key' } } }, { lease })
  assert.ok(seen.keyRejected)
  assert.is((await refused(quota.acquire())).code, 'QUOTA_RETIRED')
})

test('quotas that it is within are given along', async () => {
  const quotas = { project: { requests: { limit: 2, per: 'hour' as const } } }
  const quota = await open({ within: 'project', quotas })
  await quota.acquire()
  await quota.acquire()
  assert.is((await refused(quota.acquire({}, { timeoutMs: 20 }))).code, 'TIMEOUT')
})

test('used amounts are known to the next process that opens the file', async () => {
  const store = join(temporaryFolder(), 'q.db')
  const limits = { store, requests: { limit: 3, per: 'hour' as const } }
  const first = await open(limits)
  await first.acquire({ requests: 3 })
  await first.close()
  assert.is((await (await open(limits)).status()).windows[0]?.used, 3)
})

for (const [what, options, said] of [
  ['no limit', {}, /at least one limit/],
  ['a limit of nothing', { requests: { limit: 0, per: 'minute' } }, /requests\.limit: expected a number above 0, received 0/],
  ['a unit misspelt', { requests: { limit: 1, per: 'minutes' } }, /did you mean 'minute'/],
  ['no name', { name: '' }, /name must be the name of a quota/],
  ['a folder that is not there', { store: '/nowhere/at/all/q.db', requests: { limit: 1, per: 'hour' } }, /does not exist/],
] as const) {
  test(`${what} is refused with a clear error, and nothing is left open`, async () => {
    assert.match((await refused(open(options as never))).message, said)
  })
}

test('a request that another thread may not make is refused, and one without a number is ignored', async () => {
  const quota = await createQuota({ store: ':memory:', name: 'key', requests: [{ limit: 5, per: 'minute' }] })
  const { port } = quota.connect()
  port.postMessage('nonsense')
  port.postMessage({ id: 7, op: 'reset', request: { worker: 'a/x', host: 'h', data: true } })
  const [answer] = (await once(port, 'message')) as [{ id: number; ok: boolean; error: { code: string; message: string } }]
  port.close()
  await quota.close()
  assert.equal([answer.id, answer.ok, answer.error.code], [7, false, 'ARGUMENT_INVALID'])
  assert.is(answer.error.message, 'reset is not a request that a worker may make')
})

test.run()
