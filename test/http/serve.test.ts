/** Options, listening, limits and closing of the status server. */
import { once } from 'node:events'
import { createServer, request as httpRequest } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Drover } from '../../src/drover/drover.js'
import { createStatusApp } from '../../src/http/app.js'
import type { ServeOptions, StatusOptions } from '../../src/http/base/options.js'
import { serveStatus } from '../../src/http/serve.js'
import { refused } from '../support/refused.js'
import { ask, bearer, closeServers, serve, token } from '../support/status.js'
import { cleanUp, items, open, state, until, worker } from '../support/system.js'

const test = suite('serving the status of a system')
test.after.each(async () => {
  await closeServers()
  await cleanUp()
})

const system = () => open({ workers: [worker('annotator-1/urgency')] })

/** Until a task is in hand. */
const busy = (drover: Drover) => until(() => drover.worker('annotator-1/urgency').status().progress?.leased === 1, 'a task is in hand')

test('every mistake in the options is named, with what is allowed, and no token is shown', async () => {
  const drover = await system()
  const options = {
    token: 'short secret',
    readTokn: token,
    hosts: ['Example.org', 'a.org:80'],
    origins: ['https://a.org/path', 'a.org', 'https://b.org'],
    envelope: 'yes',
    maxBodyBytes: 0,
    port: 70_000,
    hostname: '',
    crashDetectionMinutes: 61,
    authorize: true,
  } as unknown as ServeOptions
  const { code, message, details } = await refused(serveStatus(drover, options))
  assert.is(code, 'CONFIG_INVALID')
  const paths = (details.issues as { path: string }[]).map(({ path }) => path)
  const wrong = ['token', 'readTokn', 'hosts[0]', 'hosts[1]', 'origins[0]', 'origins[1]', 'envelope', 'maxBodyBytes', 'port', 'hostname']
  assert.equal([...paths].sort(), [...wrong, 'crashDetectionMinutes', 'authorize'].sort())
  assert.match(message, 'readTokn: is not an option; did you mean readToken?')
  assert.match(message, 'port: expected a whole number, 0 to 65535, received 70000')
  assert.not.ok(message.includes('short secret'))
  assert.not.ok(JSON.stringify(details).includes(token))
})

test('a token with few different characters is refused', async () => {
  const drover = await system()
  for (const made of ['a'.repeat(16), 'abcabcabcabcabcabc', '12345671234567123456']) {
    const { code, message } = await refused(serveStatus(drover, { token: made }))
    assert.is(code, 'CONFIG_INVALID')
    assert.match(message, /token: expected a text of 16 to 1000 characters, ASCII without spaces, at least 8 of them different/)
    assert.not.ok(message.includes(made))
  }
})

test('tokens that are the same, or beside an application that decides, are mistakes', async () => {
  const drover = await system()
  const code = (options: StatusOptions) => refused((async () => createStatusApp(drover, options))()).then(({ message }) => message)
  assert.match(await code({ token, readToken: token }), 'readToken: expected a text that differs from token')
  assert.match(await code({ token, authorize: () => 'read' }), 'authorize: expected no value')
})

test('without a token nothing but this machine is listened to', async () => {
  const drover = await system()
  for (const hostname of ['0.0.0.0', '::', '192.0.2.1', 'example.org']) {
    const { code, message } = await refused(serveStatus(drover, { hostname, port: 0 }))
    assert.is(code, 'CONFIG_INVALID')
    assert.match(message, 'a token, readToken or authorize')
  }
  const open = await serve(drover, { hostname: '0.0.0.0', token })
  assert.is((await ask(open, '/api/monitoring/overview', { headers: bearer(token) })).status, 200)
})

test('a port in use is reported as such, and nothing is left listening', async () => {
  const drover = await system()
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  const { code, message, details } = await refused(serveStatus(drover, { port }))
  assert.is(code, 'LISTEN_FAILED')
  assert.is(message, `port ${port} of 127.0.0.1: it is in use`)
  assert.equal(details, { hostname: '127.0.0.1', port, code: 'EADDRINUSE' })
  await new Promise((resolve) => other.close(resolve))
})

test('probes are open to all, and tell whether the system is open', async () => {
  const drover = await system()
  const server = await serve(drover, { token })
  const headers = { 'x-forwarded-for': '192.0.2.1' }
  assert.equal((await ask(server, '/livez', { headers })).body, { ok: true })
  assert.equal((await ask(server, '/readyz', { headers })).body, { ok: true })
  await drover.close()
  assert.is((await ask(server, '/livez')).status, 200)
  const { status, body } = await ask(server, '/readyz')
  assert.equal([status, body], [503, { ok: false, not: 'the system is closed' }])
})

test('closing lets requests under way end, and leaves idle connections no time', async () => {
  const drover = await open({ drainMs: 20_000, workers: [worker('annotator-1/urgency')] })
  const server = await serve(drover)
  await drover.load('data', [{ id: 'a', do: 'sleep deaf', ms: 400 }])
  await drover.start()
  await busy(drover)
  // Both connections are there before it closes.
  const idle = connect(server.port, '127.0.0.1')
  await once(idle, 'connect')
  idle.on('error', () => {})
  const idleClosed = once(idle, 'close')
  idle.resume()
  const slow = httpRequest(`${server.url}/api/control/stop`, { method: 'POST' })
  const answered = once(slow, 'response')
  slow.end()
  await state(drover, 'annotator-1/urgency', 'stopping')
  const closed = server.close({ graceMs: 60_000 })
  assert.is(server.close(), closed)
  const [response] = await answered
  assert.is(response.statusCode, 200)
  response.resume()
  await closed
  await idleClosed
  assert.is(await fetch(`${server.url}/livez`).catch(() => 'gone'), 'gone')
})

test('a request that does not end within the grace time is aborted', async () => {
  const drover = await open({ drainMs: 60_000, workers: [worker('annotator-1/urgency')] })
  const server = await serve(drover)
  await drover.load(
    'data',
    items(1, () => ({ do: 'sleep', ms: 60_000 })),
  )
  await drover.start()
  await busy(drover)
  const stuck = fetch(`${server.url}/api/control/stop`, { method: 'POST' }).catch(() => 'broken off')
  await state(drover, 'annotator-1/urgency', 'stopping')
  await server.close({ graceMs: 50 })
  assert.is(await stuck, 'broken off')
})

test('await using closes it', async () => {
  const drover = await system()
  const server = await serveStatus(drover, { port: 0 })
  await server[Symbol.asyncDispose]()
  assert.is(await fetch(`${server.url}/livez`).catch(() => 'gone'), 'gone')
})

/** What a connection is told until it is cut off. */
async function told(socket: Socket): Promise<string> {
  let text = ''
  socket.on('data', (data) => {
    text += data
  })
  socket.on('error', () => {})
  await once(socket, 'close')
  return text
}

test('headers and bodies that never end are cut off', async () => {
  const drover = await system()
  const limits = { headersTimeout: 200, requestTimeout: 400, connectionsCheckingInterval: 50 }
  const server = await serve(drover, {}, { limits })
  const begun = [
    'GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Slow: ',
    'POST /api/control/stop HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{',
    'POST /api/control/stop HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n',
  ]
  const answers = await Promise.all(
    begun.map((text) => {
      const socket = connect(server.port, '127.0.0.1', () => socket.write(text))
      return told(socket)
    }),
  )
  for (const answer of answers) assert.match(answer, 'HTTP/1.1 408')
  assert.is((await ask(server, '/livez')).status, 200)
})

test('headers may have 16 kB', async () => {
  const server = await serve(await system())
  const answer = await fetch(`${server.url}/livez`, { headers: { 'x-large': 'x'.repeat(20_000) } })
  assert.is(answer.status, 431)
})

test.run()
