/**
 * Every documented operation is called at random, with what it takes and with what it does not. No answer may be one that the document
 * does not describe, or say that drover failed; and the system does its work afterwards. `FUZZ_SEED` and `FUZZ_RUNS` choose another course.
 */
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { supervisor } from '../../src/index.js'
import { items, open, worker } from '../support/system.js'
import { type Call, Requests } from './fuzz-requests.js'
import { type Api, cleanUpServers, serveApi } from './support.js'

test.after.each(cleanUpServers)

const seed = Number(process.env.FUZZ_SEED ?? 20_260)
const runs = Number(process.env.FUZZ_RUNS ?? 12)
const atOnce = 8

/** An operation without end is left once its headers are there. */
async function callOf(api: Api, { method, path, body, headers }: Call): Promise<number> {
  if (!path.startsWith('/api/v1/events/stream')) return (await api.call(method, path, body, headers)).status
  const abort = new AbortController()
  const response = await fetch(`${api.url}${path}`, { headers, signal: abort.signal })
  const type = response.headers.get('content-type')?.split(';')[0] ?? ''
  api.check(method, path, response.status, type, type === 'application/json' ? await response.json() : '')
  abort.abort()
  return response.status
}

test('any request gets an answer that the document describes, and the system continues', async () => {
  const ids = ['annotator-1/urgency', 'annotator-2/urgency', 'annotator-1/tone']
  const system = await open({
    concurrency: 2,
    groups: { few: 1 },
    quotas: { 'key-1': { requests: { limit: 1_000, per: 'second' } }, steady: { requests: { limit: 1_000, per: 'second' } } },
    workers: [
      supervisor({ id: 'pair', children: [worker(ids[0] as string, { quota: 'key-1', group: 'few' }), worker(ids[1] as string)] }),
      worker(ids[2] as string, { quota: 'steady' }),
    ],
  })
  await system.load(
    'data',
    items(30, (i) => (i % 10 === 3 ? { do: 'give up' } : {})),
    { key: (item) => item.id },
  )
  const api = await serveApi(system)
  const requests = new Requests(api.document, [...ids, 'pair', 'key-1', 'data', 'item-3', 'item-4', '1', 'urgency', 'tone', 'nobody'])
  const calls = Object.entries(api.document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, operation]) => fc.sample(requests.of(method, path, operation), { seed, numRuns: runs })),
  )
  const order = fc.sample(fc.shuffledSubarray(calls, { minLength: calls.length }), { seed, numRuns: 1 })[0] as Call[]

  const statuses = new Map<number, number>()
  for (let from = 0; from < order.length; from += atOnce) {
    const some = order.slice(from, from + atOnce)
    const answered = await Promise.all(
      some.map((call) => callOf(api, call).catch((error: Error) => Promise.reject(new Error(`${error.message}\n${JSON.stringify(call)}`)))),
    )
    for (const [place, status] of answered.entries()) {
      // 501: what drover leaves to the application. Each answer is held against the document too.
      assert.ok(status < 500 || status === 501 || status === 504, `${status} for ${JSON.stringify(some[place])}`)
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    }
  }
  // Both good and bad input was tried.
  assert.ok((statuses.get(200) ?? 0) > order.length / 4 && (statuses.get(400) ?? 0) > order.length / 10, JSON.stringify([...statuses]))

  const all = { workers: ids }
  await api.post('/api/v1/control/stop', { ...all, drainMs: 0 })
  await api.post('/api/v1/control/reset', { ...all, data: true, confirmation: 'CONFIRM' })
  await api.post('/api/v1/targets', { selector: all, target: null })
  await api.call('PATCH', '/api/v1/settings', { concurrency: 2, groups: { few: 1 } })
  await api.post('/api/v1/control/start', { workers: [ids[1], ids[2]] })
  await system.load('data', items(40), { key: (item) => item.id, onConflict: 'keep' })
  await system.done()
  for (const id of [ids[1], ids[2]]) {
    const { progress, state } = (await api.get(`/api/v1/workers/${encodeURIComponent(id as string)}`)).body
    assert.equal([state, progress.done, progress.dead], ['completed', 37, 3], id)
  }
})

test.run()
