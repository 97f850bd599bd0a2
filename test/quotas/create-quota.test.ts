/** A quota by itself, with a real store thread and a real file. */
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createQuota, DroverError, QuotaError, type SharedQuota } from '../../src/index.js'
import { cleanUp, temporaryFolder } from '../support/system.js'

const opened: SharedQuota[] = []
async function open(options: Partial<Parameters<typeof createQuota>[0]> = {}): Promise<SharedQuota> {
  const quota = await createQuota({ store: join(temporaryFolder(), 'q.db'), name: 'k', ...options } as Parameters<typeof createQuota>[0])
  opened.push(quota)
  return quota
}

test.after.each(async () => {
  await Promise.all(opened.splice(0).map((quota) => quota.close()))
  await cleanUp()
})

async function thrown(promise: Promise<unknown>): Promise<DroverError> {
  return promise.then(
    () => assert.unreachable('it did not throw') as never,
    (error: DroverError) => error,
  )
}

test('what is acquired is settled to what was used', async () => {
  const quota = await open({ requests: [{ limit: 600, per: 'minute' }], burst: 5, tokens: { limit: 1_000, per: 'hour' } })
  const lease = await quota.acquire({ tokens: 900 }, { timeoutMs: 60_000 })
  assert.equal([lease.quota, lease.amounts], ['k', { requests: 1, tokens: 900 }])
  await quota.settle(lease, { tokens: 100 })
  await quota.settle(lease, { tokens: 0 })
  assert.is((await quota.status()).windows[1]?.used, 100, 'only the first time counts')
  await quota.refund(await quota.acquire({ tokens: 900 }))
  assert.is((await quota.status()).windows[1]?.used, 100)
})

test('what is larger than a limit is a QuotaError at once', async () => {
  const quota = await open({ tokens: { limit: 100, per: 'minute' } })
  const error = await thrown(quota.acquire({ tokens: 101 }))
  assert.ok(error instanceof QuotaError && error instanceof DroverError && QuotaError.is(error))
  assert.equal([error.name, error.code, error.details.limit], ['QuotaError', 'QUOTA_INVALID', 100])
  assert.is((await thrown(quota.acquire({ tokens: -1 }))).code, 'QUOTA_INVALID')
})

test('a wait ends by timeout, by signal and by closing, and nothing is taken then', async () => {
  const quota = await open({ requests: { limit: 1, per: 'hour' } })
  await quota.acquire()
  const timedOut = await thrown(quota.acquire({}, { timeoutMs: 30 }))
  assert.equal([timedOut.code, timedOut.message], ['TIMEOUT', 'quota k granted nothing within 30 ms'])
  const ending = new AbortController()
  const aborted = thrown(quota.acquire({}, { signal: ending.signal }))
  ending.abort(new Error('enough'))
  assert.is((await aborted).message, 'enough')
  assert.is((await quota.status()).waiting, 0)
  const waiting = thrown(quota.acquire())
  await quota.close()
  assert.is((await waiting).code, 'CLOSED')
  assert.is((await thrown(quota.acquire())).code, 'CLOSED')
})

test('limits are changed while somebody waits', async () => {
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
  assert.is((await thrown(quota.acquire())).code, 'QUOTA_RETIRED')
})

test('quotas that it is within are given along', async () => {
  const quotas = { project: { requests: { limit: 2, per: 'hour' as const } } }
  const quota = await open({ within: 'project', quotas })
  await quota.acquire()
  await quota.acquire()
  assert.is((await thrown(quota.acquire({}, { timeoutMs: 20 }))).code, 'TIMEOUT')
})

test('what was used is known to whoever opens the file next', async () => {
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
    assert.match((await thrown(open(options as never))).message, said)
  })
}

test.run()
