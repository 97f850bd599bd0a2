import assert from 'node:assert/strict'
import { test } from 'uvu'
import { closeSockets, RawClient, serveSockets } from '../support/sockets.js'
import { cleanUp, items, open, worker } from '../support/system.js'

test.after.each(async () => {
  await closeSockets()
  await cleanUp()
})

test('a connection of protocol 2 is greeted, shown everything, and told what changes', async () => {
  const system = await open({ workers: [worker('a/x'), worker('a/y')] })
  const { url, hub } = await serveSockets(system)
  const client = new RawClient(url)
  const hello = await client.next('hello')
  assert.equal(hello.epoch, hub.epoch)
  assert.equal(hello.resumed, false)
  const state = await client.next('state')
  assert.deepEqual(Object.keys(state.data), ['overview', 'workers', 'tree'])
  assert.equal(state.data.workers?.['a/x']?.state, 'idle')
  await system.load('data', items(3))
  await system.start('a/x')
  const patch = await client.next('patch', ({ data }) => data.workers?.['a/x']?.state === 'running')
  assert.ok(patch.seq > state.seq)
  await client.next('patch', ({ data }) => data.workers?.['a/x']?.state === 'completed')
})

test.run()
