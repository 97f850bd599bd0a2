import { execFileSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { testFaults } from '../../support/faults.js'
import { cleanUp, event, items, open, quick, state, temporaryFolder, until, worker } from '../../support/system.js'

test.after.each(cleanUp)

testFaults('thread')

test('a host whose event loop is blocked for twice the beat timeout kills no worker', async () => {
  const system = await open({ workers: [worker('a/x', { input: { everyMs: 100 } })] })
  await system.load('data', items(40))
  await system.start()
  await state(system, 'a/x', 'running')
  const states: string[] = []
  system.on('worker:state:changed', ({ to }) => states.push(to))
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, quick.timeoutMs * 2)
  await system.done()
  assert.equal(states, ['completed'])
  assert.is(system.worker('a/x').status().restarts, 0)
})

test('restarts, counters and the reason of a blacklisting are remembered by the next system on the store', async () => {
  const store = join(temporaryFolder(), 'test.db')
  const options = { store, workers: [worker('a/x', { input: { setup: 'throw' } })], restart: { maxRestarts: 0 } }
  const first = await open(options)
  await first.load('data', items(1))
  await first.start()
  await first.done()
  const { reason } = first.worker('a/x').status()
  await first.close()
  const second = await open(options)
  assert.is(second.worker('a/x').status().state, 'blacklisted')
  assert.is(second.worker('a/x').status().reason, reason)
  assert.is(second.worker('a/x').status().lastFailure?.kind, 'start-error')
  const [outcome] = await second.reset('a/x')
  assert.is(outcome?.state, 'idle')
})

test('a thread that cannot be ended is called unkillable: its worker is blacklisted, its slot is not given to another before it ends', async () => {
  const pipe = join(temporaryFolder(), 'pipe')
  execFileSync('mkfifo', [pipe])
  const system = await open({ workers: [worker('a/x')], killMs: 100, concurrency: 2 })
  await system.load(
    'data',
    items(1, () => ({ do: 'native', pipe })),
  )
  await system.start()
  const { failure } = await event(system, 'worker:failure:recorded')
  assert.is(failure.kind, 'unkillable')
  assert.equal((await system.done()).blacklisted, ['a/x'])
  assert.is(system.status().slots.used, 1)
  closeSync(openSync(pipe, 'w'))
  await until(() => system.status().slots.used === 0, 'the slot of the ended thread is free')
})

test.run()
