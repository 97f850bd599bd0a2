import assert from 'node:assert/strict'
import { type Client, connect } from 'drover/client'
import { test } from 'uvu'
import { closeSockets, serveSockets } from '../support/sockets.js'
import { cleanUp, items, open, until, worker } from '../support/system.js'

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
  await cleanUp()
})

test('a client holds what the system is at, as it changes', async () => {
  const system = await open({ workers: [worker('a/x'), worker('a/y')] })
  const { url, hub } = await serveSockets(system)
  const client = follow(url)
  assert.equal(client.status, 'connecting')
  const { workers } = await client.until((state) => state.workers !== undefined)
  assert.equal(client.status, 'live')
  assert.equal(workers?.['a/x']?.state, 'idle')
  await system.load('data', items(5))
  await system.start('a/x')
  const state = await client.until((state) => state.workers?.['a/x']?.state === 'completed' && state.overview?.done === 5)
  assert.equal(state.workers?.['a/y'], workers?.['a/y'] && state.workers?.['a/y'])
  await until(() => {
    try {
      assert.deepEqual(client.state, { overview: hub.state().overview, workers: hub.state().workers, tree: hub.state().tree })
      return true
    } catch {
      return false
    }
  }, 'the client has what the hub has')
})

test.run()
