import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Failure } from '../../../src/index.js'
import type { MeddlingTask } from '../../fixtures/meddling.worker.js'
import { cleanUp, collect, event, isolations, items, open, worker } from '../../support/system.js'

test.after.each(cleanUp)

const module = new URL('../../fixtures/meddling.worker.js', import.meta.url)

for (const isolation of isolations) {
  test(`what code in a ${isolation} posts to its parent is not taken for drover's, and drover's own is out of its reach`, async () => {
    const system = await open({ workers: [worker('a/x', { module, isolation })] })
    system.setLogLevel('debug')
    await system.load('data', [{ id: '1', do: 'post' }, { id: '2', do: 'look' }, { id: '3', do: 'send' }, ...items(3)])
    await system.start()
    const report = await system.done()
    const results = Object.fromEntries((await collect(system.results())).map(({ key, value }) => [key, value]))
    assert.equal([report.results, report.completed, await system.failures()], [6, ['a/x'], []])
    assert.equal([results['1'], results['2'], results['3']], ['posted', [], 'sent'])
    const told = system.logs({ limit: 100 }).filter(({ message }) => message.includes('which drover does not read'))
    assert.is(told.length, isolation === 'thread' ? 1 : 0, 'it is said once')
  })
}

/** What becomes of a worker in a process that does one thing, beside another one that has to live through it. */
async function failureOf(task: Omit<MeddlingTask, 'id'>): Promise<Failure> {
  const system = await open({
    workers: [worker('a/x', { module, isolation: 'process' }), worker('b/x', { dataset: 'other', input: { everyMs: 5 } })],
  })
  await system.load('other', items(5))
  await system.load('data', [{ id: 'first' }, { id: 'meddle', ...task }, ...items(3)])
  await system.start()
  const { worker: who, failure } = await event(system, 'worker:failure:recorded')
  const report = await system.done()
  assert.equal([who, report.results, report.dead], ['a/x', 10, 0])
  assert.equal(failure.tasks, ['meddle'])
  return failure
}

for (const fd of [3, 5]) {
  test(`bytes that the code of a process writes to descriptor ${fd} are a failure of its worker, and the host lives`, async () => {
    const { kind, message, error } = await failureOf({ do: 'write', fds: [fd], text: 'nothing that drover wrote\n' })
    assert.equal([kind, error?.code], ['uncaught-error', 'PROTOCOL_BROKEN'])
    assert.match(message, /the process of a\/x sent an invalid message: bytes that are not a message/)
  })
}

test('a process that writes to all open descriptors crashes no other', async () => {
  // Without 4: there it would lose that the attempt was made, and make it again; see below.
  const fds = Array.from({ length: 37 }, (_, i) => i + 3).filter((fd) => fd !== 4)
  const { kind } = await failureOf({ do: 'write', fds, text: '\u0000\u0001\u0002 garbage \u00ff'.repeat(20) })
  assert.ok(['uncaught-error', 'exit', 'heartbeat-lost'].includes(kind), kind)
})

test('a process that closes its channel and lives on has failed', async () => {
  const { kind, message } = await failureOf({ do: 'close', fds: [3] })
  assert.ok(/its channel is closed/.test(message) || kind === 'exit', message)
})

test('last words that are cut off are shown as far as they go', async () => {
  const { kind, message } = await failureOf({ do: 'half words' })
  assert.is(kind, 'exit')
  assert.match(message, /the process was ended by SIGKILL; its last words are incomplete: \{"type":"failed","kind":"uncaught-er$/)
})

test('a process that overwrites what it leaves behind harms itself alone', async () => {
  const workers = [worker('a/x', { module, isolation: 'process', restart: { maxRestarts: 0 } }), worker('b/x', { dataset: 'other' })]
  const system = await open({ workers })
  await system.load('data', [{ id: 'meddle', do: 'grow' }])
  await system.load('other', items(3))
  await system.start()
  assert.equal((await system.done()).completed, ['b/x'])
  const { lastFailure, progress } = system.worker('a/x').status()
  assert.equal([lastFailure?.kind, progress?.leased], ['exit', 0])
})

test.run()
