/** Logging in and out, over real HTTP. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { ServeOptions, StatusServer } from '../../../src/http/base/options.js'
import { ask, bearer, closeServers, readToken, serve, token } from '../../support/status.js'
import { cleanUp, event, open, worker } from '../../support/system.js'

const test = suite('sessions of the status server')
test.after.each(async () => {
  await closeServers()
  await cleanUp()
})

async function start(options: ServeOptions = {}, own: Parameters<typeof serve>[2] = {}) {
  const drover = await open({ workers: [worker('annotator-1/urgency')] })
  return { drover, server: await serve(drover, { token, readToken, ...options }, own) }
}

interface Login {
  cookie: string
  csrf: string
  set: string
}

async function login(server: StatusServer, value = token, headers: Record<string, string> = {}): Promise<Login> {
  const { status, headers: answered, body } = await ask(server, '/api/v1/session', { method: 'POST', body: { token: value }, headers })
  assert.is(status, 200, JSON.stringify(body))
  const set = answered.get('set-cookie') ?? ''
  return { cookie: set.split(';')[0] as string, csrf: body.csrf, set }
}

const stop = (server: StatusServer, headers: Record<string, string>) => ask(server, '/api/control/stop', { method: 'POST', headers })

test('a session shows its role, and ends at the logout', async () => {
  const { server } = await start()
  const { body: before } = await ask(server, '/api/v1/session')
  assert.is(before.role, null)
  assert.is(before.protected, true)
  const { cookie, csrf } = await login(server, readToken)
  const { body: during } = await ask(server, '/api/v1/session', { headers: { cookie } })
  assert.is(during.role, 'read')
  assert.is(during.csrf, csrf)
  const without = await ask(server, '/api/v1/session', { method: 'DELETE', headers: { cookie } })
  assert.is(without.body.error, 'CSRF_FAILED')
  await ask(server, '/api/v1/session', { method: 'DELETE', headers: { cookie, 'x-drover-csrf': csrf } })
  const { body: after } = await ask(server, '/api/v1/session', { headers: { cookie } })
  assert.is(after.role, null)
  assert.is((await ask(server, '/api/monitoring/overview', { headers: { cookie } })).status, 401)
})

test('the cookie is for this server alone, out of reach of scripts and other pages', async () => {
  const { drover, server } = await start()
  const other = await serve(drover, { token })
  const { set } = await login(server)
  for (const part of ['HttpOnly', 'SameSite=Strict', 'Path=/']) assert.ok(set.includes(part), set)
  assert.not.ok(/secure/i.test(set), set)
  const name = set.split('=')[0] as string
  const { set: otherSet } = await login(other)
  assert.is.not(name, otherSet.split('=')[0])
})

test('behind a proxy that speaks https the cookie is sent by https alone', async () => {
  const { server } = await start({ behindProxy: true })
  const { set } = await login(server, token, { 'x-forwarded-proto': 'https' })
  assert.ok(set.includes('Secure'), set)
})

test('a call with a cookie that changes something needs the header of that very session', async () => {
  const { server } = await start()
  const { cookie, csrf } = await login(server)
  const { csrf: another } = await login(server)
  assert.is((await stop(server, { cookie })).body.error, 'CSRF_FAILED')
  assert.is((await stop(server, { cookie, 'x-drover-csrf': another })).body.error, 'CSRF_FAILED')
  assert.is((await stop(server, { cookie, 'x-drover-csrf': csrf })).status, 200)
})

test('an id that came along before the login is none afterwards', async () => {
  const { server } = await start()
  const name = (await login(server)).cookie.split('=')[0]
  const planted = `${name}=${'a'.repeat(43)}`
  const { cookie } = await login(server, token, { cookie: planted })
  assert.is.not(cookie, planted)
  assert.is((await ask(server, '/api/monitoring/overview', { headers: { cookie: planted } })).status, 401)
  const { cookie: next } = await login(server, token, { cookie })
  assert.is((await ask(server, '/api/monitoring/overview', { headers: { cookie } })).status, 401)
  assert.is((await ask(server, '/api/monitoring/overview', { headers: { cookie: next } })).status, 200)
})

test('a session ends after its time without a request', async () => {
  let now = 0
  const { server } = await start({ sessionMs: 60_000 }, { now: () => now })
  const { cookie } = await login(server)
  const look = async () => (await ask(server, '/api/monitoring/overview', { headers: { cookie } })).status
  now = 59_000
  assert.is(await look(), 200)
  now = 118_000
  assert.is(await look(), 200)
  now = 178_000
  assert.is(await look(), 401)
})

test('a session ends after a week, however much it is used', async () => {
  const day = 86_400_000
  let now = 0
  const { server } = await start({ sessionMs: 3 * day }, { now: () => now })
  const { cookie } = await login(server)
  for (const [days, status] of [
    [2, 200],
    [4, 200],
    [6, 200],
    [7, 401],
  ] as const) {
    now = days * day
    assert.is((await ask(server, '/api/monitoring/overview', { headers: { cookie } })).status, status, `day ${days}`)
  }
})

test('changes in a session are reported under its name, without its id', async () => {
  const { drover, server } = await start()
  const { cookie, csrf } = await login(server)
  const told = event(drover, 'http:control:done')
  await stop(server, { cookie, 'x-drover-csrf': csrf })
  const { who, from, action, outcome } = await told
  assert.match(who, /^session [0-9a-f]{8}$/)
  assert.equal({ from, action, outcome }, { from: '127.0.0.1', action: 'workers.stop', outcome: 'ok' })
  assert.not.ok(cookie.includes(who.slice(8)))
})

test('a wrong token, no token, and a body of another form are no login', async () => {
  const { server } = await start()
  const post = (body: unknown, headers: Record<string, string> = {}) => ask(server, '/api/v1/session', { method: 'POST', body, headers })
  assert.is((await post({ token: 'wrong-token-of-a-test' })).body.error, 'UNAUTHORIZED')
  for (const body of [{}, { token: '' }, { token: 5 }, [], null, { token, more: 1 }, '{']) {
    assert.is((await post(body)).body.error, 'VALIDATION_FAILED', JSON.stringify(body))
  }
  assert.is((await post({ token }, { 'content-type': 'text/plain' })).body.error, 'VALIDATION_FAILED')
})

test('without tokens every request from this machine has all rights, and needs no session', async () => {
  const drover = await open({ workers: [worker('annotator-1/urgency')] })
  const server = await serve(drover)
  const { body, headers } = await ask(server, '/api/v1/session', { method: 'POST', body: { token } })
  assert.equal([body.role, body.protected, body.csrf], ['control', false, null])
  assert.is(headers.get('set-cookie'), null)
})

test('an application that knows its users decides for each request', async () => {
  const drover = await open({ workers: [worker('annotator-1/urgency')] })
  const server = await serve(drover, {
    authorize: (c) => {
      const user = c.req.header('x-user')
      if (user === 'broken') throw new Error('the user database is away')
      return user === 'boss' ? 'control' : user === 'guest' ? 'read' : null
    },
  })
  const as = (user: string, more: Record<string, string> = {}) => stop(server, { 'x-user': user, ...more })
  assert.is((await as('boss')).status, 200)
  assert.is((await as('guest')).body.error, 'FORBIDDEN')
  assert.is((await as('broken')).body.error, 'UNAUTHORIZED')
  assert.is((await as('boss', { cookie: 'app=1' })).body.error, 'CSRF_FAILED')
  assert.is((await as('boss', { cookie: 'app=1', 'x-drover-csrf': '1' })).status, 200)
  assert.is((await ask(server, '/api/v1/session', { headers: { 'x-user': 'guest' } })).body.role, 'read')
})

test('an application names its users, and the audit, the log and the API name them', async () => {
  const secret = 'sk-a-secret-of-a-test'
  const drover = await open({ workers: [worker('annotator-1/urgency', { input: { apiKey: secret } })] })
  const server = await serve(drover, { authorize: (c) => ({ role: 'control', name: decodeURIComponent(c.req.header('x-user') ?? '') }) })
  const as = (name: string) => ({ 'x-user': encodeURIComponent(name) })
  for (const name of ['Zoë Müller (ops)', `Zoë with ${secret}`]) {
    const told = event(drover, 'http:control:done')
    assert.is((await stop(server, as(name))).status, 200)
    const who = `user ${name.replace(secret, '[redacted]')}`
    assert.is((await told).who, who)
    const [stored] = await drover.history({ types: ['http:control:done'], limit: 1 })
    assert.is((stored?.payload as { who: string } | undefined)?.who, who)
    assert.match(drover.logs({ part: 'http', limit: 1 })[0]?.message ?? '', `workers.stop by ${who} from 127.0.0.1`)
  }
  const { body } = await ask(server, '/api/v1/session', { headers: as('Zoë') })
  assert.equal([body.role, body.name], ['control', 'Zoë'])
})

test('a user with a name that is no line of text is refused, and a role alone has no name', async () => {
  const drover = await open({ workers: [worker('annotator-1/urgency')] })
  let answer: unknown
  const server = await serve(drover, { authorize: () => answer as never })
  const session = async (given: unknown) => {
    answer = given
    return (await ask(server, '/api/v1/session')).body
  }
  for (const name of ['', '  ', 'x'.repeat(201), 'a\nb', 'a\u0000', 'a\u202eb', '\ud800', 5, null, undefined, ['a']]) {
    const { error, message } = await session({ role: 'control', name })
    assert.is(error, 'UNAUTHORIZED', JSON.stringify(name))
    assert.match(message, '1 to 200 characters')
  }
  assert.is((await session({ role: 'boss', name: 'Zoë' })).role, null)
  assert.is((await session({ role: 'read', name: 'x'.repeat(200) })).role, 'read')
  assert.equal([(await session('read')).role, (await session('read')).name], ['read', null])
  const told = event(drover, 'http:control:done')
  answer = 'control'
  await stop(server, {})
  assert.is((await told).who, 'application')
})

test('a token in the header goes before a cookie', async () => {
  const { server } = await start()
  const { cookie } = await login(server)
  assert.is((await ask(server, '/api/monitoring/overview', { headers: { cookie, ...bearer('wrong-token-of-a-test') } })).status, 401)
})

test.run()
