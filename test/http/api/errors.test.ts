/** What tasks died of, and who fails, over real HTTP. Every answer is held against the OpenAPI document. */
import { once } from 'node:events'
import { request } from 'node:http'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Drover } from '../../../src/index.js'
import { hangMs } from '../../support/hang.js'
import { items, open, quick, until, worker } from '../../support/system.js'
import { type Api, cleanUpServers, serveApi } from '../support.js'

test.after(cleanUpServers)

const secret = 'sk-0123456789abcdef0123456789abcdef'
const token = 'a-token-of-the-test-that-is-long'
const readToken = 'another-token-that-may-only-look'

/** Two annotators: the first fails each third item in one of two ways, the second none. */
async function failing(): Promise<Drover> {
  const system = await open({
    workers: [worker('annotator-1/urgency', { input: { apiKey: secret } }), worker('annotator-2/urgency', { dataset: 'calm' })],
    tasks: { maxAttempts: 1, breaker: false },
  })
  await system.load(
    'data',
    items(30, (i) => (i % 3 > 0 ? {} : { do: i % 2 > 0 ? 'throw' : 'give up' })),
  )
  await system.load('calm', items(5))
  await system.start()
  await system.done()
  return system
}

/** One for all tests that only look. */
const failed = failing()
const looking: Promise<Api> = failed.then((system) => serveApi(system))

test('errors come as groups, the most frequent first, with code, place, count and workers', async () => {
  const api = await looking
  const { body } = await api.get('/api/v1/errors')
  assert.is(body.next, null)
  assert.equal(
    body.items.map(({ code, count, workers }: { code: string; count: number; workers: string[] }) => [code, count, workers]).sort(),
    [
      ['E_LUCK', 5, ['annotator-1/urgency']],
      ['HOPELESS', 5, ['annotator-1/urgency']],
    ],
  )
  const luck = body.items.find(({ code }: { code: string }) => code === 'E_LUCK')
  assert.match(luck.where, /puppet\.worker\.ts:\d+:\d+$/)
  assert.match(luck.message, /^no luck with /)
  assert.not.match(JSON.stringify(body), new RegExp(secret))
  const again = await fetch(`${api.url}/api/v1/errors`)
  const unchanged = await fetch(`${api.url}/api/v1/errors`, { headers: { 'if-none-match': again.headers.get('etag') ?? '' } })
  assert.is(unchanged.status, 304)
})

test('errors are those of the lanes that are asked for', async () => {
  const api = await looking
  const counts = async (query: string): Promise<number> =>
    (await api.get(`/api/v1/errors${query}`)).body.items.reduce((sum: number, { count }: { count: number }) => sum + count, 0)
  assert.is(await counts('?dataset=data'), 10)
  assert.is(await counts('?annotator=1&domain=urgency'), 10)
  assert.is(await counts('?worker=annotator-2%2Furgency'), 0)
  assert.is(await counts('?dataset=calm'), 0)
})

test('a token for reading sees errors, and without a token there is no access', async () => {
  const api = await serveApi(await failed, { token, readToken })
  const get = async (given: string | null) =>
    (await api.get('/api/v1/errors', given === null ? {} : { authorization: `Bearer ${given}` })).status
  assert.equal(
    [await get(token), await get(readToken), await get(null), await get('a-token-that-is-not-the-right-one')],
    [200, 200, 401, 401],
  )
})

test('a worker whose attempts fail shows its last error and the share of them', async () => {
  const api = await looking
  const { body } = await api.get(`/api/v1/workers/${encodeURIComponent('annotator-1/urgency')}`)
  assert.ok(body.errorRate > 0 && body.errorRate <= 1, String(body.errorRate))
  assert.ok(['E_LUCK', 'HOPELESS'].includes(body.lastError.code))
  assert.type(body.lastError.count, 'number')
  const { body: old } = await api.get('/api/monitoring/workers')
  const shown = (old.workers ?? old).find(({ id }: { id: string }) => id === 'annotator-1/urgency')
  assert.is(shown.last_error, body.lastError.message)
  const { items: all } = (await api.get('/api/v1/workers')).body
  const calm = all.find(({ id }: { id: string }) => id === 'annotator-2/urgency')
  assert.equal([calm.lastError, calm.errorRate ?? 0], [null, 0])
})

test('an invalid query of errors is refused by name', async () => {
  const api = await looking
  for (const [query, path] of [
    ['anotator=1', 'anotator'],
    ['dataset=', 'dataset'],
    ['limit=3', 'limit'],
  ]) {
    const { status, body } = await api.get(`/api/v1/errors?${query}`)
    assert.equal([status, body.error, body.details.issues[0].path], [400, 'VALIDATION_FAILED', path], query)
  }
})

test('a second profile of a worker is refused with 409, and one more than there may be at a time with 429', async () => {
  const ids = [1, 2, 3, 4, 5].map((n) => `annotator-${n}/x`)
  const system = await open({
    workers: ids.map((id) => worker(id)),
    concurrency: 5,
    heartbeat: { ...quick, timeoutMs: hangMs, progressTimeoutMs: hangMs },
  })
  await system.load(
    'data',
    items(1, () => ({ do: 'sleep', ms: 60_000 })),
  )
  await system.start()
  await until(() => ids.every((id) => system.worker(id).status().state === 'running'), 'all run')
  let begun = 0
  const take = system.profile.bind(system)
  system.profile = (...asked) => {
    begun++
    return take(...asked)
  }
  const api = await serveApi(system)
  const profile = async (worker: string, ms: number): Promise<[number, string]> => {
    const { status, body } = await api.post('/api/v1/profiles', { worker, ms })
    return [status, body.error ?? '']
  }
  // Longer than anything that is asked meanwhile: they end with their threads.
  const taken = ids.slice(0, 4).map((id) => profile(id, 60_000))
  await until(() => begun === 4, 'four have begun')
  assert.equal(await profile(ids[4] as string, 10), [429, 'PROFILES_FULL'])
  assert.equal(await profile(ids[0] as string, 10), [409, 'PROFILE_RUNNING'])
  await system.stop(undefined, { drainMs: 0 })
  assert.equal(
    await Promise.all(taken),
    taken.map(() => [409, 'THREAD_GONE']),
  )
  await system.start()
  await until(() => ids.every((id) => system.worker(id).status().state === 'running'), 'all run again')
  assert.equal(
    await Promise.all(ids.slice(1).map((id) => profile(id, 10))),
    taken.map(() => [201, '']),
  )
})

test('reads of two hundred clients that have left are not made', async () => {
  const system = await open({
    workers: [worker('annotator-1/urgency', { concurrency: 10 }), worker('annotator-2/urgency', { concurrency: 10 })],
  })
  await system.load('data', items(50))
  await system.start()
  await system.done()
  let asked = 0
  let read = 0
  let readForNobody = 0
  let dropped = 0
  const labels = system.labels.bind(system)
  system.labels = async (query) => {
    // How many of the first half are read before their clients have gone is up to the machine.
    const early = ++asked <= 100
    const { signal } = query as { signal: AbortSignal }
    if (!early && !signal.aborted) await once(signal, 'abort')
    try {
      const report = await labels(query)
      read++
      if (!early) readForNobody++
      return report
    } catch (error) {
      dropped++
      throw error
    }
  }
  const api = await serveApi(system)
  const clients = Array.from({ length: 200 }, () => {
    const client = request(`${api.url}/api/v1/results/labels`, { agent: false })
    client.on('error', () => {})
    client.end()
    return client
  })
  await until(() => asked === 200, 'all have asked')
  for (const client of clients) client.destroy()
  assert.is((await api.get('/api/v1/tasks?limit=5')).status, 200)
  await until(() => read + dropped === 200, 'each has its end', hangMs)
  assert.equal([readForNobody, dropped >= 100], [0, true], `${read} read, ${dropped} dropped`)
  system.labels = labels
  assert.is((await api.get('/api/v1/results/labels')).status, 200)
})

test.run()
