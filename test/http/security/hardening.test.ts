/** Requests that no well-meant client sends, and clients that take more than their share. */

import { channel } from 'node:diagnostics_channel'
import { once } from 'node:events'
import type { Server } from 'node:http'
import { connect } from 'node:net'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { DroverEvents } from '../../../src/events/event-map.js'
import { createStatusApp } from '../../../src/http/app.js'
import type { ServeOptions, StatusServer } from '../../../src/http/base/options.js'
import { hangMs } from '../../support/hang.js'
import { closeSockets, RawClient, serveSockets } from '../../support/sockets.js'
import { ask, bearer, closeServers, readToken, serve, token } from '../../support/status.js'
import { cleanUp, collect, event, open, state, until, worker } from '../../support/system.js'

const test = suite('what nobody should ask of the status server')
test.after.each(async () => {
  await closeSockets()
  await closeServers()
  await cleanUp()
})

async function start(options: ServeOptions = { token, readToken }, own: Parameters<typeof serve>[2] = {}) {
  const drover = await open({ workers: [worker('annotator-1/urgency')] })
  return { drover, server: await serve(drover, options, own) }
}

/** What is answered to these very bytes until the connection is closed. */
async function wire({ port }: StatusServer, text: string): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }, () => socket.write(text))
  socket.setTimeout(hangMs, () => socket.destroy(new Error(`neither answered nor closed within ${hangMs} ms`)))
  const chunks = await collect(socket)
  socket.destroy()
  return chunks.join('')
}

const overview = '/api/monitoring/overview'
const host = 'Host: localhost\r\n'
const authorized = `${host}Authorization: Bearer ${token}\r\nConnection: close\r\n`

test('every answer tells browsers what it may do, whatever it is', async () => {
  const { server } = await start({ token, dashboard: true })
  const foreign = { headers: { origin: 'https://evil.example' }, method: 'POST' }
  for (const [path, init] of [
    ['/'],
    ['/nothing'],
    ['/livez'],
    [overview],
    [overview, { headers: bearer(token) }],
    ['/api/control/stop', foreign],
    ['/api/reference', { headers: bearer(token) }],
    ['/api/v1/workers/none', { headers: bearer(token) }],
    ['/api/v1/workers?limit=-1', { headers: bearer(token) }],
  ] as [string, object?][]) {
    const { headers } = await ask(server, path, init)
    assert.is(
      headers.get('content-security-policy'),
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
      path,
    )
    assert.is(headers.get('x-content-type-options'), 'nosniff', path)
    assert.is(headers.get('x-frame-options'), 'DENY', path)
    assert.is(headers.get('referrer-policy'), 'no-referrer', path)
    assert.is(headers.get('cross-origin-resource-policy'), 'same-origin', path)
    assert.is(headers.get('x-powered-by'), null, path)
  }
})

test('only behind a proxy is its header believed: else each guess would come from another address', async () => {
  const { server } = await start()
  const guess = (n: number) =>
    ask(server, overview, { headers: { ...bearer(`guessed-token-${n}`), 'x-forwarded-for': `192.0.2.${n}` } }).then(({ status }) => status)
  const statuses: number[] = []
  for (let n = 0; n < 10; n++) statuses.push(await guess(n))
  assert.ok(statuses.includes(429), statuses.join())
})

test('without a token a request through a proxy is not local, even without a forwarded address', async () => {
  const { server } = await start({ behindProxy: true })
  const status = async (headers: Record<string, string>) => (await ask(server, overview, { headers })).status
  assert.is(await status({}), 200)
  assert.is(await status({ 'x-forwarded-for': '127.0.0.1' }), 200)
  for (const value of ['192.0.2.1:4711', '[2001:db8::1]:4711', 'unknown', '', ',', '127.0.0.1, unknown', 'localhost'])
    assert.is(await status({ 'x-forwarded-for': value }), 403, value)
  for (const name of ['forwarded', 'x-real-ip', 'x-forwarded-host', 'x-forwarded-proto', 'via', 'cf-connecting-ip'])
    assert.is(await status({ [name]: '127.0.0.1' }), 403, name)
  const direct = await start({})
  for (const name of ['x-forwarded-for', 'forwarded', 'x-real-ip', 'x-forwarded-host', 'x-forwarded-proto', 'via', 'cf-connecting-ip'])
    assert.is((await ask(direct.server, overview, { headers: { [name]: '127.0.0.1' } })).status, 403, name)
})

test('another machine that says localhost is not this one', async () => {
  const { drover } = await start()
  const app = createStatusApp(drover)
  const from = (remoteAddress: string | undefined) =>
    app.request(overview, { headers: { host: 'localhost' } }, { incoming: { socket: { remoteAddress } } })
  for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1']) assert.is((await from(address)).status, 200, address)
  for (const address of ['192.0.2.1', '::ffff:192.0.2.1', '2001:db8::1', '::', '0.0.0.0', '1270.0.0.1', undefined])
    assert.is((await from(address)).status, 403, address)
})

test('one request is not two, and headers that come twice are not what they seem', async () => {
  const { server } = await start()
  const post = `POST /api/control/stop HTTP/1.1\r\n${authorized}`
  for (const headers of [
    'Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}',
    'Transfer-Encoding: identity, chunked, gzip\r\n\r\n0\r\n\r\n',
    'Content-Length : 2\r\n\r\n{}',
    'X-Folded: a\r\n b\r\nContent-Length: 0x2\r\n\r\n{}',
  ])
    assert.match(await wire(server, post + headers), /^HTTP\/1\.1 400/, headers)
  const get = (headers: string) => wire(server, `GET ${overview} HTTP/1.1\r\n${headers}Connection: close\r\n\r\n`)
  assert.match(await get(authorized), /^HTTP\/1\.1 200/)
  assert.match(await get(`Host: localhost\r\nHost: evil.example\r\nAuthorization: Bearer ${token}\r\n`), /^HTTP\/1\.1 4/)
  assert.match(await get(`Host: evil.example\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n`), /^HTTP\/1\.1 4/)
  assert.match(await get(`${host}Authorization: Bearer wrong-token-of-a-test\r\nAuthorization: Bearer ${token}\r\n`), /^HTTP\/1\.1 401/)
  for (const name of ['ｌocalhost', 'localhost\u00ad', 'localhost:80:80', 'localhost@evil.example', '127.0.0.1.evil.example', '0.0.0.0:x'])
    assert.match(await get(`Host: ${name}\r\nAuthorization: Bearer ${token}\r\n`), /^HTTP\/1\.1 4/, name)
  // An address in full in the request line does not stand in for the header.
  const absolute = `GET http://localhost${overview} HTTP/1.1\r\nHost: evil.example\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n\r\n`
  assert.match(await wire(server, absolute), /^HTTP\/1\.1 4/)
})

test('unknown methods, and headers that override the method, change nothing', async () => {
  const { drover, server } = await start({})
  for (const method of ['TRACE', 'CONNECT', 'PROPFIND', 'PURGE', 'DELETE', 'PUT']) {
    const answer = await wire(server, `${method} /api/control/stop HTTP/1.1\r\n${host}Connection: close\r\nContent-Length: 0\r\n\r\n`)
    assert.not.match(answer, /^HTTP\/1\.1 (2|5)/, method)
  }
  const done: DroverEvents['http:control:done'][] = []
  drover.on('http:control:done', (payload) => done.push(payload))
  for (const method of ['GET', 'HEAD', 'OPTIONS']) {
    const headers = { 'x-http-method-override': 'POST', 'x-method-override': 'POST' }
    const { status } = await fetch(`${server.url}/api/control/start?_method=POST`, { method, headers })
    assert.is(status, method === 'OPTIONS' ? 204 : 405, method)
  }
  assert.equal(done, [])
  assert.is(drover.status().workers[0]?.state, 'idle')
})

test('oversized paths, numbers and texts are refused, and the server continues', async () => {
  const { server } = await start({})
  const v1 = '/api/v1'
  const huge = '9'.repeat(400)
  for (const path of [
    ...['%', '%00', '%ff', '%E0%A4%A', '..%2f..', '__proto__', 'constructor', '%0d%0aSet-Cookie:a=b'].flatMap((id) => [
      `/workers/${id}`,
      `/quotas/${id}`,
      `/profiles/${id}`,
      `/tasks/${id}/${id}`,
    ]),
    ...['limit', 'after'].flatMap((name) => ['/workers', '/tasks', '/events', '/logs'].map((list) => `${list}?${name}=${huge}`)),
    '/workers?limit=-1',
    '/workers?limit=1e9',
    '/events/stream?after=-1',
    `/results/sample?after=${huge}`,
    '/results/labels?path=%00',
    '/results/labels?path=$[',
    `/results/labels?path=${encodeURIComponent('$."\'; DROP TABLE result; --')}`,
    '/workers?search=a&search=b&__proto__=c',
  ]) {
    const { status, headers } = await ask(server, v1 + path)
    assert.ok(status === 200 || (status >= 400 && status < 500), `${path}: ${status}`)
    assert.is(headers.get('set-cookie'), null)
  }
  for (const range of [`rows=${huge}-`, 'rows=0-999999999999999', 'rows=-5', 'rows=5-1', 'rows=0-1,3-4', 'rows='])
    assert.is((await ask(server, `${v1}/results`, { headers: { range } })).status, 416, range)
  assert.is((await ask(server, `${v1}/results`, { headers: { range: 'rows=999999999999-' } })).status, 206)
  const search = `${'a'.repeat(100)}%25_*(a+)+$`
  for (const list of ['workers', 'tasks']) assert.is((await ask(server, `${v1}/${list}?search=${search}`)).status, 200)
  const deep = `{"note":${'['.repeat(200_000)}${']'.repeat(200_000)}}`
  for (const path of ['/api/control/stop', `${v1}/control/stop`, `${v1}/settings`]) {
    const { status } = await ask(server, path, { method: path.endsWith('settings') ? 'PATCH' : 'POST', body: deep })
    assert.ok(status < 500, `${path}: ${status}`)
  }
  assert.is((await ask(server, '/livez')).status, 200)
})

test('mistakes in the input of old paths are reported without quoting it', async () => {
  const { server } = await start({})
  const secret = 'sk-a-key-of-a-test'
  const calls = [
    ask(server, `/api/monitoring/workers?status=${secret}`),
    ask(server, `/api/monitoring/logs?level=${secret}`),
    ask(server, '/api/control/stop', { method: 'POST', body: { domain: [secret] } }),
    ask(server, '/api/control/reset', { method: 'POST', body: { scope: secret } }),
  ]
  for (const { status, body } of await Promise.all(calls)) {
    assert.is(status, 400)
    assert.not.match(JSON.stringify(body), secret)
  }
})

test('the event of a call has the values that were used, not others of the same name', async () => {
  const { drover, server } = await start({})
  const told = event(drover, 'http:control:done')
  const body = { annotator_id: '2', domain: 'intensity', more: 1 }
  await ask(server, '/api/control/restart/1/urgency?annotator_id=3&more=2', { method: 'POST', body })
  const { params } = await told
  assert.equal(params, { annotator_id: '1', domain: 'urgency', more: 1 })
})

test('an upgrade to anything but a WebSocket is answered and closed, and no refused one stays open', async () => {
  const { server } = await start()
  const upgrade = (to: string, path = '/api/ws') =>
    wire(server, `GET ${path} HTTP/1.1\r\n${host}Connection: Upgrade\r\nUpgrade: ${to}\r\nSec-WebSocket-Version: 13\r\n\r\n`)
  assert.match(await upgrade('h2c'), /^HTTP\/1\.1 400/)
  assert.match(await upgrade('TLS/1.0', '/livez'), /^HTTP\/1\.1 400/)
  assert.match(await upgrade('websocket'), /^HTTP\/1\.1 401/)
  const named = (name: string) =>
    wire(server, `GET /api/ws HTTP/1.1\r\nHost: ${name}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n`)
  for (const name of ['a b', 'user@localhost', 'localhost/path', '[::1', 'localhost:port', '%00', 'evil"', '']) {
    assert.match(await named(name), /^HTTP\/1\.1 4\d\d/, name)
  }
  for (const path of ['http://[', 'http://a:b/', '//', '*']) assert.match(await upgrade('websocket', path), /^HTTP\/1\.1 4\d\d/, path)
  // This client does not close its end.
  const socket = connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true })
  socket.write(`GET /api/ws HTTP/1.1\r\n${host}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`)
  socket.resume()
  await once(socket, 'end')
  let gone = false
  socket.on('error', () => {
    gone = true
  })
  await until(() => {
    socket.write('x')
    return gone
  }, 'the server has closed the connection')
  socket.destroy()
})

test('by default headers have ten seconds, a request a minute', async () => {
  const { server } = await start()
  const seen: Server[] = []
  const watch = (message: unknown): void => void seen.push((message as { server: Server }).server)
  channel('http.server.request.start').subscribe(watch)
  await ask(server, '/livez')
  channel('http.server.request.start').unsubscribe(watch)
  const own = seen.find((each) => (each.address() as { port: number } | null)?.port === server.port)
  assert.equal([own?.headersTimeout, own?.requestTimeout], [10_000, 60_000])
  assert.ok((own?.keepAliveTimeout ?? 0) > 0 && (own?.keepAliveTimeout ?? 0) <= 10_000)
})

test('a silent connection is closed', async () => {
  const { server } = await start({}, { limits: { headersTimeout: 200, requestTimeout: 400, connectionsCheckingInterval: 50 } })
  assert.match(await wire(server, ''), /^(HTTP\/1\.1 408|$)/)
})

test('one address follows a hundred streams and no more, and may again when one has ended', async () => {
  const { server } = await start()
  const url = `${server.url}/api/v1/events/stream`
  const leave: AbortController[] = []
  // A response that nobody holds is cancelled when its memory is freed.
  const held: Response[] = []
  const follow = async (): Promise<number> => {
    const abort = new AbortController()
    const response = await fetch(url, { headers: bearer(readToken), signal: abort.signal })
    const { status } = response
    held.push(response)
    if (status === 200) leave.push(abort)
    else await response.body?.cancel()
    return status
  }
  for (let n = 0; n < 100; n++) assert.is(await follow(), 200, `stream ${n}`)
  const { status, body } = await ask(server, '/api/v1/events/stream', { headers: bearer(readToken), signal: AbortSignal.timeout(hangMs) })
  assert.equal([status, body.error], [429, 'TOO_MANY_STREAMS'])
  assert.is((await ask(server, overview, { headers: bearer(readToken) })).status, 200)
  leave.pop()?.abort()
  let again = 0
  for (const deadline = performance.now() + hangMs; again !== 200 && performance.now() < deadline; ) again = await follow()
  assert.is(again, 200)
  for (const abort of leave) abort.abort()
})

test('one address has a thousand sockets and no more', async () => {
  const { drover } = await start()
  const { url, hub } = await serveSockets(drover)
  const first = new RawClient(url)
  await first.next('state')
  assert.equal([hub.sizeFrom('127.0.0.1'), hub.sizeFrom('192.0.2.1')], [1, 0])
  hub.sizeFrom = () => 999
  await new RawClient(url).next('state')
  hub.sizeFrom = () => 1_000
  const [refused] = await once(new RawClient(url).socket, 'unexpected-response')
  refused.destroy()
  first.send({ type: 'ping' })
  await first.next('pong')
})

test('the name of a file that is offered is made of harmless characters, and a row is one line', async () => {
  const { drover, server } = await start({})
  const text = 'one\r\ntwo\u2028three"}\n{"key":"forged"}'
  await drover.load('data', [{ id: text, do: 'sleep', ms: 100 }])
  await drover.start()
  await state(drover, 'annotator-1/urgency', 'running')
  const taken = await ask(server, '/api/v1/profiles', { method: 'POST', body: { worker: 'annotator-1/urgency', ms: 1 } })
  const { headers } = await ask(server, `/api/v1/profiles/${taken.body.id}`)
  assert.is(headers.get('content-disposition'), 'attachment; filename="annotator-1_urgency.cpuprofile"')
  await until(() => drover.status().done === 1, 'the task is done')
  const { body } = await ask(server, '/api/v1/results')
  const lines = (body as string).split('\n').filter((line) => line !== '')
  assert.equal(
    lines.map((line) => (JSON.parse(line) as { key: string }).key),
    [text],
  )
})

test('servers that are asked under the same name, by tunnels for example, have cookies of their own', async () => {
  const { drover, server } = await start({ token })
  const other = await serve(drover, { token })
  const body = JSON.stringify({ token })
  const login = `POST /api/v1/session HTTP/1.1\r\n${host}Connection: close\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  const names = (await Promise.all([wire(server, login), wire(other, login)])).map((text) => /set-cookie: (drover_\w+)=/i.exec(text)?.[1])
  assert.ok(names[0] && names[1], 'both set one')
  assert.is.not(names[0], names[1])
})

test('cookies that go by https have a name that no neighbour can set', async () => {
  const { drover, server } = await start({ token, behindProxy: true })
  const headers = { 'x-forwarded-proto': 'https', 'x-forwarded-for': '192.0.2.1' }
  const login = await ask(server, '/api/v1/session', { method: 'POST', body: { token }, headers })
  const set = login.headers.get('set-cookie') ?? ''
  assert.match(set, /^__Host-drover_\w+=/)
  assert.match(set, /Path=\/;.*Secure/)
  const [cookie = ''] = set.split(';')
  assert.is((await ask(server, overview, { headers: { ...headers, cookie } })).status, 200)
  assert.is((await ask(server, overview, { headers: { ...headers, cookie: cookie.replace('__Host-', '') } })).status, 401)
  // Of the upgrade some proxies say wss.
  const socket = new RawClient(server.url, 'protocol=2', { headers: { ...headers, cookie, 'x-forwarded-proto': 'wss' } })
  await socket.next('hello')
  const app = createStatusApp(drover, { token, behindProxy: true })
  const { Hono } = await import('hono')
  const mounted = await new Hono().route('/drover', app).request('http://localhost/drover/api/v1/session', {
    method: 'POST',
    body: JSON.stringify({ token }),
    headers: { ...headers, host: 'localhost', 'content-type': 'application/json' },
  })
  assert.match(mounted.headers.get('set-cookie') ?? '', /^__Secure-drover_\w+=.*Path=\/drover;/)
  const logout = { ...headers, cookie, 'x-drover-csrf': login.body.csrf }
  const out = await ask(server, '/api/v1/session', { method: 'DELETE', headers: logout })
  assert.match(out.headers.get('set-cookie') ?? '', /^__Host-drover_\w+=; Max-Age=0/)
})

test.run()
