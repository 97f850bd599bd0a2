/** "No worker runs before start()": neither what an earlier host completed, nor what was stopped. */
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cleanUp, event, items, open, openWithParts, temporaryFolder, until, worker } from '../../support/system.js'

test.after.each(cleanUp)

test('a new host on a store with a completed lane runs nothing of what is loaded, raised or redriven before it is started', async () => {
  const store = join(temporaryFolder(), 'test.db')
  const first = await open({ store, workers: [worker('a/x')] })
  await first.load('data', [...items(5), { id: 'dies', do: 'give up' }])
  await first.start()
  assert.equal((await first.done()).completed, ['a/x'])
  await first.close()

  const { system, parts } = await openWithParts({ store, workers: [worker('a/x')] })
  const moves: string[] = []
  system.on('worker:state:changed', ({ from, to }) => moves.push(`${from} -> ${to}`))
  await system.setTarget('a/x', 2)
  await system.setTarget('a/x', null)
  await system.load('data', items(10))
  await system.redrive()
  await system.update('a/x', { delayMs: 100 })
  // Whatever was set going has got its slot by then: the store has answered since.
  await parts.store.client.call('counts', { workers: ['a/x'] })
  assert.equal(moves, ['completed -> idle'])
  const { state, reason, progress } = system.worker('a/x').status()
  assert.equal([state, reason, progress?.done], ['idle', 'more to do: start it', 5])

  await system.start()
  assert.is((await system.done()).results, 10)
})

test('a host that has not started a completed worker does not take it when another host loads more', async () => {
  const store = join(temporaryFolder(), 'test.db')
  const first = await open({ store, workers: [worker('a/x')] })
  await first.load('data', items(3))
  await first.start()
  await first.done()
  const second = await open({ store, workers: [worker('a/x')] })
  assert.is(second.worker('a/x').status().state, 'completed')
  await first.stop()
  await first.load('data', items(6))
  await until(() => second.worker('a/x').status().progress?.total === 6, 'the second host knows of what was loaded')
  assert.equal([first.worker('a/x').status().state, second.worker('a/x').status().state], ['idle', 'idle'])
})

test('a worker that is stopped after it completed does not take up later items', async () => {
  const { system, parts } = await openWithParts({ workers: [worker('a/x'), worker('b/x')] })
  await system.load('data', items(3))
  await system.start()
  await system.done()
  await system.stop('a/x')
  const again = event(system, 'worker:state:changed', ({ worker: id, to }) => id === 'b/x' && to === 'completed')
  await system.load('data', items(6))
  await again
  await parts.store.client.call('counts', { workers: ['a/x'] })
  assert.equal([system.worker('a/x').status().state, system.worker('a/x').status().progress?.done], ['idle', 3])
})

test.run()
