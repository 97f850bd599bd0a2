/** A worker with instances, over HTTP and in the live state: one worker that unfolds. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { closeSockets, follow, RawClient, serveSockets } from '../../support/sockets.js'
import { items, open, state, until, worker } from '../../support/system.js'
import { cleanUpServers, serveApi } from '../support.js'

test.after.each(async () => {
  await closeSockets()
  await cleanUpServers()
})

test('a worker with instances is one worker, and its threads can be named', async () => {
  const system = await open({ workers: [worker('annotator-1/x', { instances: 2, input: { everyMs: 5 } })] })
  await system.load('data', items(5_000))
  const api = await serveApi(system)
  const started = await api.post('/api/v1/control/start', { workers: ['annotator-1/x'] })
  assert.equal(
    started.body.map((each: { worker: string; ok: boolean }) => [each.worker, each.ok]),
    [
      ['annotator-1/x#1', true],
      ['annotator-1/x#2', true],
    ],
  )
  await state(system, 'annotator-1/x#1', 'running')
  await state(system, 'annotator-1/x#2', 'running')
  const { body } = await api.get('/api/v1/workers')
  assert.equal([body.total, body.items[0].id, body.items[0].state], [1, 'annotator-1/x', 'running'])
  assert.equal(
    body.items[0].instances.map((each: { id: string; state: string }) => [each.id, each.state]),
    [
      ['annotator-1/x#1', 'running'],
      ['annotator-1/x#2', 'running'],
    ],
  )
  const one = await api.get(`/api/v1/workers/${encodeURIComponent('annotator-1/x#2')}`)
  assert.equal([one.body.id, one.body.instances, one.body.settings.instances], ['annotator-1/x#2', null, 2])
  const whole = await api.get(`/api/v1/workers/${encodeURIComponent('annotator-1/x')}`)
  assert.ok(whole.body.history.length > one.body.history.length, 'the history of a worker is that of its instances')
  const old = await api.get('/api/monitoring/workers')
  assert.equal([old.body.length, old.body[0].status], [1, 'running'])
  await api.post('/api/v1/control/stop', { workers: ['annotator-1/x#2'] })
  assert.equal(
    system
      .worker('annotator-1/x')
      .status()
      .instances?.map((each) => each.state),
    ['running', 'stopped'],
  )
})

test('the live state has a worker with instances once, and follows their number', async () => {
  const system = await open({ workers: [worker('a/x', { instances: 2 })] })
  const { url } = await serveSockets(system)
  const followed = await follow(new RawClient(url))
  await system.load('data', items(10))
  await system.start()
  await system.done()
  await system.update('a/x', { instances: 3 })
  await until(() => followed.data.workers?.['a/x']?.instances?.length === 3, 'the third instance is shown')
  assert.equal(Object.keys(followed.data.workers ?? {}), ['a/x'])
  await until(() => followed.data.overview?.done === 10, 'the lane counts once')
})

test.run()
