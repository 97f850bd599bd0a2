/** What others may try against the status server, over real HTTP and sockets. */
import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { WebSocket } from 'ws'
import { DroverError } from '../../../src/errors.js'
import type { DroverEvents } from '../../../src/events/event-map.js'
import type { ServeOptions, StatusServer } from '../../../src/http/base/options.js'
import { Attempts } from '../../../src/http/security/attempts.js'
import { ask, bearer, closeServers, readToken, serve, token } from '../../support/status.js'
import { cleanUp, event, items, open, openWithParts, until, worker } from '../../support/system.js'

const test = suite('attacks on the status server')
test.after.each(async () => {
  await closeServers()
  await cleanUp()
})

async function start(options: ServeOptions = { token, readToken }, own: Parameters<typeof serve>[2] = {}) {
  const drover = await open({ workers: [worker('annotator-1/urgency', { input: { apiKey: 'sk-a-key-of-a-test' } })] })
  return { drover, server: await serve(drover, options, own) }
}

interface Raw {
  status: number
  body: string
}

/** As `ask`, with a path and headers that fetch would not send. */
async function raw({ port }: StatusServer, path: string, headers: Record<string, string> = {}, method = 'GET', body = ''): Promise<Raw> {
  const request = httpRequest({ port, host: '127.0.0.1', path, method, headers, setHost: headers.host === undefined })
  request.end(body)
  const [response] = await once(request, 'response')
  let text = ''
  for await (const chunk of response) text += chunk
  return { status: response.statusCode, body: text }
}

const overview = '/api/monitoring/overview'
const control = '/api/control/stop'
const post = (server: StatusServer, path: string, headers: Record<string, string>, body?: unknown) =>
  ask(server, path, { method: 'POST', headers, ...(body !== undefined && { body }) })

test('without the right token everything below /api is refused', async () => {
  const { server } = await start()
  const wrong = [{}, bearer('wrong-token-of-a-test'), bearer(''), bearer(`${token}x`), bearer(token.slice(0, -1)), { authorization: token }]
  for (const headers of [...wrong, { authorization: `Basic ${btoa(`user:${token}`)}` }, { cookie: `drover=${token}` }]) {
    for (const path of [overview, '/api/v1/overview', '/api/openapi.json', '/api/nothing']) {
      const { status, body } = await ask(server, path, { headers })
      assert.ok([401, 429].includes(status), `${path}: ${status}`)
      assert.is(body.success, false)
    }
  }
  const other = await start()
  assert.is((await post(other.server, control, {})).status, 401)
  assert.is((await ask(other.server, overview, { headers: bearer(readToken) })).status, 200)
})

test('a token in the URL is none', async () => {
  const { server } = await start()
  for (const name of ['token', 'access_token', 'auth', 'authorization']) {
    assert.is((await ask(server, `${overview}?${name}=${token}`)).status, 401)
  }
})

test('a token for reading changes nothing, and its attempt is reported', async () => {
  const { drover, server } = await start()
  const calls: [string, unknown][] = [
    ['/api/control/start', {}],
    ['/api/control/stop', {}],
    ['/api/control/pause', {}],
    ['/api/control/resume', {}],
    ['/api/control/restart/1/urgency', undefined],
    ['/api/control/reset', { scope: 'all', confirmation: 'CONFIRM' }],
    ['/api/v1/control/start', {}],
    ['/api/v1/tasks/drop', { confirmation: 'CONFIRM' }],
  ]
  const done: DroverEvents['http:control:done'][] = []
  drover.on('http:control:done', (payload) => done.push(payload))
  for (const [path, body] of calls) {
    const answer = await post(server, path, bearer(readToken), body)
    assert.equal([answer.status, answer.body.error], [403, 'FORBIDDEN'], path)
  }
  assert.is(done.length, calls.length)
  assert.equal(new Set(done.map(({ outcome, status, who }) => `${outcome} ${status} ${who}`)), new Set(['refused 403 token']))
  const stored = await drover.history({ types: ['http:control:done'] })
  assert.is(stored.length, calls.length)
  assert.is(drover.status().workers[0]?.state, 'idle')
})

test('the event of a call holds no secret', async () => {
  const { drover, server } = await start()
  const told = event(drover, 'http:control:done')
  await post(server, `${control}?token=${token}`, bearer(token), { domain: `urgency`, password: 'hunter2', note: token, key: 'k1' })
  const { params, at: _, ...rest } = await told
  assert.equal(rest, { action: 'workers.stop', who: 'token', from: '127.0.0.1', outcome: 'ok', status: 200 })
  assert.equal(params, { token: '[redacted]', domain: 'urgency', password: '[redacted]', note: '[redacted]', key: 'k1' })
})

test('pages of other origins change nothing and open no socket', async () => {
  const { server } = await start({})
  const own = server.url
  for (const origin of ['https://evil.example', 'null', `${own}.evil.example`, own.replace(/:\d+$/, ':1'), 'garbage']) {
    for (const [path, method] of [
      [control, 'POST'],
      ['/api/v1/session', 'POST'],
      ['/api/v1/settings', 'PATCH'],
    ] as const) {
      const { status, body, headers } = await ask(server, path, { method, headers: { origin }, body: {} })
      assert.equal([status, body.error], [403, 'FORBIDDEN_ORIGIN'], `${origin} ${path}`)
      assert.is(headers.get('access-control-allow-origin'), null)
    }
    assert.is(await refusedUpgrade(server, { origin }), 403)
  }
  assert.is((await post(server, control, { origin: own })).status, 200)
})

test('listed origins may ask with a token, and no cookie is sent along', async () => {
  const origin = 'https://console.example.org'
  const { server } = await start({ token, origins: [origin] })
  const preflight = await ask(server, control, {
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
  })
  assert.is(preflight.status, 204)
  assert.is(preflight.headers.get('access-control-allow-origin'), origin)
  assert.match(preflight.headers.get('access-control-allow-headers') ?? '', 'authorization')
  const answer = await post(server, control, { origin, ...bearer(token) })
  assert.is(answer.status, 200)
  assert.is(answer.headers.get('access-control-allow-origin'), origin)
  assert.is(answer.headers.get('access-control-allow-credentials'), null)
  const other = await ask(server, overview, { headers: { origin: 'https://evil.example', ...bearer(token) } })
  assert.is(other.headers.get('access-control-allow-origin'), null)
})

test('under a foreign name it is not asked: names can be pointed here', async () => {
  const { server } = await start({})
  for (const host of ['evil.example', `evil.example:${server.port}`, 'localhost.evil.example', '192.0.2.7', '[2001:db8::1]:80', '']) {
    for (const path of [overview, '/', '/api/v1/session']) {
      const { status } = await raw(server, path, { host })
      assert.ok(status === 421 || (host === '' && status === 400), `${host} ${path}: ${status}`)
    }
  }
  for (const host of ['localhost', `127.0.0.1:${server.port}`, '[::1]', 'LOCALHOST:1']) {
    assert.is((await raw(server, overview, { host })).status, 200, host)
  }
  const named = await start({ token, hosts: ['console.example.org'] })
  const authorization = `Bearer ${token}`
  for (const [host, status] of [
    ['console.example.org', 200],
    ['192.0.2.7:80', 200],
    ['evil.example', 421],
  ] as const) {
    assert.is((await raw(named.server, overview, { host, authorization })).status, status, host)
  }
})

test('without a token, what a proxy passes on from elsewhere is refused', async () => {
  const { server } = await start({})
  for (const headers of [{ 'x-forwarded-for': '127.0.0.1' }, { forwarded: 'for=127.0.0.1' }, { 'x-real-ip': '::1' }]) {
    assert.is((await ask(server, overview, { headers })).status, 403)
  }
  const behind = await start({ behindProxy: true })
  assert.is((await ask(behind.server, overview, { headers: { 'x-forwarded-for': '127.0.0.1, 192.0.2.1' } })).status, 403)
})

test('bodies that are too large are refused, whether they say so or not', async () => {
  const { server } = await start({ token, maxBodyBytes: 1_000 })
  const headers = bearer(token)
  const large = JSON.stringify({ domain: 'x'.repeat(2_000) })
  for (const path of [control, '/api/v1/session', '/api/v1/control/stop']) {
    const told = await post(server, path, headers, large)
    assert.equal([told.status, told.body.error], [413, 'BODY_TOO_LARGE'], path)
    const chunked = await raw(
      server,
      path,
      { ...headers, 'content-type': 'application/json', 'transfer-encoding': 'chunked' },
      'POST',
      large,
    )
    assert.is(chunked.status, 413, path)
    assert.match(chunked.body, 'BODY_TOO_LARGE')
  }
  assert.is((await post(server, control, headers, { domain: 'urgency' })).status, 200)
})

test('two thousand guesses of a token are answered at once, and mostly with 429', async () => {
  const { server } = await start()
  const counts = new Map<number, number>()
  let n = 0
  const guess = async (): Promise<void> => {
    for (let i = n++; i < 2_000; i = n++) {
      const wrong = `guessed-token-${i}`
      const { status } =
        i % 2 ? await ask(server, overview, { headers: bearer(wrong) }) : await post(server, '/api/v1/session', {}, { token: wrong })
      counts.set(status, (counts.get(status) ?? 0) + 1)
    }
  }
  await Promise.all(Array.from({ length: 20 }, guess))
  assert.is((counts.get(401) ?? 0) + (counts.get(429) ?? 0), 2_000, JSON.stringify([...counts]))
  assert.ok((counts.get(429) ?? 0) > 1_900, JSON.stringify([...counts]))
})

test('the right token is not locked out by guesses, wherever they come from, and forgives none of them', async () => {
  const { server } = await start({ token, behindProxy: true })
  const from = (address: string, value: string) =>
    ask(server, overview, { headers: { ...bearer(value), 'x-forwarded-for': address } }).then(({ status }) => status)
  for (let i = 0; i < 10; i++) await from('192.0.2.1', `guessed-token-${i}`)
  assert.is(await from('192.0.2.1', 'guessed-token-10'), 429)
  // Who knows is let in, also where somebody beside him guesses, ...
  assert.is(await from('192.0.2.1', token), 200)
  // ... which does not make the next guess cheaper.
  assert.is(await from('192.0.2.1', 'guessed-token-11'), 429)
  assert.is(await from('192.0.2.2', token), 200)
  for (let i = 0; i < 50; i++) assert.is(await from('192.0.2.3', 'the-token-of-last-week'), 401)
  assert.is(await from('192.0.2.3', token), 200)
})

test('a client with a token for reading cannot guess the other token more often than others', async () => {
  const { server } = await start({ token, readToken })
  const counts = new Map<number, number>()
  for (let n = 0; n < 300; n++) {
    const { status } = await ask(server, overview, { headers: bearer(`guessed-token-${n}`) })
    counts.set(status, (counts.get(status) ?? 0) + 1)
    if (n % 4 === 3) assert.is((await ask(server, overview, { headers: bearer(readToken) })).status, 200)
  }
  assert.ok((counts.get(429) ?? 0) > 250, JSON.stringify([...counts]))
})

test('guesses cost more and more time, are forgotten, and are not remembered without end', () => {
  let now = 0
  const attempts = new Attempts(() => now, { addresses: 100 })
  const blocked = (address = '192.0.2.1'): boolean => {
    try {
      attempts.check(address, 'bearer')
      return false
    } catch {
      return true
    }
  }
  for (let i = 0; i < 5; i++) attempts.failed('192.0.2.1', 'bearer', `a${i}`)
  assert.is(blocked(), false)
  for (const [i, waitMs] of [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000].entries()) {
    attempts.failed('192.0.2.1', 'bearer', `b${i}`)
    now += waitMs - 1
    assert.is(blocked(), true, `${waitMs}`)
    now += 1
    assert.is(blocked(), false, `${waitMs}`)
  }
  now += 900_000
  attempts.failed('192.0.2.1', 'bearer', 'c')
  assert.is(blocked(), false)
  for (let i = 0; i < 1_000; i++) attempts.failed(`198.51.100.${i}`, 'bearer', 'd')
  assert.is(attempts.size, 100)
  for (let i = 0; i < 9; i++) attempts.failed(`2001:db8::${i}`, 'bearer', `e${i}`)
  assert.is(blocked('2001:db8:0:0:ffff::1'), true)
  assert.is(blocked('2001:db8:0:1::1'), false)
})

/** The status with which an upgrade was refused; a socket that opens is no refusal. */
async function refusedUpgrade(
  server: StatusServer,
  headers: Record<string, string>,
  protocols: string[] = [],
  query = '',
): Promise<number> {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/api/ws${query}`, protocols, { headers })
  return new Promise((resolve, reject) => {
    socket.on('unexpected-response', (_request, response) => {
      response.resume()
      resolve(response.statusCode as number)
    })
    socket.on('open', () => {
      socket.close()
      resolve(101)
    })
    socket.on('error', reject)
  })
}

test('the WebSocket takes a token from the header or the subprotocol, and from nowhere else', async () => {
  const { server } = await start()
  const protocolOf = (value: string) => `drover.token.${Buffer.from(value).toString('base64url')}`
  assert.is(await refusedUpgrade(server, {}), 401)
  assert.is(await refusedUpgrade(server, bearer('wrong-token-of-a-test')), 401)
  assert.is(await refusedUpgrade(server, {}, ['drover.v2', protocolOf('wrong-token-of-a-test')]), 401)
  assert.is(await refusedUpgrade(server, {}, ['drover.v2'], `?token=${token}`), 401)
  assert.is(await refusedUpgrade(server, bearer(token)), 101)
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/api/ws?protocol=2`, ['drover.v2', protocolOf(token)])
  await once(socket, 'open')
  assert.is(socket.protocol, 'drover.v2')
  const closed = once(socket, 'close')
  await server.close()
  const [code] = await closed
  assert.is(code, 1001)
})

test('no path leads out of the dashboard', async () => {
  const { server } = await start()
  const paths = [
    '/../package.json',
    '/..%2fpackage.json',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/assets/..%5c..%5cpackage.json',
    '//etc/passwd',
    '/%00',
    '/%',
  ]
  for (const path of [...paths, '/....//....//etc/passwd', '/index.html/../../package.json', 'http://127.0.0.1/../package.json']) {
    const { status, body } = await raw(server, path)
    assert.ok(status < 500, `${path}: ${status}`)
    assert.not.ok(/root:|"drover"|devDependencies/.test(body), path)
  }
})

test('HTML in data and names comes back as JSON that no browser takes for a page', async () => {
  const { drover, server } = await start({})
  const html = '<script>alert(1)</script>'
  await drover.load('data', [{ id: 'a', do: html, text: html }])
  await drover.start()
  await until(() => drover.status().dead === 1, 'the task is dead')
  const query = encodeURIComponent(html)
  for (const path of [
    `/api/monitoring/workers/${query}/x`,
    `/api/monitoring/workers?status=${query}`,
    '/api/v1/tasks/data/a',
    '/api/monitoring/logs',
  ]) {
    const { headers } = await ask(server, path)
    assert.match(headers.get('content-type') ?? '', /^application\/json/)
    assert.is(headers.get('x-content-type-options'), 'nosniff')
    assert.match(headers.get('content-security-policy') ?? '', "default-src 'none'; script-src 'self'")
    assert.match(headers.get('content-security-policy') ?? '', "frame-ancestors 'none'; base-uri 'none'; form-action 'self'")
    assert.is(headers.get('referrer-policy'), 'no-referrer')
    assert.match(headers.get('cache-control') ?? '', /^no-(store|cache)$/)
  }
})

test('an internal failure is answered without its place and cause', async () => {
  const { system, parts } = await openWithParts({ workers: [worker('annotator-1/urgency')] })
  const server = await serve(system)
  parts.quotas.reports = () => Promise.reject(new Error(`cannot read ${import.meta.filename}`))
  const { status, body } = await ask(server, '/api/monitoring/quota')
  assert.equal([status, body.error], [500, 'INTERNAL'])
  assert.not.ok(/\.ts|\/|at /.test(JSON.stringify(body)), JSON.stringify(body))
  assert.match(JSON.stringify(system.logs({ limit: 10 })), 'cannot read')
})

test('a failed store is answered without its file', async () => {
  const { system, parts } = await openWithParts({ workers: [worker('annotator-1/urgency')] })
  const server = await serve(system)
  parts.quotas.reports = () =>
    Promise.reject(new DroverError('STORE_FAILED', `cannot open ${import.meta.filename}`, { details: { file: 'a.db' } }))
  const { status, body } = await ask(server, '/api/monitoring/quota')
  assert.equal([status, body.error, body.details], [503, 'STORE_FAILED', undefined])
  assert.not.ok(/\.ts|\.db|\//.test(JSON.stringify(body)), JSON.stringify(body))
})

test('keys such as __proto__ in a body change nothing but are refused or passed over', async () => {
  const { drover, server } = await start({})
  const nasty = '{"__proto__":{"role":"control","scope":"all"},"constructor":{"prototype":{"polluted":1}},"annotator_id":1}'
  const told = event(drover, 'http:control:done')
  assert.is((await post(server, control, {}, nasty)).status, 200)
  await told
  await post(server, '/api/v1/control/stop', {}, nasty)
  await post(server, '/api/v1/session', {}, nasty)
  assert.is((await post(server, '/api/control/reset', {}, '{"__proto__":{"scope":"all","confirmation":"CONFIRM"}}')).status, 400)
  assert.is(({} as Record<string, unknown>).polluted, undefined)
  assert.is(({} as Record<string, unknown>).role, undefined)
})

test('broken requests are refused, and the server continues', async () => {
  const { server } = await start({})
  for (const text of [
    'GARBAGE\r\n\r\n',
    'GET / HTTP/9.9\r\n\r\n',
    'GET / HTTP/1.1\r\n\r\n',
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n',
  ]) {
    const socket = connect(server.port, '127.0.0.1', () => socket.write(text))
    socket.on('error', () => {})
    const [data] = await once(socket, 'data')
    assert.match(String(data), /^HTTP\/1\.1 4/)
    socket.destroy()
  }
  assert.is((await ask(server, '/livez')).status, 200)
})

test('no answer holds a secret', async () => {
  const { drover, server } = await start()
  await drover.load(
    'data',
    items(3, (i) => (i === 0 ? { do: 'throw' } : i === 1 ? { do: 'log' } : {})),
  )
  await drover.start()
  await until(() => drover.status().dead === 1 && drover.status().done === 2, 'all tasks are settled')
  await post(server, control, bearer(token), { note: token })
  const { body: document } = await ask(server, '/api/openapi.json', { headers: bearer(token) })
  const paths = Object.entries(document.paths as Record<string, object>)
    .filter(([path, methods]) => 'get' in methods && !/stream|\/ws$|\/profiles\/\{/.test(path))
    .map(([path]) => path.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? 'annotator-1%2Furgency'))
  assert.ok(paths.length > 10)
  for (const path of [...paths, '/', '/livez', '/readyz']) {
    const { body } = await ask(server, path, { headers: bearer(token) })
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    for (const secret of [token, readToken, 'sk-a-key-of-a-test']) assert.not.ok(text.includes(secret), path)
  }
})

const values: Record<string, string> = { annotator_id: '1', domain: 'urgency', dataset: 'data', key: 'item-0', name: 'none' }

test.run()
