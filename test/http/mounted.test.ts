/** The status app below a path of another application: all of it, the WebSocket too. */
import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serve, type WebSocketServerLike } from '@hono/node-server'
import { Hono } from 'hono'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { WebSocketServer } from 'ws'
import type { Drover } from '../../src/drover/drover.js'
import { createStatusApp, type StatusOptions } from '../../src/http.js'
import { closeLater, closeSockets, RawClient } from '../support/sockets.js'
import { ask, bearer, readToken, token } from '../support/status.js'
import { cleanUp, open, worker } from '../support/system.js'

const test = suite('a status app that is mounted')
test.after.each(async () => {
  await closeSockets()
  await cleanUp()
})

const system = () => open({ workers: [worker('annotator-1/urgency')] })

/** Serves an application with status apps in it, as `docs/http.md` says. */
async function application(mounts: Record<string, [Drover, StatusOptions]>): Promise<string> {
  const app = new Hono().get('/', (c) => c.text('the application'))
  for (const [path, [drover, options]] of Object.entries(mounts)) app.route(path, createStatusApp(drover, options))
  const sockets = new WebSocketServer({ noServer: true })
  const websocket = { server: sockets as unknown as WebSocketServerLike }
  const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1', websocket }) as Server
  await once(server, 'listening')
  closeLater(async () => {
    for (const socket of sockets.clients) socket.terminate()
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const status = (url: string, headers: Record<string, string>) =>
  ask({ url }, '/api/v1/overview', { headers }).then((answer) => answer.status)

/** The code with which a socket was refused or closed; 101: it is open. */
async function opened(url: string, headers: Record<string, string>): Promise<number> {
  const client = new RawClient(url, 'protocol=2', { headers })
  const refused = new Promise<number>((resolve) => {
    client.socket.on('unexpected-response', (_request, response) => {
      response.resume()
      resolve(response.statusCode as number)
    })
  })
  return Promise.race([refused, client.next('state').then(() => 101)])
}

test('its WebSocket is guarded and works', async () => {
  const drover = await system()
  const url = `${await application({ '/ops/drover': [drover, { token, readToken }] })}/ops/drover`
  assert.is(await opened(url, {}), 401)
  assert.is(await opened(url, bearer('wrong-token-of-a-test')), 401)
  assert.is(await opened(url, { ...bearer(token), origin: 'https://evil.example' }), 403)
  assert.is(await opened(url, { ...bearer(token), host: 'evil.example' }), 421)
  const client = new RawClient(url, 'protocol=2', { headers: bearer(readToken) })
  assert.is((await client.next('hello')).role, 'read')
  assert.is((await client.next('state')).data.workers?.['annotator-1/urgency']?.state, 'idle')
  await drover.start()
  await drover.load('data', [])
  await client.next('patch', ({ data }) => JSON.stringify(data.workers ?? {}).includes('completed'))
})

test('a login there is one for that path alone, and its end closes the socket', async () => {
  const [one, other] = [await system(), await system()]
  const server = await application({ '/one': [one, { token }], '/other': [other, { token }] })
  const login = await ask({ url: `${server}/one` }, '/api/v1/session', { method: 'POST', body: { token } })
  const set = login.headers.get('set-cookie') ?? ''
  assert.match(set, /Path=\/one;/)
  const [cookie = ''] = set.split(';')
  assert.is(await status(`${server}/one`, { cookie }), 200)
  assert.is(await status(`${server}/other`, { cookie }), 401)
  assert.is(await opened(`${server}/other`, { cookie }), 401)
  const client = new RawClient(`${server}/one`, 'protocol=2', { headers: { cookie } })
  await client.next('state')
  await ask({ url: `${server}/one` }, '/api/v1/session', { method: 'DELETE', headers: { cookie, 'x-drover-csrf': login.body.csrf } })
  assert.is((await client.end()).code, 4401)
  assert.is(await status(`${server}/one`, { cookie }), 401)
})

test('an application that knows its users decides about the WebSocket too', async () => {
  const drover = await system()
  const authorize: StatusOptions['authorize'] = (c) => (c.req.header('x-user') === 'guest' ? 'read' : null)
  const url = `${await application({ '/drover': [drover, { authorize }] })}/drover`
  assert.is(await opened(url, {}), 401)
  assert.is(await opened(url, { 'x-user': 'guest', origin: 'https://evil.example' }), 403)
  assert.is(await opened(url, { 'x-user': 'guest' }), 101)
})

test.run()
