/** What is open with a session ends with it: sockets and streams, also those that nobody asks with any more. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { ServeOptions, StatusServer } from '../../../src/http/base/options.js'
import { Sessions } from '../../../src/http/security/sessions.js'
import { hangMs } from '../../support/hang.js'
import { closeSockets, RawClient, serveSockets } from '../../support/sockets.js'
import { ask, bearer, closeServers, readToken, serve, token } from '../../support/status.js'
import { cleanUp, open, until, worker } from '../../support/system.js'

const test = suite('the end of a session')
test.after.each(async () => {
  await closeSockets()
  await closeServers()
  await cleanUp()
})

async function start(options: ServeOptions = {}) {
  const system = await open({ workers: [worker('annotator-1/urgency')] })
  return serve(system, { token, readToken, ...options })
}

async function login(server: StatusServer, value = token): Promise<{ cookie: string; 'x-drover-csrf': string }> {
  const { headers, body } = await ask(server, '/api/v1/session', { method: 'POST', body: { token: value } })
  return { cookie: headers.get('set-cookie')?.split(';')[0] ?? '', 'x-drover-csrf': body.csrf }
}

/** Ended: the stream said so itself, as it does not when its connection breaks. */
function follow(server: StatusServer, headers: Record<string, string>): { opened: Promise<number>; ended: Promise<boolean> } {
  const signal = AbortSignal.timeout(hangMs)
  const response = fetch(`${server.url}/api/v1/events/stream`, { headers, signal })
  const ended = response
    .then((answer) => answer.text())
    .then(
      () => true,
      () => false,
    )
  return { opened: response.then(({ status }) => status), ended }
}

test('a logout closes the sockets and streams of its session, and of no other', async () => {
  const server = await start()
  const [mine, others] = [await login(server), await login(server)]
  const [socket, stays] = [mine, others].map((headers) => new RawClient(server.url, 'protocol=2', { headers })) as [RawClient, RawClient]
  await Promise.all([socket.next('state'), stays.next('state')])
  const streams = [follow(server, mine), follow(server, others), follow(server, bearer(token))]
  for (const { opened } of streams) assert.is(await opened, 200)
  const endedOf = streams.map(() => false)
  for (const [n, { ended }] of streams.entries()) void ended.then(() => (endedOf[n] = true))
  assert.is((await ask(server, '/api/v1/session', { method: 'DELETE', headers: mine })).status, 200)
  assert.is((await socket.end()).code, 4401)
  assert.is(await streams[0]?.ended, true)
  stays.send({ type: 'ping' })
  await stays.next('pong')
  assert.equal(endedOf, [true, false, false])
})

test('a new login closes the connections of the earlier session', async () => {
  const server = await start()
  const before = await login(server)
  const socket = new RawClient(server.url, 'protocol=2', { headers: before })
  await socket.next('state')
  await ask(server, '/api/v1/session', { method: 'POST', body: { token }, headers: { cookie: before.cookie } })
  assert.is((await socket.end()).code, 4401)
})

test('an unused session ends by itself, with its connections', async () => {
  const server = await start({ sessionMs: 1_000 })
  const headers = await login(server)
  const socket = new RawClient(server.url, 'protocol=2', { headers })
  const { ended } = follow(server, headers)
  assert.is((await socket.end()).code, 4401)
  assert.is(await ended, true)
})

test('a session that ended during the handshake gives no access', async () => {
  const system = await open({ workers: [worker('a/x')] })
  const { url, hub } = await serveSockets(system, {}, (app) =>
    app.use(async (c, next) => {
      c.set('caller', { role: 'control', who: 'session a', name: null, from: '127.0.0.1', ended: AbortSignal.abort() })
      await next()
    }),
  )
  assert.is((await new RawClient(url).end()).code, 4401)
  assert.is(hub.size, 0)
})

test('a connection that waits for what it is to be shown is closed too', async () => {
  const system = await open({ workers: [worker('a/x')], quotas: { key: { requests: { limit: 1, per: 'day' } } } })
  const { url, hub } = await serveSockets(system)
  let answer = (): void => {}
  const quotas = system.quotas.bind(system)
  let asked = false
  system.quotas = async () => {
    asked = true
    await new Promise<void>((resolve) => {
      answer = resolve
    })
    return quotas()
  }
  const client = new RawClient(url, 'protocol=2&topics=quotas', { headers: { 'x-who': 'session a' } })
  await until(() => asked, 'the quotas are asked for')
  hub.closeSession('session a')
  assert.is((await client.end()).code, 4401)
  answer()
})

test('the number of sessions is bounded, and sessions for reading displace none with more rights', () => {
  const ended: string[] = []
  const sessions = new Sessions(
    60_000,
    () => 0,
    (who) => ended.push(who),
  )
  const { id, session } = sessions.begin('control')
  const first = sessions.begin('read')
  for (let n = 0; n < 1_000; n++) sessions.begin('read')
  assert.is(sessions.size, 1_001)
  assert.equal(ended, [first.session.who])
  assert.is(first.session.ended.aborted, true)
  assert.is(session.ended.aborted, false)
  assert.ok(sessions.use(id))
  sessions.clear()
})

test.run()
