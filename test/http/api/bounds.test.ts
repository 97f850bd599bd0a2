/** The API takes all that the system takes: the longest keys and names, the largest numbers. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { longestKey, longestName, longestProfileMs, longestTimerMs } from '../../../src/bounds.js'
import type { Drover } from '../../../src/index.js'
import { refused } from '../../support/refused.js'
import { items, open, state, worker } from '../../support/system.js'
import { type Api, cleanUpServers, serveApi } from '../support.js'

test.after.each(cleanUpServers)

const long = (begin: string, length: number): string => begin.padEnd(length, 'x')
const annotator = long('', 98)
const domain = long('d', longestName - annotator.length - 1)
const id = `${annotator}/${domain}`
const dataset = long('data', longestName)
const keys = ['a', 'b', 'c'].map((begin) => long(begin, longestKey))
const [key = ''] = keys

/** One worker that did its three tasks; each name and key is as long as it may be. */
async function longNames(): Promise<{ api: Api; system: Drover }> {
  const system = await open({ workers: [worker(id, { dataset }), worker('last', { dataset, enabled: false })] })
  await system.load(
    dataset,
    items(3, (i) => ({ id: keys[i] })),
  )
  await system.start(id)
  await state(system, id, 'completed')
  return { api: await serveApi(system), system }
}

test('each list goes on to its last page, with keys and names of the greatest length', async () => {
  const { api, system } = await longNames()
  // Two results of each task are set aside.
  for (let time = 0; time < 2; time++) {
    await system.tasks.redo({ dataset })
    await system.start(id)
    await state(system, id, 'completed')
  }
  const task = `/api/v1/tasks/${dataset}/${key}`
  const lists: [path: string, filter: string, total: number][] = [
    ['/api/v1/workers', `dataset=${dataset}`, 2],
    ['/api/v1/tasks', `worker=${id}`, 3],
    ['/api/v1/tasks', `prefix=${key.slice(0, -1)}`, 2],
    ['/api/v1/tasks', 'search=x', 6],
    ['/api/v1/tasks', `search=${key}`, 2],
    ['/api/v1/tasks', `key=${key}`, 2],
    [`${task}/past-results`, `annotator=${annotator}&domain=${domain}`, 2],
    ['/api/v1/results/sample', `annotator=${annotator}&domain=${domain}`, 3],
    [
      '/api/v1/events',
      `worker=${id}&types=worker:state:changed`,
      (await system.events({ worker: id, types: ['worker:state:changed'] })).items.length,
    ],
  ]
  const paged = Object.entries(api.document.paths).filter(([, { get }]) => {
    const answer = get?.responses[200]?.content?.['application/json']?.schema
    const named = get?.parameters?.map(({ name }) => name) ?? []
    return answer && named.includes('after') && named.includes('limit')
  })
  const known = new Set([...lists.map(([path]) => path.replace(task, '/api/v1/tasks/{dataset}/{key}')), '/api/v1/logs'])
  assert.equal(
    paged.map(([path]) => path).filter((path) => !known.has(path) && !/^\/api\/v1\/workers\/\{id\}\/logs$/.test(path)),
    [],
    'no other list has pages',
  )
  for (const [path, filter, total] of lists) {
    let found = 0
    for (let next = ''; next !== null; ) {
      const asked = `${path}?${filter}&limit=1${next && `&after=${encodeURIComponent(next)}`}`
      const { status, body } = await api.get(asked)
      assert.is(status, 200, `${asked}: ${JSON.stringify(body)}`)
      found += body.items.length
      next = body.next
    }
    assert.is(found, total, `${path}?${filter}`)
  }
})

test('a key of the greatest length is shown, moved and given another priority', async () => {
  const { api, system } = await longNames()
  assert.is((await api.get(`/api/v1/tasks/${dataset}/${key}`)).body.key, key)
  const why = 'Not needed any more. '.repeat(100)
  for (const [path, body] of [
    ['/api/v1/tasks/redo', { keys, confirmation: 'CONFIRM' }],
    ['/api/v1/tasks/priority', { dataset, keys: [key], priority: 3 }],
    ['/api/v1/tasks/drop', { worker: id, keys: [key], why, confirmation: 'CONFIRM' }],
    ['/api/v1/tasks/redrive', { prefix: key }],
    // More than there are, of which these are some.
    ['/api/v1/tasks/count', { keys: [...keys, ...items(20_000).map((item) => item.id)], action: 'drop' }],
  ] as const) {
    const answer = await api.post(path, body)
    assert.is(answer.status, 200, JSON.stringify(answer.body))
    assert.ok(answer.body.count > 0, path)
  }
  assert.is((await system.tasks.get(dataset, key))?.key, key)
})

test('a number is taken up to the bound of the call, and refused beyond it with the bound', async () => {
  const { api, system } = await longNames()
  const most = Number.MAX_SAFE_INTEGER
  const control = { workers: [id] }
  const bounds: [
    what: string,
    largest: number,
    ask: (value: number | string) => ReturnType<Api['call']>,
    call?: (value: number) => Promise<unknown>,
  ][] = [
    [
      'drainMs',
      longestTimerMs,
      (drainMs) => api.post('/api/v1/control/stop', { ...control, drainMs }),
      (drainMs) => system.stop(id, { drainMs }),
    ],
    [
      'drainMs',
      longestTimerMs,
      (drainMs) => api.post('/api/v1/control/blacklist', { ...control, why: 'by hand', drainMs }),
      (drainMs) => system.blacklist(id, 'by hand', { drainMs }),
    ],
    // There is no thread: the worker is down.
    ['ms', longestProfileMs, (ms) => api.post('/api/v1/profiles', { worker: id, ms }), (ms) => system.profile(id, { ms })],
    ['after', most, (after) => api.get(`/api/v1/events?after=${after}`), (after) => system.events({ after })],
    ['after', most, (after) => api.get(`/api/v1/logs?after=${after}`)],
    ['after', most, (after) => api.get(`/api/v1/results/sample?after=${after}`)],
    ['items', most, (items) => api.get(`/api/v1/results/labels?items=${items}`), (items) => system.labels({ items })],
    [
      'drainMs',
      longestTimerMs,
      (drainMs) => api.call('DELETE', `/api/v1/workers/last?drainMs=${drainMs}`),
      (drainMs) => system.remove(id, { drainMs }),
    ],
  ]
  for (const [what, largest, ask, call] of bounds) {
    const { status, body } = await ask(largest + 1)
    assert.is(status, 400, JSON.stringify(body))
    assert.match(body.message, new RegExp(`^${what}: .*at most ${largest === longestProfileMs ? 'ten minutes' : largest}`))
    if (call) assert.match((await refused(call(largest + 1))).message, new RegExp(`^${what} must be a whole number`))
    const taken = await ask(largest)
    assert.ok(taken.status !== 400, `${what} ${largest}: ${JSON.stringify(taken.body)}`)
  }
})

test('a dataset that no worker could have is not loaded', async () => {
  const system = await open({ workers: [worker('a/x')] })
  assert.match((await refused(system.load(`${dataset}x`, items(1)))).message, /^the dataset must be a name of 1 to 200 characters/)
})

test.run()
