/** What can be done under /api/v1. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ControlOutcome } from '../../../src/drover/reports.js'
import { supervisor } from '../../../src/index.js'
import { readToken, token } from '../../support/status.js'
import { event, items, open, state, worker } from '../../support/system.js'
import { type Api, cleanUpServers, serveApi } from '../support.js'

test.after.each(cleanUpServers)

const ids = ['annotator-1/tone', 'annotator-1/urgency', 'annotator-2/urgency'] as const
const [tone, urgency1, urgency2] = ids

/** Three workers, two of them below a supervisor, with tasks that take as long as one likes. */
async function sleeping(): Promise<{ api: Api; system: Awaited<ReturnType<typeof open>> }> {
  const system = await open({
    groups: { few: 2 },
    workers: [worker(tone, { group: 'few' }), supervisor({ id: 'pair', children: [worker(urgency1), worker(urgency2)] })],
  })
  await system.load(
    'data',
    items(10, () => ({ do: 'sleep', ms: 60_000 })),
    { key: (item) => item.id },
  )
  return { api: await serveApi(system), system }
}

const workersOf = (outcomes: ControlOutcome[]): string[] => outcomes.map(({ worker }) => worker)

test('exactly the workers that were chosen are started, paused, resumed, restarted and stopped', async () => {
  const { api, system } = await sleeping()
  const { body: started } = await api.post('/api/v1/control/start', { workers: [urgency2, tone] })
  assert.equal(workersOf(started), [tone, urgency2])
  await Promise.all([state(system, tone, 'running'), state(system, urgency2, 'running')])
  assert.is(system.worker(urgency1).status().state, 'idle')

  assert.equal(workersOf((await api.post('/api/v1/control/pause', { supervisor: 'pair', state: 'running' })).body), [urgency2])
  await state(system, urgency2, 'paused')
  assert.equal(workersOf((await api.post('/api/v1/control/resume', { state: 'paused' })).body), [urgency2])
  await state(system, urgency2, 'running')

  const before = system.worker(tone).status().threadId
  assert.ok((await api.post('/api/v1/control/restart', { annotator: 1, domain: 'tone', drainMs: 0 })).body[0].ok)
  await state(system, tone, 'running')
  assert.is.not(system.worker(tone).status().threadId, before)

  const { body: stopped } = await api.post('/api/v1/control/stop', { drainMs: 0 })
  assert.equal(workersOf(stopped), [...ids])
  assert.equal(system.worker(tone).status().state, 'stopped')
})

test('nothing is done where one that is named does not exist', async () => {
  const { api, system } = await sleeping()
  for (const body of [
    { workers: [tone, 'annotator-9/none'] },
    { supervisor: 'none' },
    { annotator: '9' },
    { domain: 'none', state: 'idle' },
  ]) {
    const answer = await api.post('/api/v1/control/start', body)
    assert.equal([answer.status, answer.body.error], [404, 'WORKER_UNKNOWN'], JSON.stringify(body))
  }
  assert.equal(system.status().states, { idle: 3 })
})

test('a state without workers selects no worker', async () => {
  const { api } = await sleeping()
  assert.equal((await api.post('/api/v1/control/stop', { state: 'running' })).body, [])
})

test('an invalid body is refused, and selects no worker', async () => {
  const { api, system } = await sleeping()
  for (const body of [
    '',
    '{',
    '[]',
    'null',
    '"x"',
    { worker: tone },
    { workers: [] },
    { workers: tone },
    { annotator: null },
    '{"__proto__":{"a":1}}',
  ]) {
    const answer = await api.post('/api/v1/control/start', body)
    assert.is(answer.status, 400, JSON.stringify(body))
  }
  const named = await api.post('/api/v1/control/start', { wrokers: [tone] })
  assert.equal(named.body.details.issues, [{ path: 'wrokers', message: 'not known here' }])
  const answer = await api.call('POST', '/api/v1/control/start', JSON.stringify({ workers: [tone] }), { 'content-type': 'text/plain' })
  assert.is(answer.status, 415)
  assert.equal(system.status().states, { idle: 3 })
})

test('more workers than slots are refused as a whole', async () => {
  const system = await open({ concurrency: 1, onFull: 'reject', workers: [worker(urgency1), worker(urgency2)] })
  const api = await serveApi(system)
  const { status, body } = await api.post('/api/v1/control/start', { workers: [urgency1, urgency2] })
  assert.equal([status, body.error], [409, 'SLOTS_FULL'])
  assert.equal(system.status().states, { idle: 2 })
})

test('a worker is blacklisted with a reason, and reset', async () => {
  const { api } = await sleeping()
  assert.is((await api.post('/api/v1/control/blacklist', { workers: [tone] })).status, 400)
  assert.ok((await api.post('/api/v1/control/blacklist', { workers: [tone], why: 'wrong key' })).body[0].ok)
  assert.is((await api.get('/api/v1/blacklist')).body.items[0].reason, 'wrong key')
  const [outcome] = (await api.post('/api/v1/control/reset', { workers: [tone] })).body
  assert.equal([outcome.ok, outcome.deleted], [true, { results: 0, dead: 0 }])
})

test('data are deleted, and tasks dropped, only with the word of confirmation', async () => {
  const system = await open({ workers: [worker(tone)] })
  await system.load('data', items(3), { key: (item) => item.id })
  await system.start()
  await system.done()
  const api = await serveApi(system)
  for (const confirmation of [undefined, 'confirm', '']) {
    const refused = await api.post('/api/v1/control/reset', { data: true, confirmation })
    assert.equal([refused.status, refused.body.error], [400, 'CONFIRMATION_REQUIRED'])
    assert.is((await api.post('/api/v1/tasks/drop', { confirmation })).body.error, 'CONFIRMATION_REQUIRED')
  }
  assert.is(system.status().done, 3)
  const [outcome] = (await api.post('/api/v1/control/reset', { data: true, confirmation: 'CONFIRM' })).body
  assert.equal(outcome.deleted, { results: 3, dead: 0 })
})

test('tasks are dropped, brought back, made due and given another priority', async () => {
  const { api } = await sleeping()
  const lane = { dataset: 'data', annotator: '1', domain: 'tone' }
  const drop = { ...lane, keys: ['item-1', 'item-2'], why: 'no message', confirmation: 'CONFIRM' }
  assert.equal((await api.post('/api/v1/tasks/drop', drop)).body, { count: 2 })
  const { items: dead } = (await api.get('/api/v1/tasks?state=dead&kind=dropped')).body
  assert.equal([dead.length, dead[0].error.message], [2, 'no message'])
  assert.equal((await api.post('/api/v1/tasks/redrive', { ...lane, keys: ['item-1'] })).body, { count: 1 })
  assert.equal((await api.post('/api/v1/tasks/retry', lane)).body, { count: 0 })
  assert.equal((await api.post('/api/v1/tasks/priority', { ...lane, keys: ['item-5'], priority: 7 })).body, { count: 1 })
  assert.is((await api.get('/api/v1/tasks?domain=tone&search=item-5')).body.items[0].priority, 7)
  for (const body of [
    { ...lane, keys: [], priority: 1 },
    { dataset: 'data', keys: ['x'] },
    { keys: ['x'], priority: 1 },
    { ...lane, keys: ['x'], priority: 1.5 },
  ]) {
    assert.is((await api.post('/api/v1/tasks/priority', body)).status, 400, JSON.stringify(body))
  }
})

test('tasks that a search matches are counted with the filter of the call, then moved; done ones are redone with the word', async () => {
  const system = await open({ tasks: { maxAttempts: 1 }, workers: [worker(tone), worker(urgency1)] })
  await system.load(
    'data',
    items(4, (n) => (n === 0 ? { do: 'throw' } : {})),
    { key: (item) => item.id },
  )
  await system.start()
  await system.done()
  const api = await serveApi(system)
  const [{ id, code }] = (await api.get('/api/v1/errors')).body.items
  assert.is((await api.get(`/api/v1/tasks?error=${id}`)).body.items.length, 2)
  assert.is((await api.get(`/api/v1/tasks?code=${encodeURIComponent(code)}&prefix=item-1`)).body.items.length, 0)
  assert.is((await api.get('/api/v1/tasks?key=item-1')).body.items.length, 2)
  const count = (body: object) => api.post('/api/v1/tasks/count', body)
  assert.equal((await count({ action: 'drop', error: id })).body, {
    count: 2,
    states: { waiting: 0, leased: 0, retrying: 0, done: 0, dead: 2, dropped: 0 },
  })
  assert.equal((await api.post('/api/v1/tasks/drop', { error: id, confirmation: 'CONFIRM' })).body, { count: 2 })
  assert.is((await count({ action: 'drop', search: 'item' })).body.count, 0)
  assert.is((await count({ action: 'redrive', search: 'item' })).body.count, 2)
  const redo = { domain: 'tone', search: 'item-1' }
  assert.is((await count({ action: 'redo', ...redo })).body.count, 1)
  assert.is((await api.post('/api/v1/tasks/redo', redo)).body.error, 'CONFIRMATION_REQUIRED')
  assert.is((await api.post('/api/v1/tasks/redo', { confirmation: 'CONFIRM' })).status, 400)
  assert.is((await api.post('/api/v1/tasks/redo', { keys: [], confirmation: 'CONFIRM' })).status, 400)
  assert.equal((await api.post('/api/v1/tasks/redo', { ...redo, confirmation: 'CONFIRM' })).body, { count: 1 })
  await system.done()
  const { items: past } = (await api.get('/api/v1/tasks/data/item-1/past-results?domain=tone')).body
  assert.equal(
    past.map((one: { attempt: number; value: unknown }) => [one.attempt, one.value]),
    [[1, { key: 'item-1' }]],
  )
  assert.is((await api.get('/api/v1/tasks/data/item-1')).body.tasks.find((one: { domain: string }) => one.domain === 'tone').pastResults, 1)
})

test('a quota is changed, penalized, unblocked, retired and revived, and each answer shows it as it is then', async () => {
  const system = await open({
    quotas: { 'key 1/a': { requests: { limit: 10, per: 'minute' } } },
    workers: [worker(tone, { quota: 'key 1/a' })],
  })
  const api = await serveApi(system)
  const path = `/api/v1/quotas/${encodeURIComponent('key 1/a')}`
  await api.get(path)
  const changed = await api.call('PUT', path, { requests: [{ limit: 30, per: 'minute' }], concurrency: 4 })
  assert.equal([changed.body.windows[0].limit, changed.body.concurrency], [30, 4])
  assert.ok((await api.post(`${path}/penalize`, { retryAfterMs: 60_000 })).body.blockedUntil > 0)
  const unblocked = (await api.post(`${path}/unblock`, {})).body
  assert.equal([unblocked.blockedUntil, unblocked.canMakeRequest], [null, true])
  assert.is((await api.post(`${path}/retire`, { reason: 'stolen' })).body.retired.reason, 'stolen')
  assert.is((await api.get(path)).body.canMakeRequest, false)
  assert.is((await api.post(`${path}/revive`, {})).body.retired, null)
  for (const [more, body] of [
    ['/penalize', { retryAfterMs: -1 }],
    ['/penalize', {}],
    ['/retire', { why: 'x' }],
    ['/revive', { now: true }],
    ['/unblock', { now: true }],
  ] as const) {
    assert.is((await api.post(`${path}${more}`, body)).status, 400, more)
  }
  const wrong = await api.call('PUT', path, { requests: { limit: -3, per: 'minute' } })
  assert.equal([wrong.status, wrong.body.error], [400, 'CONFIG_INVALID'])
  assert.is((await api.call('PUT', path, { requests: { limit: 3, per: 'fortnight' } })).status, 400)
  assert.is((await api.call('PUT', '/api/v1/quotas/none', { requests: { limit: 3, per: 'day' } })).status, 404)
})

test('settings change all or none', async () => {
  const { api } = await sleeping()
  const before = (await api.get('/api/v1/settings')).body
  assert.equal([before.groups, before.logLevel], [{ few: 2 }, 'info'])
  const wrong = await api.call('PATCH', '/api/v1/settings', { concurrency: 3, logLevel: 'debug', groups: { few: 1, none: 1 } })
  assert.equal([wrong.status, wrong.body.error], [400, 'ARGUMENT_INVALID'])
  assert.equal((await api.get('/api/v1/settings')).body, before)
  const after = { concurrency: 3, logLevel: 'debug', groups: { few: 1 } }
  assert.equal((await api.call('PATCH', '/api/v1/settings', after)).body, after)
})

test('targets are set for the workers that are chosen', async () => {
  const { api } = await sleeping()
  const { body } = await api.post('/api/v1/targets', { selector: { annotator: '1' }, target: 4 })
  assert.equal(
    body.items.map(({ id, progress }: { id: string; progress: { total: number } }) => [id, progress.total]),
    [
      [tone, 4],
      [urgency1, 4],
    ],
  )
  assert.is((await api.post('/api/v1/targets', { selector: { annotator: '1' } })).status, 400)
  assert.is((await api.post('/api/v1/targets', { target: 1, selector: { workers: ['none'] } })).status, 404)
})

test('profiles of live workers are taken, listed and fetched; the latest five are kept', async () => {
  const { api, system } = await sleeping()
  assert.equal((await api.post('/api/v1/profiles', { worker: tone, ms: 10 })).body.error, 'THREAD_GONE')
  assert.is((await api.post('/api/v1/profiles', { worker: 'none' })).status, 404)
  assert.is((await api.post('/api/v1/profiles', { worker: tone, ms: 600_001 })).status, 400)
  await system.start(tone)
  await state(system, tone, 'running')
  const taken: string[] = []
  const [first, second] = await Promise.all([0, 1].map(() => api.post('/api/v1/profiles', { worker: tone, ms: 200 })))
  assert.equal([first?.status, second?.status, second?.body.error], [201, 409, 'PROFILE_RUNNING'])
  for (let n = 0; n < 6; n++) taken.push((await api.post('/api/v1/profiles', { worker: tone, ms: 5 })).body.id)
  const { body } = await api.get('/api/v1/profiles')
  assert.equal(
    body.items.map(({ id }: { id: string }) => id),
    taken.slice(1).reverse(),
  )
  const fetched = await api.get(`/api/v1/profiles/${taken[5]}`)
  assert.ok(fetched.body.nodes.length > 0)
  assert.match(fetched.headers.get('content-disposition') ?? '', /attachment; filename="annotator-1_tone\.cpuprofile"/)
  assert.is((await api.get(`/api/v1/profiles/${taken[0]}`)).status, 404)
})

test('a token for reading can read, and change nothing', async () => {
  const system = await open({ workers: [worker(tone)], quotas: { key: { requests: { limit: 1, per: 'day' } } } })
  const api = await serveApi(system, { token, readToken })
  const headers = { authorization: `Bearer ${readToken}` }
  assert.is((await api.get('/api/v1/workers')).status, 401)
  assert.is((await api.get('/api/v1/workers', headers)).status, 200)
  // A count takes the body of the call that it is about.
  assert.is((await api.call('POST', '/api/v1/tasks/count', { action: 'drop' }, headers)).status, 200)
  const readings = ['/api/v1/session', '/api/v1/tasks/count']
  const changing = Object.entries(api.document.paths).flatMap(([path, methods]) =>
    Object.keys(methods)
      .filter((method) => method !== 'get' && path.startsWith('/api/v1/') && !readings.includes(path))
      .map((method) => [method.toUpperCase(), path.replace('{name}', 'key')] as const),
  )
  assert.ok(changing.length >= 18)
  for (const [method, path] of changing) {
    const told = event(system, 'http:control:done')
    assert.is((await api.call(method, path, {}, headers)).status, 403, `${method} ${path}`)
    assert.is((await told).outcome, 'refused')
  }
})

test.run()
