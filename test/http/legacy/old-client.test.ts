// biome-ignore-all lint/suspicious/noExplicitAny: what was answered is looked at field by field
/** The calls of the client of the system before drover, in its own order, from a page of another origin. */
import { once } from 'node:events'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { WebSocket } from 'ws'
import type { Drover } from '../../../src/drover/drover.js'
import type { StatusServer } from '../../../src/http/base/options.js'
import { hangMs } from '../../support/hang.js'
import { ask, closeServers, readToken, serve, token } from '../../support/status.js'
import { cleanUp, items, open, until, worker } from '../../support/system.js'

const test = suite('the old client')
const page = 'http://console.example.org:5173'
const key = 'sk-old-client-test'
const sockets: WebSocket[] = []

test.after.each(async () => {
  for (const socket of sockets.splice(0)) socket.terminate()
  await closeServers()
  await cleanUp()
})

interface Client {
  drover: Drover
  server: StatusServer
  /** Unwraps what was answered. */
  get(path: string): Promise<any>
  post(path: string, body?: unknown): Promise<any>
}

/** As that client asks: from a page elsewhere, with wrapped answers. */
async function client(more: Parameters<typeof open>[0]['workers'] = []): Promise<Client> {
  const drover = await open({
    secrets: ['the-other-key'],
    workers: [
      worker('annotator-1/urgency', { input: { apiKey: key, everyMs: 150 }, target: 10, delayMs: 100 }),
      worker('annotator-1/intensity', { input: { apiKey: key }, enabled: false }),
      worker('annotator-2/urgency', { input: { auth: ['the-other-key'] } }),
      worker('annotator-3/urgency'),
      ...more,
    ],
  })
  const server = await serve(drover, { envelope: true, origins: [page] })
  const call = async (path: string, init: Parameters<typeof ask>[2] = {}) => {
    const { status, body, headers } = await ask(server, path, { ...init, headers: { origin: page } })
    assert.is(status, 200, `${path}: ${JSON.stringify(body)}`)
    assert.is(headers.get('access-control-allow-origin'), page)
    assert.is(body.success, true)
    return body.data
  }
  return {
    drover,
    server,
    get: (path) => call(path),
    post: (path, body) => call(path, { method: 'POST', ...(body !== undefined && { body }) }),
  }
}

interface Frame {
  type: string
  timestamp: string
  data: any
}

/** A socket without a query, and all its frames. */
async function listen(
  { url }: StatusServer,
  origin = page,
): Promise<{ socket: WebSocket; frames: Frame[]; seen(type: string): Promise<Frame> }> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/api/ws`, { origin })
  sockets.push(socket)
  const frames: Frame[] = []
  socket.on('message', (data) => frames.push(JSON.parse(String(data)) as Frame))
  await once(socket, 'open')
  const seen = async (type: string): Promise<Frame> => {
    await until(() => frames.some((frame) => frame.type === type), `a ${type}; seen: ${frames.map((frame) => frame.type)}`, hangMs)
    return frames.find((frame) => frame.type === type) as Frame
  }
  return { socket, frames, seen }
}

test('goes from its summaries over RUN to a reset, from a page of another origin', async () => {
  const { drover, server, get, post } = await client()
  await drover.load(
    'data',
    items(10, (i) => ({ text: `text ${i}` })),
  )
  assert.is((await ask(server, '/health')).status, 200)
  const settings = await get('/api/config/settings')
  assert.equal(settings.annotators['1'], { urgency: { enabled: true, target_count: 10 }, intensity: { enabled: false, target_count: 10 } })
  const summaries = await get('/api/control/annotator-summaries')
  assert.equal(
    summaries.map(({ annotator_id, has_api_key, enabled_count, total_target_count }: any) => [
      annotator_id,
      has_api_key,
      enabled_count,
      total_target_count,
    ]),
    [
      [1, true, 1, 10],
      [2, true, 1, 10],
      [3, false, 1, 10],
    ],
  )
  const base = { source_type: 'base', active_version: null, content_preview: '' }
  assert.equal(summaries[0].enabled_domains, [{ domain: 'urgency', target_count: 10, prompt_info: base }])
  assert.equal(await get('/api/control/annotator-summaries/1'), summaries[0])
  const unknown = await ask(server, '/api/control/annotator-summaries/9')
  assert.equal([unknown.status, unknown.body.error], [404, 'WORKER_UNKNOWN'])
  assert.equal(await get('/api/config/dataset/info'), { total: 10, datasets: [{ name: 'data', total: 10 }] })
  const global = { model_name: '', request_delay_seconds: 0.1, max_retries: 2, crash_detection_minutes: 2 }
  assert.equal(settings.global, global)
  const enabled = await get('/api/control/enabled-workers')
  assert.equal(
    enabled.map((each: any) => [each.annotator_id, each.domain, each.has_api_key]),
    [
      [1, 'urgency', true],
      [2, 'urgency', true],
      [3, 'urgency', false],
    ],
  )
  assert.equal(enabled[1], {
    annotator_id: 2,
    domain: 'urgency',
    target_count: 10,
    enabled: true,
    global_settings: { ...global, request_delay_seconds: 0 },
    has_api_key: true,
    prompt_info: base,
  })
  assert.not.match(JSON.stringify([settings, summaries, enabled]), new RegExp(`${key}|the-other-key`))
  const before = await get('/api/monitoring/overview')
  assert.equal([before.total_workers, before.enabled_workers, before.estimated_time_remaining], [4, 3, 'Unknown'])

  const live = await listen(server)
  const { data: whole } = await live.seen('full_state')
  assert.equal([whole.workers.length, whole.overview.estimated_time_remaining], [4, 'Unknown'])
  await post('/api/control/start')
  const { data: changed } = await live.seen('status_change')
  assert.ok(changed.worker.annotator_id && changed.worker.progress && typeof changed.message === 'string', JSON.stringify(changed))
  const { data: advanced } = await live.seen('progress_update')
  assert.equal(Object.keys(advanced), ['worker'])
  await drover.done()
  const one = await get('/api/monitoring/workers/1/urgency')
  assert.equal([one.status, one.progress.completed, one.progress.target], ['completed', 10, 10])
  assert.equal((await get('/api/monitoring/health')).stalled, [])
  const over = await get('/api/monitoring/overview')
  assert.equal([over.completed_workers, over.running_workers, over.paused_workers, over.crashed_workers], [3, 0, 0, 0])

  await post('/api/control/stop')
  const reset = await post('/api/control/reset', { scope: 'all', annotator_id: null, domain: null, confirmation: 'DELETE' })
  assert.equal([reset.deleted.results, drover.status().done], [30, 0])
})

test('hears of crashes and errors, and of dead tasks as malformed', async () => {
  const drover = await open({
    restart: { maxRestarts: 0 },
    tasks: { maxAttempts: 1 },
    workers: [worker('annotator-1/a'), worker('annotator-2/a', { dataset: 'fatal' })],
  })
  const server = await serve(drover)
  await drover.load('fatal', [{ id: 'a', do: 'exit' }])
  await drover.load('data', [{ id: 'a', do: 'throw' }, { id: 'b' }])
  const live = await listen(server, server.url)
  await live.seen('full_state')
  await drover.start()
  assert.match((await live.seen('crash_detected')).data.message, /^annotator-2\/a: /)
  const { data } = await live.seen('error')
  assert.equal([typeof data.message, data.log.level], ['string', 'ERROR'])
  await drover.done()
  const { body } = await ask(server, '/api/monitoring/workers/1/a')
  const { completed, malformed, percentage } = body.progress
  assert.equal([completed, malformed, percentage], [1, 1, 50])
  const { body: overview } = await ask(server, '/api/monitoring/overview')
  assert.is.not(typeof overview.estimated_time_remaining, 'string')
  assert.is(overview.crashed_workers, 1)
  const call = { scope: 'single', annotator_id: 1, domain: 'a', confirmation: 'DELETE' }
  const reset = await ask(server, '/api/control/reset', { method: 'POST', body: call })
  assert.equal(reset.body.deleted, { results: 1, dead: 1 })
})

test('a factory reset without the exact word, or without the right to it, stops nothing; with it everything is gone', async () => {
  const drover = await open({ workers: [worker('annotator-1/a', { input: { everyMs: 50 } }), worker('annotator-2/a', { enabled: false })] })
  const server = await serve(drover, { token, readToken })
  const factory = (query: string, as = token) =>
    ask(server, `/api/control/factory-reset${query}`, { method: 'POST', headers: { authorization: `Bearer ${as}` } })
  await drover.load('data', items(1_000))
  await drover.start()
  await until(() => drover.status().done > 0, 'a result')
  for (const query of ['', '?confirmation=', '?confirmation=DELETE', '?confirmation=factory_reset', '?confirmation=FACTORY_RESET%20']) {
    assert.equal((await factory(query)).body.error, 'CONFIRMATION_REQUIRED')
  }
  assert.is((await factory('?confirmation=FACTORY_RESET', readToken)).status, 403)
  assert.is(drover.worker('annotator-1/a').status().state, 'running')
  const { status, body } = await factory('?confirmation=FACTORY_RESET')
  assert.equal([status, body.workers.map(({ ok }: { ok: boolean }) => ok)], [200, [true, true]])
  assert.ok(body.deleted.results > 0)
  assert.equal([drover.status().done, drover.worker('annotator-1/a').status().state], [0, 'idle'])
  const [told] = await drover.history({ types: ['http:control:done'], limit: 1 })
  assert.match(JSON.stringify(told?.payload), /"workers.reset"/)
})

test('what it would write to the configuration is 501, and says whose it is', async () => {
  const { server, get } = await client()
  const { paths } = (await ask(server, '/api/openapi.json')).body
  for (const [method, path] of [
    ['PUT', 'settings'],
    ['GET', 'api-keys'],
    ['POST', 'api-keys'],
    ['GET', 'prompts/urgency/versions'],
    ['DELETE', 'prompts/1/urgency'],
  ] as const) {
    const { status, body } = await ask(server, `/api/config/${path}`, { method })
    assert.equal([status, body.success, body.error, body.detail], [501, false, 'NOT_IMPLEMENTED', body.message], `${method} ${path}`)
    assert.match(body.message, /belongs to the application/)
    assert.ok(paths['/api/config/{call}'][method.toLowerCase()].responses['501'], `${method} is not in the document`)
  }
  assert.equal(await get('/api/config/dataset/info'), { total: 0, datasets: [{ name: 'data', total: 0 }] })
})

test('a page of an origin that is not listed is told which option lets it in', async () => {
  const { server } = await client()
  const elsewhere = { origin: 'https://elsewhere.example.org' }
  const { status, body } = await ask(server, '/api/control/start', { method: 'POST', headers: elsewhere })
  assert.is(status, 403)
  assert.match(body.message, 'origins: ["https://elsewhere.example.org"]')
})

test('its paths of the probe and of the document answer too', async () => {
  const { server } = await client()
  const [docs, reference] = [await ask(server, '/api/docs'), await ask(server, '/api/reference')]
  assert.equal([docs.status, docs.body], [200, reference.body])
})

test.run()
