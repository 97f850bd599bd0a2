import assert from 'node:assert/strict'
import { type Client, connect } from 'drover/client'
import { test } from 'uvu'
import { hangMs } from '../../support/hang.js'
import { refusingUpgrades } from '../../support/proxy.js'
import { closeSockets, serveSockets } from '../../support/sockets.js'
import { closeServers, readToken, serve, token } from '../../support/status.js'
import { cleanUp, items, open, openWithParts, until, worker } from '../../support/system.js'

const clients: Client[] = []
/** Closed after its test. */
function follow(...[url, options]: Parameters<typeof connect>): Client {
  const client = connect(url, options)
  clients.push(client)
  return client
}

test.after.each(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()))
  await closeSockets()
  await closeServers()
  await cleanUp()
})

test('a client holds what the system is at, as it changes', async () => {
  const system = await open({ workers: [worker('a/x'), worker('a/y')] })
  const { url, hub } = await serveSockets(system)
  const client = follow(url, { topics: ['overview', 'workers', 'tree'] })
  assert.equal(client.status, 'connecting')
  const { workers } = await client.until((state) => state.workers !== undefined)
  assert.equal(client.status, 'live')
  assert.equal(workers?.['a/x']?.state, 'idle')
  await system.load('data', items(5))
  await system.start('a/x')
  const state = await client.until((state) => state.workers?.['a/x']?.state === 'completed' && state.overview?.done === 5)
  assert.equal(state.workers?.['a/y']?.state, 'idle')
  await until(() => {
    try {
      assert.deepEqual(client.state, { overview: hub.state().overview, workers: hub.state().workers, tree: hub.state().tree })
      return true
    } catch {
      return false
    }
  }, 'the client has what the hub has')
})

test('after a restart of the server on the same port, a client is live again by itself', async () => {
  const system = await open({ workers: [worker('a/x')] })
  const first = await serveSockets(system)
  const client = follow(first.url)
  await client.until(({ workers }) => workers !== undefined)
  const before = client.state.workers
  await first.close()
  await becomes(client, 'offline')
  const second = await serveSockets(system, { port: first.port })
  await becomes(client, 'live')
  assert.equal(client.state.workers, before, 'what did not change is the same object')
  await system.load('data', items(1))
  await system.start()
  await client.until(({ workers }) => workers?.['a/x']?.state === 'completed')
  assert.equal(second.hub.size, 1)
})

test('a client whose connection breaks takes up where it left off', async () => {
  const system = await open({ workers: [worker('a/x')] })
  const { url, sockets } = await serveSockets(system)
  const opened: string[] = []
  sockets.on('connection', (_socket, { url = '' }) => opened.push(url))
  const client = follow(url)
  await client.until(({ workers }) => workers !== undefined)
  const left = leaves(client)
  for (const socket of sockets.clients) socket.terminate()
  await left
  await system.load('data', items(1))
  await system.start()
  await client.until(({ workers }) => workers?.['a/x']?.state === 'completed')
  assert.match(opened.at(-1) ?? '', /since=/)
})

test('a server without a working WebSocket is polled, until one works', async () => {
  const system = await open({ workers: [worker('a/x')], quotas: { key: { requests: [{ limit: 5, per: 'minute' }] } } })
  const proxy = await refusingUpgrades((await serve(system, { token })).url)
  const client = follow(proxy.url, { token, topics: ['overview', 'workers', 'tree', 'quotas'] })
  await becomes(client, 'polling')
  assert.equal(client.state.workers?.['a/x']?.state, 'idle')
  const { workers } = client.state
  const polled = client.state
  await until(() => proxy.asked('304') > 0, 'a poll was answered with 304')
  assert.equal(client.state.workers, workers)
  await system.load('data', items(1))
  await system.start()
  await client.until((state) => state.workers?.['a/x']?.state === 'completed')
  assert.equal(client.status, 'polling')
  proxy.upgrades = true
  await becomes(client, 'live')
  assert.equal(client.state.workers?.['a/x']?.state, 'completed')
  for (const [part, shown] of Object.entries(client.state))
    assert.deepEqual(shapeOf(polled[part as keyof typeof polled]), shapeOf(shown), `${part} is the same over HTTP as over the WebSocket`)
})

test('a client without access is unauthorized and stops, until it is told to try again', async () => {
  const system = await open({ workers: [worker('a/x')] })
  const { url } = await serve(system, { token, readToken })
  const client = follow(url, { token: 'no token that is known' })
  await becomes(client, 'unauthorized')
  await assert.rejects(client.request('GET', '/overview'), { code: 'UNAUTHORIZED', status: 401 })
  client.reconnect({ token: readToken })
  await becomes(client, 'live')
  assert.equal((await client.request<{ workers: number }>('GET', '/overview')).workers, 1)
  await assert.rejects(client.request('POST', '/control/start', {}), { name: 'ClientError', code: 'FORBIDDEN', status: 403 })
})

test('a client whose session ends becomes unauthorized, and stays so', async () => {
  const system = await open({ workers: [worker('a/x')] })
  const { url, hub } = await serveSockets(system)
  const client = follow(url)
  await becomes(client, 'live')
  hub.closeSession('local')
  await becomes(client, 'unauthorized')
  assert.equal(hub.size, 0)
})

test('with a session cookie, calls that change something bring along what shows that they are meant', async () => {
  const system = await open({ workers: [worker('a/x')] })
  const { url } = await serve(system, { token })
  let cookie = ''
  // What a browser does.
  const browser: typeof fetch = async (input, init) => {
    const response = await fetch(input, { ...init, headers: { ...(init?.headers as Record<string, string>), ...(cookie && { cookie }) } })
    cookie = response.headers.get('set-cookie')?.split(';')[0] ?? cookie
    return response
  }
  const client = follow(url, { fetch: browser })
  await becomes(client, 'unauthorized')
  await client.request('POST', '/session', { token })
  const [outcome] = await client.request<{ worker: string; ok: boolean }[]>('POST', '/control/start', { workers: ['a/x'] })
  assert.equal(outcome?.ok, true)
  // After a reload of the page.
  const reloaded = follow(url, { fetch: browser })
  const [stopped] = await reloaded.request<{ worker: string; ok: boolean }[]>('POST', '/control/stop', { workers: ['a/x'] })
  assert.equal(stopped?.worker, 'a/x')
})

test('topics are changed on the way: parts come and go with them', async () => {
  const system = await open({ workers: [worker('a/x')], quotas: { key: { requests: [{ limit: 5, per: 'minute' }] } } })
  const { url } = await serveSockets(system)
  const client = follow(url, { topics: ['quotas'] })
  const { quotas, ...others } = await client.until((state) => state.quotas !== undefined)
  assert.deepEqual(Object.keys(quotas ?? {}), ['key'])
  assert.deepEqual(others, {})
  client.setTopics(['workers', 'beats'])
  const state = await client.until((state) => state.workers !== undefined)
  assert.deepEqual(Object.keys(state), ['workers'])
  const beats = new Promise<object>((resolve) => client.on('beats', resolve))
  await system.load(
    'data',
    items(1, () => ({ do: 'sleep', ms: 60_000 })),
  )
  await system.start()
  assert.deepEqual(Object.keys(await beats), ['a/x'])
})

test('topics that are changed before the connection is there are those that come', async () => {
  const system = await open({ workers: [worker('a/x')] })
  const { url } = await serveSockets(system)
  const client = follow(url, { topics: ['overview'] })
  client.setTopics(['workers'])
  const state = await client.until((state) => state.workers !== undefined)
  assert.deepEqual(Object.keys(state), ['workers'])
})

test('select tells of what changed, and of nothing else', async () => {
  const system = await open({ workers: [worker('a/x'), worker('a/y')] })
  const { url } = await serveSockets(system)
  const client = follow(url)
  await client.until(({ workers }) => workers !== undefined)
  const seen: unknown[] = []
  const all: unknown[] = []
  const stop = client.select(
    ({ workers }) => workers?.['a/y'],
    (now) => seen.push(now?.state),
  )
  client.subscribe(() => all.push(1))
  await system.load('data', items(1))
  await system.start('a/x')
  await client.until(({ workers }) => workers?.['a/x']?.state === 'completed')
  assert.ok(all.length > 0)
  assert.ok(seen.every((state) => state === 'idle'))
  const told = seen.length
  stop()
  await system.start('a/y')
  await client.until(({ workers }) => workers?.['a/y']?.state === 'completed')
  assert.equal(seen.length, told)
})

test('until gives up at its deadline, with its signal, and when the client is closed', async () => {
  const system = await open({ workers: [worker('a/x')] })
  const { url } = await serveSockets(system)
  const client = follow(url)
  await assert.rejects(
    client.until(({ overview }) => overview?.done === 99, { timeoutMs: 20 }),
    { name: 'ClientError', code: 'TIMEOUT' },
  )
  const signal = AbortSignal.abort(new Error('enough'))
  await assert.rejects(
    client.until(() => false, { signal }),
    { message: 'enough' },
  )
  const waiting = client.until(() => false)
  const closing = client.close()
  assert.equal(client.close(), closing)
  await assert.rejects(waiting, { code: 'CLOSED' })
  await closing
  assert.equal(client.status, 'closed')
  await assert.rejects(client.request('GET', '/overview'), { code: 'CLOSED' })
})

test('a client follows a status app that is mounted under a prefix', async () => {
  const system = await open({ workers: [worker('a/x')] })
  const { url } = await serveSockets(system, { prefix: '/drover' })
  const client = follow(`${url}/`)
  await client.until(({ workers }) => workers?.['a/x'] !== undefined)
  assert.equal(client.status, 'live')
})

test('a server that falls silent is left, and tried again', async () => {
  const system = await open({ workers: [worker('a/x')] })
  const { url, sockets } = await serveSockets(system, { pingMs: 500 })
  const client = follow(url)
  await client.until(({ workers }) => workers !== undefined)
  let connections = 0
  sockets.on('connection', () => connections++)
  const left = leaves(client)
  for (const socket of sockets.clients) socket.send = () => {}
  await left
  await becomes(client, 'live')
  assert.ok(connections > 0)
})

test('a gap in the numbers of patches is closed with a whole state', async () => {
  const { system, parts } = await openWithParts({ workers: [worker('a/x'), worker('a/y')] })
  const { url, hub, sockets } = await serveSockets(system)
  const client = follow(url)
  await becomes(client, 'live')
  const progress = (id: string, done: number): void => {
    parts.lanes.update([{ worker: id, total: 10, done, dead: 0, leased: 0, retrying: 0, complete: false }])
    hub.look()
  }
  const [socket] = sockets.clients
  assert.ok(socket)
  const { send } = socket
  const lost = new Promise<void>((resolve) => {
    socket.send = () => {
      socket.send = send
      resolve()
    }
  })
  progress('a/x', 7)
  await lost
  progress('a/y', 1)
  await client.until(({ workers }) => workers?.['a/x']?.progress?.done === 7 && workers?.['a/y']?.progress?.done === 1, {
    timeoutMs: 20_000,
  })
  assert.equal(client.status, 'live')
})

/** Names and kinds of what is there, not what it says. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf)
  if (typeof value !== 'object' || value === null) return null
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, key === 'states' ? null : shapeOf(inner)]))
}

/** Resolves at the end of being live, however soon it is live again. */
function leaves(client: Client): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not within ${hangMs} ms: the client is not live any more`)), hangMs)
    client.subscribe(() => {
      if (client.status === 'live') return
      clearTimeout(timer)
      resolve()
    })
  })
}

async function becomes(client: Client, status: Client['status']): Promise<void> {
  await until(() => client.status === status, `the client is ${status}, not ${client.status}`)
}

test.run()
