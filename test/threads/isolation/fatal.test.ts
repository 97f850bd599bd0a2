import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { testFatalFaults } from '../../support/faults.js'
import { cleanUp, event, items, open, temporaryFolder, worker } from '../../support/system.js'

test.after.each(cleanUp)

testFatalFaults()

test('a process that blocks in a native call for ever is ended, which a thread could not be', async () => {
  const pipe = join(temporaryFolder(), 'pipe')
  execFileSync('mkfifo', [pipe])
  const system = await open({ workers: [worker('a/x', { isolation: 'process' })] })
  await system.load(
    'data',
    items(3, (i) => (i === 1 ? { do: 'native', pipe, times: 1 } : {})),
  )
  await system.start()
  const { failure } = await event(system, 'worker:failure:recorded')
  assert.equal([failure.kind, failure.hungAt, failure.tasks], ['heartbeat-lost', null, ['item-1']])
  assert.is((await system.done()).results, 3)
  assert.is(system.status().slots.used, 0)
})

test('a process that cannot be started is a start error of its worker, and of no other', async () => {
  const { execPath } = process
  process.execPath = join(temporaryFolder(), 'nothing')
  try {
    const system = await open({ workers: [worker('a/x', { isolation: 'process' }), worker('b/x')], restart: { maxRestarts: 0 } })
    await system.load('data', items(3))
    await system.start()
    const report = await system.done()
    assert.equal([report.blacklisted, report.completed], [['a/x'], ['b/x']])
    const [latest] = await system.failures()
    assert.equal([latest?.failure.kind, latest?.failure.error?.code], ['start-error', 'ENOENT'])
  } finally {
    process.execPath = execPath
  }
})

test.run()
