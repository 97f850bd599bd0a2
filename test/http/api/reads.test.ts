/** What can be looked at under /api/v1. Every answer is held against the OpenAPI document. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { supervisor } from '../../../src/index.js'
import { refused } from '../../support/refused.js'
import { collect, event, items, open, state, worker } from '../../support/system.js'
import { type Api, cleanUpServers, serveApi } from '../support.js'

test.after.each(cleanUpServers)

const first = 'annotator-1/urgency'
const firstPath = encodeURIComponent(first)

/** Two workers that have labelled twenty items, and one that is given up. */
async function labelled(): Promise<{ api: Api; system: Awaited<ReturnType<typeof open>> }> {
  const system = await open({
    quotas: { key: { requests: { limit: 1_000, per: 'day' }, within: 'project' }, project: { requests: { limit: 5_000, per: 'day' } } },
    workers: [
      supervisor({ id: 'both', children: [worker(first, { quota: 'key' }), worker('annotator-2/urgency')] }),
      worker('annotator-3/tone', { dataset: 'none', enabled: false }),
    ],
  })
  await system.load(
    'data',
    items(20, (i) => (i === 7 ? { do: 'give up' } : {})),
    { key: (item) => item.id },
  )
  await system.start()
  await system.done()
  return { api: await serveApi(system), system }
}

test('the system is shown in numbers, as a tree, and by its beats', async () => {
  const { api } = await labelled()
  const { body: overview } = await api.get('/api/v1/overview')
  assert.equal([overview.workers, overview.done, overview.dead, overview.total], [3, 38, 2, 40])
  assert.equal(
    overview.attention.map(({ kind }: { kind: string }) => kind),
    ['dead-tasks'],
  )
  const { body: tree } = await api.get('/api/v1/tree')
  assert.equal(
    tree.items.map((node: { supervisor?: string; worker?: string }) => node.supervisor ?? node.worker),
    ['both', 'annotator-3/tone'],
  )
  assert.equal((await api.get('/api/v1/beats')).body, {})
})

test('the health of the ground is told, with the host that answers', async () => {
  const { api, system } = await labelled()
  const { body: health } = await api.get('/api/v1/health')
  assert.equal(
    health.hosts.map(({ pid, here, gone, workers }: Record<string, unknown>) => [pid, here, gone, workers]),
    [[process.pid, true, false, 0]],
  )
  assert.ok(health.store.commits.count > 0 && health.store.space.fileBytes > 0)
  assert.equal(health.store.waits, null)
  await system.check()
  assert.is((await api.get('/api/v1/health')).body.store.lastCheck.ok, true)
})

test('what was done is told by the minute and by ten, of all lanes and of one', async () => {
  const { api, system } = await labelled()
  const { body: hour } = await api.get('/api/v1/work-history')
  assert.equal([hour.stepMs, hour.steps.length], [60_000, 60])
  const sum = (steps: { results: number; failed: number; dead: number }[]): number[] =>
    steps.reduce<number[]>(
      (sums, { results, failed, dead }) => [results, failed, dead].map((value, index) => value + (sums[index] ?? 0)),
      [],
    )
  assert.equal(sum(hour.steps), [38, 2, 2])
  const { body: day } = await api.get(`/api/v1/work-history?lastMs=86400000&worker=${firstPath}`)
  assert.equal([day.stepMs, day.steps.length, sum(day.steps)], [600_000, 144, [19, 1, 1]])
  assert.is(day.steps.at(-1).at + day.stepMs > day.until, true)
  assert.is((await api.get('/api/v1/work-history?lastMs=5')).status, 400)
  const { steps } = await system.workHistory({ annotator: 2, lastMs: 600_000 })
  assert.equal([steps.length, sum(steps)], [10, [19, 1, 1]])
  await refused(system.workHistory({ lastMs: 86_400_001 }), 'ARGUMENT_INVALID', /lastMs/)
})

test('beats are those of live threads', async () => {
  const system = await open({ workers: [worker(first), worker('annotator-2/urgency')] })
  await system.load(
    'data',
    items(1, () => ({ do: 'stall' })),
    { key: (item) => item.id },
  )
  const api = await serveApi(system)
  await system.start(first)
  await state(system, first, 'running')
  assert.equal(Object.keys((await api.get('/api/v1/beats')).body), [first])
})

test('workers are listed by what is asked for, page after page', async () => {
  const { api } = await labelled()
  const ids = async (query: string): Promise<string[]> =>
    (await api.get(`/api/v1/workers${query}`)).body.items.map(({ id }: { id: string }) => id)
  assert.equal(await ids(''), [first, 'annotator-2/urgency', 'annotator-3/tone'])
  assert.equal(await ids('?annotator=2'), ['annotator-2/urgency'])
  assert.equal(await ids('?domain=tone'), ['annotator-3/tone'])
  assert.equal(await ids('?dataset=data&search=R-1'), [first])
  assert.equal(await ids('?state=idle,parked'), ['annotator-3/tone'])
  const page = (await api.get('/api/v1/workers?limit=2')).body
  assert.equal([page.items.length, page.total, page.next], [2, 3, 'annotator-2/urgency'])
  const rest = (await api.get(`/api/v1/workers?limit=2&after=${encodeURIComponent(page.next)}`)).body
  assert.equal([rest.items[0].id, rest.next], ['annotator-3/tone', null])
})

test('an invalid query is refused by name, without quoting it', async () => {
  const { api } = await labelled()
  for (const [query, path] of [
    ['stat=idle', 'stat'],
    ['state=idle,sleeping-secret', 'state.1'],
    ['limit=0', 'limit'],
    ['limit=1001', 'limit'],
    ['limit=ten-secret', 'limit'],
    ['limit=1&limit=2', 'limit'],
    ['search=', 'search'],
  ]) {
    const { status, body } = await api.get(`/api/v1/workers?${query}`)
    assert.equal([status, body.error, body.details.issues[0].path], [400, 'VALIDATION_FAILED', path], query)
    assert.not.match(JSON.stringify(body), /secret/)
  }
  assert.is((await api.get('/api/v1/workers?after=nobody')).body.error, 'ARGUMENT_INVALID')
})

test('one worker is shown with its history, quotas and place, and its id is one segment of the path', async () => {
  const { api } = await labelled()
  const { body } = await api.get(`/api/v1/workers/${firstPath}`)
  assert.equal([body.id, body.state, body.quotas, body.above], [first, 'completed', ['key'], ['both']])
  assert.is(body.history[0].to, 'completed')
  const { body: history } = await api.get(`/api/v1/workers/${firstPath}/history?limit=1`)
  assert.equal(history.items, [body.history[0]])
  assert.equal((await api.get(`/api/v1/workers/${firstPath}/failures`)).body.items, [])
  const { body: logs } = await api.get(`/api/v1/workers/${firstPath}/logs?level=info&limit=3`)
  assert.ok(logs.items.length > 0 && logs.items.every((record: { annotator: string }) => record.annotator === '1'))
  for (const path of ['', '/history', '/failures', '/logs']) {
    const { status, body: refusal } = await api.get(`/api/v1/workers/nobody${path}`)
    assert.equal([status, refusal.error], [404, 'WORKER_UNKNOWN'], path)
  }
})

test('failures and blacklisted workers are listed', async () => {
  const system = await open({ workers: [worker(first, { restart: { maxRestarts: 0 } })] })
  await system.load(
    'data',
    items(1, () => ({ do: 'crash' })),
    { key: (item) => item.id },
  )
  const api = await serveApi(system)
  const failed = event(system, 'worker:failure:recorded')
  await system.start()
  await Promise.all([failed, state(system, first, 'blacklisted')])
  const { body: failures } = await api.get('/api/v1/failures')
  assert.equal([failures.items[0].worker, failures.items[0].failure.tasks], [first, ['item-0']])
  assert.equal((await api.get('/api/v1/failures?worker=annotator-9/none')).body.items, [])
  assert.is((await api.get('/api/v1/blacklist')).body.items[0].worker, first)
  assert.is((await api.get(`/api/v1/workers/${firstPath}/failures`)).body.items.length, 1)
  assert.ok((await api.get('/api/v1/overview')).body.attention.some(({ kind }: { kind: string }) => kind === 'blacklisted'))
})

test('tasks are listed lane by lane and shown with their attempts', async () => {
  const { api } = await labelled()
  const { body: dead } = await api.get('/api/v1/tasks?state=dead&kind=failed')
  assert.equal(
    dead.items.map(({ key, worker }: { key: string; worker: string }) => [key, worker]),
    [
      ['item-7', first],
      ['item-7', 'annotator-2/urgency'],
    ],
  )
  const { body: page } = await api.get('/api/v1/tasks?annotator=1&state=done&limit=5')
  assert.is(page.items.length, 5)
  const { body: next } = await api.get(`/api/v1/tasks?annotator=1&state=done&limit=5&after=${encodeURIComponent(page.next)}`)
  assert.not.equal(next.items[0].key, page.items[4].key)
  const { body: detail } = await api.get('/api/v1/tasks/data/item-7')
  assert.equal([detail.tasks.length, detail.attempts[0].outcome], [2, 'failed'])
  assert.is((await api.get('/api/v1/tasks/data/item-99')).status, 404)
  assert.is((await api.get('/api/v1/tasks?after=rubbish')).status, 400)
})

test('results come as a stream of lines, as a range of them, and as pages', async () => {
  const { api, system } = await labelled()
  const all = await collect(system.results())
  assert.equal((await api.get('/api/v1/results')).body, JSON.parse(JSON.stringify(all)))
  assert.is((await api.get('/api/v1/results?annotator=2')).body.length, 19)
  const range = await api.get('/api/v1/results', { range: 'rows=10-12' })
  assert.equal([range.status, range.headers.get('content-range')], [206, 'rows 10-12/*'])
  assert.equal(range.body, all.slice(10, 13))
  assert.equal((await api.get('/api/v1/results', { range: 'rows=36-' })).body, all.slice(36))
  assert.equal((await api.get('/api/v1/results', { range: 'rows=1000-1001' })).body, [])
  assert.is((await api.get('/api/v1/results', { range: 'bytes=0-1' })).status, 200)
  for (const range of ['rows=3-2', 'rows=a-b', 'rows=-5', 'rows=1-2,4-5'])
    assert.is((await api.get('/api/v1/results', { range })).status, 416, range)
  const page = (await api.get('/api/v1/results/sample?limit=30')).body
  const rest = (await api.get(`/api/v1/results/sample?limit=30&after=${page.next}`)).body
  assert.equal([[...page.items, ...rest.items], rest.next], [all, null])
  const { body: labels } = await api.get('/api/v1/results/labels?path=$.key&items=100')
  assert.equal([labels.items[0].domain, labels.items[0].agreement.items], ['urgency', 19])
  assert.equal(labels.items[0].agreement.pairs[0].kappa, 1)
  assert.equal((await api.get('/api/v1/datasets')).body.items[0], {
    name: 'data',
    items: 20,
    lanes: 2,
    done: 38,
    dead: 2,
    leased: 0,
    retrying: 0,
    total: 40,
  })
})

test('quotas tell which workers take from them, also from those above', async () => {
  const { api } = await labelled()
  const { body } = await api.get('/api/v1/quotas')
  assert.equal(
    body.items.map(({ name, workers }: { name: string; workers: string[] }) => [name, workers]),
    [
      ['key', [first]],
      ['project', [first]],
    ],
  )
  assert.is((await api.get('/api/v1/quotas/key')).body.windows[0].used, 20)
  assert.ok(Array.isArray((await api.get('/api/v1/quotas/key/history?since=0')).body.items))
  assert.is((await api.get('/api/v1/quotas/none')).status, 404)
  assert.is((await api.get('/api/v1/quotas/none/history')).status, 404)
})

test('events are paged by their ids, oldest or newest first', async () => {
  const { api } = await labelled()
  const seen: number[] = []
  for (let after: string | null = '0'; after !== null; ) {
    const { body } = await api.get(`/api/v1/events?limit=3&after=${after}`)
    seen.push(...body.items.map(({ id }: { id: number }) => id))
    after = body.next
  }
  const { body: newest } = await api.get('/api/v1/events?order=desc&limit=1000')
  assert.equal(newest.items.map(({ id }: { id: number }) => id).reverse(), seen)
  assert.equal([newest.first, newest.last], [seen[0], seen.at(-1)])
  const { body: some } = await api.get(`/api/v1/events?types=dataset:load:finished,worker:state:changed&worker=${firstPath}`)
  assert.ok(some.items.every(({ type }: { type: string }) => type === 'worker:state:changed'))
  assert.is((await api.get('/api/v1/events?types=no:such:event')).status, 400)
  assert.is((await api.get('/api/v1/events?order=desc&after=3')).status, 400)
})

test('logs are those of a level, a worker, or after a record', async () => {
  const { api } = await labelled()
  const { body: all } = await api.get('/api/v1/logs')
  const last = all.items.at(-1).seq
  assert.equal((await api.get(`/api/v1/logs?after=${last}`)).body.items, [])
  assert.ok((await api.get('/api/v1/logs?part=system')).body.items.every(({ part }: { part: string }) => part === 'system'))
  assert.equal((await api.get('/api/v1/logs?level=error')).body.items, [])
  assert.is((await api.get('/api/v1/logs?worker=nobody')).status, 404)
})

test('a client with a current answer gets 304', async () => {
  const { api } = await labelled()
  for (const path of [
    '/workers',
    `/workers/${firstPath}`,
    '/overview',
    '/tasks',
    '/quotas',
    '/events',
    '/tree',
    '/datasets',
    '/settings',
  ]) {
    const etag = (await api.get(`/api/v1${path}`)).headers.get('etag') ?? ''
    assert.match(etag, /^W\/"/, path)
    // The rate goes down as time goes by.
    if (path === '/overview' || path.startsWith('/workers')) continue
    const again = await api.get(`/api/v1${path}`, { 'if-none-match': etag })
    assert.equal([again.status, again.body], [304, ''], path)
  }
  const api2 = await serveApi(await open({ workers: [worker(first)] }))
  for (const path of ['/workers', '/overview', `/workers/${firstPath}`]) {
    const etag = (await api2.get(`/api/v1${path}`)).headers.get('etag') ?? ''
    assert.is((await api2.get(`/api/v1${path}`, { 'if-none-match': etag })).status, 304, path)
  }
})

test('a system that is closed says so', async () => {
  const { api, system } = await labelled()
  await system.close()
  for (const path of ['/quotas', `/workers/${firstPath}`, '/tasks', '/results', '/events', '/datasets']) {
    const { status, body } = await api.get(`/api/v1${path}`)
    assert.equal([status, body.error], [503, 'CLOSED'], path)
  }
})

test.run()
