/** What tasks died of, and who fails, over real HTTP. Every answer is held against the OpenAPI document. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Drover } from '../../src/index.js'
import { items, open, worker } from '../support/system.js'
import { cleanUpServers, serveApi } from './support.js'

test.after.each(cleanUpServers)

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

test('errors come as groups, the most frequent first, with code, place, count and who met them', async () => {
  const api = await serveApi(await failing())
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
  const api = await serveApi(await failing())
  const counts = async (query: string): Promise<number> =>
    (await api.get(`/api/v1/errors${query}`)).body.items.reduce((sum: number, { count }: { count: number }) => sum + count, 0)
  assert.is(await counts('?dataset=data'), 10)
  assert.is(await counts('?annotator=1&domain=urgency'), 10)
  assert.is(await counts('?worker=annotator-2%2Furgency'), 0)
  assert.is(await counts('?dataset=calm'), 0)
})

test('whoever may only look sees errors, and without a token nobody does', async () => {
  const api = await serveApi(await failing(), { token, readToken })
  const get = async (given: string | null) =>
    (await api.get('/api/v1/errors', given === null ? {} : { authorization: `Bearer ${given}` })).status
  assert.equal(
    [await get(token), await get(readToken), await get(null), await get('a-token-that-is-not-the-right-one')],
    [200, 200, 401, 401],
  )
})

test('a worker whose attempts fail shows its last error and the share of them', async () => {
  const api = await serveApi(await failing())
  const { body } = await api.get(`/api/v1/workers/${encodeURIComponent('annotator-1/urgency')}`)
  assert.ok(body.errorRate > 0 && body.errorRate <= 1, String(body.errorRate))
  assert.ok(['E_LUCK', 'HOPELESS'].includes(body.lastError.code))
  assert.type(body.lastError.count, 'number')
  const { items: all } = (await api.get('/api/v1/workers')).body
  const calm = all.find(({ id }: { id: string }) => id === 'annotator-2/urgency')
  assert.equal([calm.lastError, calm.errorRate ?? 0], [null, 0])
})

test.run()
