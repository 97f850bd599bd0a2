import assert from 'node:assert/strict'
import { test } from 'uvu'
import { applyPatch } from '../../../src/http/client/apply-patch.js'
import type { LiveState } from '../../../src/http/contract/socket.js'
import { closeSockets, RawClient, serveSockets } from '../../support/sockets.js'
import { cleanUp, event, items, open, openWithParts, state, until, worker } from '../../support/system.js'

test.after.each(async () => {
  await closeSockets()
  await cleanUp()
})

const allTopics = 'protocol=2&topics=overview,workers,tree,quotas,beats,events,logs'

test('a connection of protocol 2 is greeted, shown everything, and told what changes', async () => {
  const system = await open({ workers: [worker('a/x'), worker('a/y', { dataset: 'other' })] })
  const { url, hub } = await serveSockets(system)
  const client = new RawClient(url)
  const hello = await client.next('hello')
  assert.deepEqual(hello, { type: 'hello', protocol: 2, epoch: hub.epoch, seq: 0, resumed: false, role: 'control', pingMs: 25_000 })
  const { data, seq } = await client.next('state')
  assert.deepEqual(Object.keys(data), ['overview', 'workers', 'tree'])
  assert.equal(data.workers?.['a/x']?.state, 'idle')
  // It runs until the hub has looked, however late that is.
  await system.load(
    'data',
    items(1, () => ({ do: 'sleep', ms: 3_600_000 })),
  )
  await system.start('a/x')
  const patch = await client.next('patch', ({ data }) => data.workers?.['a/x']?.state === 'running')
  assert.ok(patch.seq > seq)
  assert.equal(patch.data.workers?.['a/y'], undefined)
  await system.stop('a/x', { drainMs: 0 })
  await client.next('patch', ({ data }) => data.workers?.['a/x']?.state === 'stopped')
})

test('a connection of protocol 1 gets whole states, at most ten a second', async () => {
  const system = await open({ workers: [worker('annotator-1/urgency'), worker('annotator-1/tone')] })
  const { url } = await serveSockets(system)
  const client = new RawClient(url, '')
  const full = await client.next('full_state')
  assert.deepEqual(Object.keys(full), ['type', 'timestamp', 'data'])
  assert.equal(full.data.workers.length, 2)
  client.send({ type: 'ping' })
  await client.next('pong')
  client.send({ type: 'request_full_state' })
  await client.next('full_state')
  const began = performance.now()
  let updates = 0
  client.socket.on('message', (data) => {
    if (String(data).startsWith('{"type":"update"')) updates++
  })
  await system.load('data', items(2_000))
  await system.start()
  // Counts come from the store ten times a second: a state may be told before the last of them.
  const { data } = await client.next('update', ({ data }) =>
    (data.workers as { status: string; progress: { completed: number } }[]).every(
      ({ status, progress }) => status === 'completed' && progress.completed === 2_000,
    ),
  )
  assert.equal(data.workers.length, 2)
  assert.ok(updates <= (performance.now() - began) / 100 + 1, `${updates} updates`)
  // An old client that asks for what it does not know is told, and kept.
  client.send({ type: 'dance' })
  await client.next('error', ({ error }) => error === 'MESSAGE_UNKNOWN')
})

test('a client that resumes with its number gets the patches that it missed, and nothing else', async () => {
  const system = await open({ workers: [worker('a/x'), worker('a/y')] })
  const { url, hub } = await serveSockets(system)
  const first = new RawClient(url)
  const before = await first.next('state')
  first.socket.close()
  await first.end()
  await until(() => hub.size === 0, 'the hub has noticed')
  // While nobody looks at all.
  await system.load('data', items(2))
  await system.start('a/x')
  await state(system, 'a/x', 'completed')
  const second = new RawClient(url, `protocol=2&since=${hub.epoch}.${before.seq}`)
  const hello = await second.next('hello')
  assert.equal(hello.resumed, true)
  let resumed: LiveState = before.data
  let { seq } = before
  for (; seq < hello.seq; ) {
    const patch = await second.next('patch')
    assert.equal(patch.seq, seq + 1)
    resumed = applyPatch(resumed, patch.data)
    seq = patch.seq
  }
  assert.equal(resumed.workers?.['a/x']?.state, 'completed')
  second.send({ type: 'request_full_state' })
  const fresh = await second.next('state')
  if (fresh.seq === seq) assert.deepEqual(fresh.data, resumed)
})

test('a client that resumes too late, at another hub, or with nonsense gets a whole state', async () => {
  const { system, parts } = await openWithParts({ workers: [worker('a/x')] })
  const { url, hub } = await serveSockets(system, { keepPatches: 2 })
  const watcher = new RawClient(url)
  await watcher.next('state')
  for (let done = 1; done <= 4; done++) {
    parts.lanes.update([{ worker: 'a/x', total: 10, done, dead: 0, leased: 0, retrying: 0, complete: false }])
    hub.look()
    await watcher.next('patch', ({ data }) => data.workers?.['a/x']?.progress?.done === done)
  }
  for (const since of [`${hub.epoch}.1`, 'cafe.3', `${hub.epoch}.99`, `${hub.epoch}.-1`, `${hub.epoch}.`, '..', '']) {
    const late = new RawClient(url, `protocol=2&since=${since}`)
    assert.equal((await late.next('hello')).resumed, false, since)
    assert.equal((await late.next('state')).data.workers?.['a/x']?.progress?.done, 4, since)
  }
  const inTime = new RawClient(url, `protocol=2&since=${hub.epoch}.2`)
  assert.equal((await inTime.next('hello')).resumed, true)
  assert.equal((await inTime.next('patch')).seq, 3)
})

test('a connection gets its topics, also after a change of them, and bad ones are refused before the upgrade', async () => {
  const system = await open({ workers: [worker('a/x')], quotas: { key: { requests: [{ limit: 5, per: 'minute' }] } } })
  const { url } = await serveSockets(system)
  const client = new RawClient(url, 'protocol=2&topics=quotas')
  assert.deepEqual(Object.keys((await client.next('state')).data.quotas ?? {}), ['key'])
  await system.load('data', items(2))
  await system.start()
  // Numbers go on without a gap, though there is nothing in it for this one.
  const patch = await client.next('patch')
  assert.equal(patch.seq, 1)
  assert.ok(!('workers' in patch.data))
  client.send({ type: 'subscribe', topics: ['tree'] })
  assert.deepEqual(Object.keys((await client.next('state')).data), ['tree'])
  for (const query of ['protocol=2&topics=trees', 'protocol=3']) {
    const refused = new RawClient(url, query)
    assert.equal((await refused.end()).code, 1006)
  }
})

test('events come with their ids as they are stored, none twice and none left out; log records as they are made', async () => {
  const system = await open({ workers: [worker('a/x'), worker('a/y')] })
  const { url } = await serveSockets(system)
  await system.load(
    'data',
    items(3, () => ({ do: 'log' })),
  )
  const client = new RawClient(url, 'protocol=2&topics=events,logs')
  const { data } = await client.next('state')
  assert.deepEqual(data, {})
  const before = (await system.events({ limit: 10_000 })).last
  await system.start('a/x')
  const seen: number[] = []
  for (let completed = false; !completed; ) {
    const { data } = await client.next('events')
    seen.push(...data.map(({ id }) => id))
    completed = data.some(({ payload }) => (payload as { to?: string }).to === 'completed')
  }
  const stored = (await system.events({ after: before, limit: 10_000 })).items.map(({ id }) => id)
  assert.deepEqual(seen, stored.slice(0, seen.length))
  client.send({ type: 'subscribe', topics: ['logs'] })
  await client.next('state')
  await system.start('a/y')
  const logs = await client.next('logs', ({ data }) => data.some(({ message }) => message.startsWith('a line about')))
  assert.ok(logs.data.every(({ seq }) => Number.isSafeInteger(seq)))
})

test('in a system where nothing happens, nothing is sent but pings', async () => {
  const system = await open({ workers: [worker('a/x'), worker('a/y')], quotas: { key: { requests: [{ limit: 5, per: 'minute' }] } } })
  await system.load('data', items(5))
  const { url } = await serveSockets(system, { pingMs: 500 })
  const client = new RawClient(url, allTopics)
  await client.next('state')
  const seen: unknown[] = []
  client.socket.on('message', (data) => {
    const message = JSON.parse(String(data)) as { type: string }
    if (message.type === 'ping') client.send({ type: 'pong' })
    else seen.push(message)
  })
  // Longer than rates, quotas and beats are looked at.
  for (let pings = 0; pings < 14; pings++) await client.next('ping')
  assert.deepEqual(seen, [])
})

test('without a connection the hub does no work', async () => {
  const system = await open({ workers: [worker('a/x')] })
  const { url, hub } = await serveSockets(system)
  let looks = 0
  const { worker: look } = system.view
  system.view.worker = (id) => {
    looks++
    return look.call(system.view, id)
  }
  const client = new RawClient(url, allTopics)
  await client.next('state')
  assert.ok(looks > 0)
  client.socket.close()
  await until(() => hub.size === 0, 'the hub has noticed')
  looks = 0
  await system.load('data', items(20))
  await system.start()
  await state(system, 'a/x', 'completed')
  await event(system, 'lane:counts:changed').catch(() => {})
  assert.equal(looks, 0)
})

test('a burst of changes becomes a few frames, and the last of them is not lost', async () => {
  const { system, parts } = await openWithParts({ workers: [worker('a/x')] })
  const { url, hub } = await serveSockets(system)
  const client = new RawClient(url)
  await client.next('state')
  let frames = 0
  client.socket.on('message', () => frames++)
  const began = performance.now()
  for (let done = 1; done <= 400; done++) {
    const lanes = [{ worker: 'a/x', total: 1_000, done, dead: 0, leased: 0, retrying: 0, complete: false }]
    parts.lanes.update(lanes)
    parts.publish('lane:counts:changed', { lanes, at: parts.now() })
    if (done % 4 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  await client.next('patch', ({ data }) => data.workers?.['a/x']?.progress?.done === 400)
  // Four at once, then one in 20 ms; a timer may be a little early.
  assert.ok(frames <= (performance.now() - began) / 20 + 5, `${frames} frames`)
  assert.equal(hub.state().workers?.['a/x']?.progress?.done, 400)
})

test('invalid messages are answered with an error, binary and oversized ones end the connection, and nothing breaks', async () => {
  const system = await open({ workers: [worker('a/x')] })
  const { url, hub } = await serveSockets(system)
  const client = new RawClient(url)
  await client.next('state')
  for (const text of ['{', '', 'null', '[]', '"ping"', '{"type":1}', '{"type":"subscribe"}', '{"type":"subscribe","topics":["x"]}']) {
    client.send(text)
    const { error } = await client.next('error')
    assert.match(error, /^MESSAGE_/, text)
  }
  client.send(`${'['.repeat(30_000)}`)
  await client.next('error')
  client.send({ type: 'ping', __proto__: { a: 1 }, more: 'than known' })
  await client.next('pong')
  for (let n = 0; n < 19; n++) client.send({ type: 'dance' })
  client.send({ type: 'ping' })
  await client.next('pong')
  for (let n = 0; n < 20; n++) client.send({ type: 'dance' })
  assert.equal((await client.end()).code, 1008)

  const binary = new RawClient(url)
  await binary.next('state')
  binary.socket.send(Buffer.from('{"type":"ping"}'), { binary: true })
  assert.equal((await binary.end()).code, 1003)

  const large = new RawClient(url)
  await large.next('state')
  large.send('x'.repeat(100_000))
  assert.equal((await large.end()).code, 1009)

  const broken = new RawClient(url)
  await broken.next('state')
  // A frame with reserved bits that nothing was agreed on for.
  const stream = (broken.socket as unknown as { _socket: { write(data: Buffer): void } })._socket
  stream.write(Buffer.from([0xf1, 0x85, 1, 2, 3, 4, 5, 6, 7, 8, 9]))
  assert.equal((await broken.end()).code, 1002)
  await until(() => hub.size === 0, 'all are gone')
})

test('a client that does not answer pings is closed, in both protocols; others stay', async () => {
  const system = await open({ workers: [worker('a/x')] })
  const { url } = await serveSockets(system, { pingMs: 100 })
  const silent = new RawClient(url)
  const old = new RawClient(url, '')
  const deaf = new RawClient(url, '', { autoPong: false })
  const answering = new RawClient(url)
  answering.socket.on('message', (data) => String(data).startsWith('{"type":"ping"') && answering.send({ type: 'pong' }))
  assert.equal((await silent.end()).code, 4009)
  assert.equal((await deaf.end()).code, 4009)
  for (let pings = 0; pings < 5; pings++) await answering.next('ping')
  assert.equal(answering.closed, null)
  assert.equal(old.closed, null)
})

test('a client that stops reading gets one whole state when it reads again, and memory does not grow meanwhile', async () => {
  const { system, parts } = await openWithParts({ workers: Array.from({ length: 200 }, (_, n) => worker(`a/${n}`)) })
  const { url, hub, sockets } = await serveSockets(system, { maxBufferedBytes: 200_000, drainMs: 600_000, pingMs: 600_000 })
  const client = new RawClient(url)
  const { data } = await client.next('state')
  const size = JSON.stringify(data).length
  const [server] = sockets.clients
  client.socket.pause()
  // 100 MB and more, if it was all sent.
  let most = 0
  for (let n = 0; n < 100_000_000 / size; n++) {
    client.send({ type: 'request_full_state' })
    if (n % 50 === 0) await new Promise((resolve) => setImmediate(resolve))
    most = Math.max(most, server?.bufferedAmount ?? 0)
  }
  await until(() => (server?.bufferedAmount ?? 0) > 200_000, 'the reader is behind')
  for (let done = 1; done <= 100; done++) {
    parts.lanes.update([{ worker: 'a/7', total: 100, done, dead: 0, leased: 0, retrying: 0, complete: false }])
    hub.look()
    await new Promise((resolve) => setImmediate(resolve))
    most = Math.max(most, server?.bufferedAmount ?? 0)
  }
  assert.ok(most < 200_000 + 3 * size, `${most} bytes were on the way, a state has ${size}`)
  // Otherwise the reader may have caught up before the last look, and gets what that finds as a patch.
  await until(() => hub.state().workers?.['a/7']?.progress?.done === 100, 'the hub has seen the last change')
  client.socket.resume()
  const fresh = await client.next('state', ({ data }) => data.workers?.['a/7']?.progress?.done === 100)
  parts.lanes.update([{ worker: 'a/7', total: 100, done: 99, dead: 1, leased: 0, retrying: 0, complete: true }])
  hub.look()
  assert.equal((await client.next('patch')).seq, fresh.seq + 1)
})

test('a client that never reads again is closed', async () => {
  const system = await open({ workers: Array.from({ length: 200 }, (_, n) => worker(`a/${n}`)) })
  const { url, hub, sockets } = await serveSockets(system, { maxBufferedBytes: 200_000, drainMs: 100 })
  const client = new RawClient(url)
  await client.next('state')
  const [server] = sockets.clients
  client.socket.pause()
  const gone = new Promise((resolve) => server?.once('close', resolve))
  let left = false
  void gone.then(() => {
    left = true
  })
  while (!left) {
    if (client.socket.readyState === client.socket.OPEN) client.send({ type: 'request_full_state' })
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.equal(hub.size, 0)
  client.socket.resume()
  assert.ok([4008, 1006].includes((await client.end()).code))
})

test('the connections of a session that ends are closed, and those of others are not', async () => {
  const system = await open({ workers: [worker('a/x')] })
  const { url, hub } = await serveSockets(system)
  const one = new RawClient(url, 'protocol=2', { headers: { 'x-who': 'session a' } })
  const other = new RawClient(url, 'protocol=2', { headers: { 'x-who': 'session b' } })
  await Promise.all([one.next('state'), other.next('state')])
  hub.closeSession('session a')
  assert.equal((await one.end()).code, 4401)
  other.send({ type: 'ping' })
  await other.next('pong')
  hub.close()
  assert.equal((await other.end()).code, 1001)
})

test('the end of the system is sent, and does not end the connection', async () => {
  const system = await open({ workers: [worker('a/x')] })
  const { url } = await serveSockets(system)
  const client = new RawClient(url, allTopics)
  await client.next('state')
  await system.close()
  await client.next('patch', ({ data }) => data.overview?.system === 'closed')
  const late = new RawClient(url, allTopics)
  assert.equal((await late.next('state')).data.overview?.system, 'closed')
})

test.run()
