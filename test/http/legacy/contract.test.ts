/** The paths and shapes that the clients of the system before drover rely on, over real HTTP. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as v from 'valibot'
import type { Drover } from '../../../src/drover/drover.js'
import type { ServeOptions, StatusServer } from '../../../src/http/base/options.js'
import { errorAnswer } from '../../../src/http/contract/common.js'
import * as contract from '../../../src/http/legacy/contract.js'
import type { DroverOptions } from '../../../src/index.js'
import { ask, closeServers, serve } from '../../support/status.js'
import { cleanUp, event, items, open, state, worker } from '../../support/system.js'

const test = suite('the API of old clients')
test.after.each(async () => {
  await closeServers()
  await cleanUp()
})

const ids = ['annotator-1/urgency', 'annotator-1/intensity', 'annotator-2/urgency', 'team/7/urgency']

interface Bench {
  drover: Drover
  server: StatusServer
}

async function start(options: ServeOptions = {}, more: Partial<DroverOptions> = {}): Promise<Bench> {
  const drover = await open({
    quotas: { 'key-1': { requests: [{ limit: 100, per: 'day' }] }, free: { concurrency: 2 } },
    workers: [...ids.map((id) => worker(id, { input: { everyMs: 5 }, quota: 'key-1' })), worker('annotator-9/urgency', { enabled: false })],
    ...more,
  })
  return { drover, server: await serve(drover, options) }
}

const get = ({ server }: Bench, path: string) => ask(server, `/api/monitoring${path}`)
const post = ({ server }: Bench, path: string, body?: unknown) =>
  ask(server, `/api/control${path}`, { method: 'POST', ...(body !== undefined && { body }) })

/** That it is of the form, and has no fields beside it. */
function fits(schema: v.GenericSchema, body: unknown): void {
  const { issues, output } = v.safeParse(schema, body)
  assert.is(issues, undefined, JSON.stringify({ body, issues: issues?.map(({ message, path }) => [message, path?.map(({ key }) => key)]) }))
  assert.equal(output, body)
}

function assertRefusal(answer: { status: number; body: unknown }, status: number, code: string): void {
  fits(errorAnswer, answer.body)
  const { error, detail, message } = answer.body as v.InferOutput<typeof errorAnswer>
  assert.equal([answer.status, error, detail], [status, code, message])
}

const outcomes = v.array(contract.seedOutcome)

test('start, pause, resume and stop answer for every enabled worker, with or without a body', async () => {
  // Each worker has one task in hand all the time: with short ones the quota would be spent after a moment.
  const bench = await start({}, { drainMs: 50 })
  await bench.drover.load(
    'data',
    items(10, () => ({ do: 'sleep', ms: 60_000 })),
  )
  const started = await post(bench, '/start')
  assert.is(started.status, 200)
  fits(outcomes, started.body)
  assert.equal(
    started.body.map(({ annotator, domain, ok }: { annotator: unknown; domain: string; ok: boolean }) => [annotator, domain, ok]),
    [
      [1, 'urgency', true],
      [1, 'intensity', true],
      [2, 'urgency', true],
      ['team/7', 'urgency', true],
    ],
  )
  for (const id of ids) await state(bench.drover, id, 'running')
  const paused = await post(bench, '/pause', {})
  assert.equal(new Set(paused.body.map(({ status }: { status: string }) => status)), new Set(['paused']))
  const resumed = await post(bench, '/resume', { annotator_id: null, domain: null })
  assert.equal(new Set(resumed.body.map(({ status }: { status: string }) => status)), new Set(['running']))
  const stopped = await post(bench, '/stop', '')
  fits(outcomes, stopped.body)
  assert.equal(new Set(stopped.body.map(({ status }: { status: string }) => status)), new Set(['stopped']))
})

test('annotator_id and domain choose workers, as a number or as a text', async () => {
  const bench = await start()
  const named = async (body: object) => (await post(bench, '/stop', body)).body.map((each: { worker: string }) => each.worker)
  assert.equal(await named({ annotator_id: 1 }), ['annotator-1/urgency', 'annotator-1/intensity'])
  assert.equal(await named({ annotator_id: '1', domain: 'urgency' }), ['annotator-1/urgency'])
  assert.equal(await named({ domain: 'intensity', sent_at: 5 }), ['annotator-1/intensity'])
  assert.equal(await named({ annotator_id: 'team/7' }), ['team/7/urgency'])
})

test('an unknown worker is 404, and an invalid body is 400', async () => {
  const bench = await start()
  for (const path of ['/start', '/stop', '/pause', '/resume']) {
    assertRefusal(await post(bench, path, { annotator_id: 5 }), 404, 'WORKER_UNKNOWN')
    for (const body of ['{', [], '"text"', { annotator_id: {} }, { domain: 5 }]) {
      assertRefusal(await post(bench, path, body), 400, 'VALIDATION_FAILED')
    }
  }
  assertRefusal(await post(bench, '/restart/5/urgency'), 404, 'WORKER_UNKNOWN')
  assertRefusal(await get(bench, '/workers/5/urgency'), 404, 'WORKER_UNKNOWN')
})

test('restart answers with how the stop and the start went', async () => {
  const bench = await start()
  await bench.drover.load('data', items(1_000))
  await bench.drover.start('annotator-1/urgency')
  await state(bench.drover, 'annotator-1/urgency', 'running')
  const { status, body } = await post(bench, '/restart/1/urgency')
  assert.is(status, 200)
  fits(contract.seedRestart, body)
  assert.equal([body.stop.status, body.stop.annotator, body.start.ok], ['stopped', 1, true])
  assert.is((await post(bench, '/restart/team%2F7/urgency')).status, 200)
})

test('reset deletes nothing without the exact word and a clear scope', async () => {
  const bench = await start()
  const { drover } = bench
  await drover.load('data', items(3))
  await drover.start('annotator-1/urgency')
  await drover.done()
  const one = { scope: 'single', annotator_id: 1, domain: 'urgency' }
  for (const confirmation of [undefined, '', 'confirm', 'CONFIRM ', true, 1, ['CONFIRM']]) {
    assertRefusal(await post(bench, '/reset', { ...one, confirmation }), 400, 'CONFIRMATION_REQUIRED')
  }
  for (const call of [
    { scope: 'single', annotator_id: 1 },
    { scope: 'single' },
    { scope: 'all', annotator_id: 1 },
    { scope: 'some' },
    {},
  ]) {
    assertRefusal(await post(bench, '/reset', { ...call, confirmation: 'CONFIRM' }), 400, 'VALIDATION_FAILED')
  }
  assertRefusal(await post(bench, '/reset', { ...one, annotator_id: 77, confirmation: 'CONFIRM' }), 404, 'WORKER_UNKNOWN')
  assert.is(drover.status().done, 3)

  const { status, body } = await post(bench, '/reset', { ...one, confirmation: 'CONFIRM' })
  assert.is(status, 200)
  fits(contract.seedReset, body)
  assert.equal([body.scope, body.deleted, body.workers.length], ['single', { results: 3, dead: 0 }, 1])
  assert.is(drover.status().done, 0)
})

test('reset of all deletes the results of all, and one that runs is refused', async () => {
  const bench = await start()
  const { drover } = bench
  await drover.load('data', items(2))
  await drover.start()
  await drover.done()
  const { body } = await post(bench, '/reset', { scope: 'all', confirmation: 'CONFIRM' })
  fits(contract.seedReset, body)
  assert.equal([body.deleted, drover.status().done], [{ results: 8, dead: 0 }, 0])
  await drover.load('data', items(1_000))
  await drover.start('annotator-2/urgency')
  await state(drover, 'annotator-2/urgency', 'running')
  assertRefusal(
    await post(bench, '/reset', { scope: 'single', annotator_id: 2, domain: 'urgency', confirmation: 'CONFIRM' }),
    409,
    'NOT_DOWN',
  )
})

test('the overview has totals by state, progress, speed and what is left', async () => {
  const bench = await start()
  const before = await get(bench, '/overview')
  fits(contract.seedOverview, before.body)
  assert.equal([before.body.total_workers, before.body.not_started], [5, 5])
  await bench.drover.load('data', items(4))
  await bench.drover.start('annotator-1/urgency')
  await bench.drover.done()
  const { body } = await get(bench, '/overview')
  fits(contract.seedOverview, body)
  assert.equal(body.total_progress, { completed: 4, target: 20, percentage: 20 })
  assert.equal([body.completed, body.not_started], [1, 4])
  assert.ok(body.avg_speed > 0)
})

test('workers are listed, narrowed down, and shown one by one', async () => {
  const bench = await start()
  await bench.drover.load('data', items(1_000))
  await bench.drover.start('annotator-1/urgency')
  await state(bench.drover, 'annotator-1/urgency', 'running')
  const all = await get(bench, '/workers')
  fits(v.array(contract.seedWorker), all.body)
  assert.is(all.body.length, 5)
  const named = async (query: string) => (await get(bench, `/workers?${query}`)).body.map(({ id }: { id: string }) => id)
  assert.equal(await named('annotator_id=1'), ['annotator-1/urgency', 'annotator-1/intensity'])
  assert.equal(await named('annotator_id=1&domain=intensity&_=1'), ['annotator-1/intensity'])
  assert.equal(await named('status=running'), ['annotator-1/urgency'])
  assert.equal(await named('annotator_id=none'), [])
  assertRefusal(await get(bench, '/workers?status=flying'), 400, 'VALIDATION_FAILED')
  const { body } = await get(bench, '/workers/1/urgency')
  fits(contract.seedWorker, body)
  const { annotator_id, status, running, stale, enabled, pid } = body
  assert.equal([annotator_id, status, running, stale, enabled, pid], [1, 'running', true, false, true, process.pid])
  const { body: idle } = await get(bench, '/workers/9/urgency')
  assert.equal([idle.status, idle.running, idle.enabled, idle.pid], ['not_started', false, false, null])
  assert.is((await get(bench, '/workers/team%2F7/urgency')).body.annotator_id, 'team/7')
})

test('a worker that waits for a slot is not_started, and running is true only for live threads', async () => {
  const drover = await open({ concurrency: 1, workers: [worker('annotator-1/a', { input: { everyMs: 5 } }), worker('annotator-2/a')] })
  const bench = { drover, server: await serve(drover) }
  await drover.load('data', items(1_000))
  await drover.start('annotator-1/a')
  await state(drover, 'annotator-1/a', 'running')
  await drover.start('annotator-2/a')
  const { body } = await get(bench, '/workers/2/a')
  assert.equal([body.state, body.status, body.running], ['queued', 'not_started', false])
})

test('health names crashed and stuck workers', async () => {
  const drover = await open({
    restart: { maxRestarts: 0 },
    heartbeat: { everyMs: 25, timeoutMs: 600_000, progressTimeoutMs: 600_000, startTimeoutMs: 600_000 },
    workers: [worker('annotator-1/a'), worker('annotator-2/a', { dataset: 'fatal' })],
  })
  const bench = { drover, server: await serve(drover) }
  await drover.load('fatal', [{ id: 'a', do: 'exit' }])
  const given = event(drover, 'worker:state:changed', ({ to }) => to === 'blacklisted')
  await drover.start('annotator-2/a')
  await given
  const { body } = await get(bench, '/health')
  fits(contract.seedHealth, body)
  assert.equal(
    body.crashed.map(({ annotator_id, domain }: { annotator_id: number; domain: string }) => [annotator_id, domain]),
    [[2, 'a']],
  )
  assert.equal([body.stuck, body.healthy], [[], 1])
})

test('quotas are shown by name', async () => {
  const bench = await start()
  const { status, body } = await get(bench, '/quota')
  assert.is(status, 200)
  fits(contract.seedQuotas, body)
  assert.equal(body['key-1'], {
    requests_today: 0,
    quota_limit: 100,
    percentage_used: 0,
    tokens_available: 100,
    can_make_request: true,
    wait_time_seconds: 0,
  })
  assert.is(body.free.quota_limit, null)
})

test('logs come by level, by worker, and at most as many as asked for', async () => {
  const bench = await start()
  await bench.drover.load('data', [{ id: 'a', do: 'log' }])
  await bench.drover.start('annotator-1/urgency')
  await bench.drover.start('annotator-2/urgency')
  await bench.drover.done()
  const { body } = await get(bench, '/logs?level=WARNING&annotator_id=1&domain=urgency')
  fits(v.array(contract.seedLog), body)
  assert.equal(
    body.map(({ level, annotator_id, domain }: Record<string, unknown>) => [level, annotator_id, domain]),
    [['WARNING', 1, 'urgency']],
  )
  assert.is((await get(bench, '/logs?limit=1')).body.length, 1)
  assert.equal((await get(bench, '/logs?level=critical')).body, [])
  for (const query of ['limit=0', 'limit=1001', 'limit=x', 'limit=1.5', 'level=loud'])
    assertRefusal(await get(bench, `/logs?${query}`), 400, 'VALIDATION_FAILED')
})

test('answers are wrapped on request, or always', async () => {
  const bench = await start()
  const wrapped = v.object({ success: v.literal(true), data: contract.seedOverview, timestamp: v.pipe(v.string(), v.isoTimestamp()) })
  fits(wrapped, (await get(bench, '/overview?envelope=1')).body)
  fits(wrapped, (await ask(bench.server, '/api/monitoring/overview', { headers: { 'x-envelope': '1' } })).body)
  const always = { ...bench, server: await serve(bench.drover, { envelope: true }) }
  fits(wrapped, (await get(always, '/overview')).body)
  const { body } = await post(always, '/stop')
  assert.is(body.success, true)
  fits(outcomes, body.data)
  assertRefusal(await post(always, '/stop', { annotator_id: 5 }), 404, 'WORKER_UNKNOWN')
})

test('all of it works below a path', async () => {
  const { Hono } = await import('hono')
  const { createStatusApp } = await import('../../../src/http/app.js')
  const { serve: listen } = await import('@hono/node-server')
  const { drover } = await start()
  const outer = new Hono()
    .get('/', (c) => c.text('the application'))
    .route('/drover', createStatusApp(drover, { token: 'token-of-an-inner-app' }))
  const { url, close } = await new Promise<{ url: string; close: () => Promise<void> }>((resolve) => {
    const server = listen({ fetch: outer.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) =>
      resolve({ url: `http://127.0.0.1:${port}`, close: () => new Promise((done) => server.close(() => done())) }),
    )
  })
  try {
    const headers = { authorization: `Bearer ${'token-of-an-inner-app'}` }
    assert.is((await ask({ url }, '/')).body, 'the application')
    assert.is((await ask({ url }, '/drover/livez')).status, 200)
    assert.is((await ask({ url }, '/drover/api/monitoring/overview')).status, 401)
    assert.is((await ask({ url }, '/drover/api/monitoring/overview', { headers })).body.total_workers, 5)
    assertRefusal(await ask({ url }, '/drover/api/monitoring/nothing', { headers }), 404, 'NOT_FOUND')
    const wrong = await ask({ url }, '/drover/api/control/start', { headers })
    assertRefusal(wrong, 405, 'METHOD_NOT_ALLOWED')
    assert.is(wrong.headers.get('allow'), 'POST')
    assertRefusal(
      await ask({ url }, '/drover/api/control/stop', { method: 'POST', headers, body: { annotator_id: 5 } }),
      404,
      'WORKER_UNKNOWN',
    )
    const login = await ask({ url }, '/drover/api/v1/session', { method: 'POST', body: { token: 'token-of-an-inner-app' } })
    assert.match(login.headers.get('set-cookie') ?? '', /Path=\/drover;/)
    assert.is((await ask({ url }, '/elsewhere')).status, 404)
  } finally {
    await close()
  }
})

test('a call to a closed system is 503', async () => {
  const bench = await start()
  await bench.drover.close()
  assertRefusal(await post(bench, '/start'), 503, 'CLOSED')
  assert.is((await get(bench, '/overview')).status, 200)
})

test.run()
