import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { DroverError } from '../../../src/index.js'
import { EvidenceFiles } from '../../../src/threads/evidence/files.js'
import { inspectThread } from '../../../src/threads/evidence/inspect-thread.js'
import { profileOf, snapshotOf } from '../../../src/threads/evidence/stack-and-profile.js'
import { cleanUp, temporaryFolder, until } from '../../support/system.js'

test.after.each(cleanUp)

test('of two threads at once one gets a snapshot, and it may take longer to end while V8 writes it', async () => {
  const code = `
    const held = []
    for (let n = 0; n < 100_000; n++) held.push({ n, m: -n })
    require('node:worker_threads').parentPort.postMessage('filled')
    for (;;) Math.sqrt(held.length)`
  const threads = [0, 1].map(() => new Worker(code, { eval: true }))
  try {
    await Promise.all(threads.map((thread) => once(thread, 'message')))
    const looked = threads.map(({ threadId }) => ({
      profile: (ms: number) => profileOf(inspectThread(threadId), ms),
      snapshot: (file: string, withinMs: number) => snapshotOf(inspectThread(threadId), file, withinMs),
    }))
    const [a, b] = looked as [(typeof looked)[0], (typeof looked)[0]]
    const told: string[] = []
    const evidence = new EvidenceFiles(
      { dir: temporaryFolder(), cpuProfileMs: 0, heapSnapshot: ['heartbeat-lost'], withinMs: 60_000, keep: 10 },
      (_, error) => told.push((error as Error).message),
    )
    const [files, others]: [string[], string[]] = [[], []]
    const taken = evidence.takeOf(a, 'a/x', 'heartbeat-lost', files)
    await until(() => evidence.lingerMs(a) > 0, 'the snapshot begins')
    assert.equal([evidence.lingerMs(a), evidence.lingerMs(b)], [60_000, 0])
    await evidence.takeOf(b, 'b/x', 'heartbeat-lost', others)
    assert.equal([others, told], [[], ['the heap snapshot of another thread is being written']])
    await taken
    assert.equal([files.length, evidence.lingerMs(a), told.length], [1, 0, 1])
  } finally {
    await Promise.all(threads.map((thread) => thread.terminate()))
  }
})

test('where V8 would abort the host after it, only a process is asked for a snapshot near its heap limit, and it is said of a thread', async () => {
  const told: string[] = []
  const under = (major: number): EvidenceFiles =>
    new EvidenceFiles(
      { dir: temporaryFolder(), cpuProfileMs: 0, heapSnapshot: ['out-of-memory'], withinMs: 60_000, keep: 10 },
      (what, error) => told.push(`${what}: ${(error as Error).message}`),
      major,
    )
  assert.equal(
    [24, 26].map((major) => (['thread', 'process'] as const).map((isolation) => under(major).nearHeapLimit(isolation))),
    [
      [true, true],
      [false, true],
    ],
  )
  assert.equal(await under(26).collect(process.pid, 7, 'a/x', 'exit'), [])
  assert.equal(told, [])
  assert.equal(await under(26).collect(process.pid, 7, 'a/x', 'out-of-memory'), [])
  assert.match(told[0] ?? '', /^evidence of a\/x is incomplete: under Node\.js 26, .* isolation 'process' leaves one$/)
})

test('a thread that ends while it is looked at is waited for no more', async () => {
  const thread = new Worker('for (;;) Math.sqrt(2)', { eval: true })
  await once(thread, 'online')
  const code = await inspectThread(thread.threadId)(600_000, async (inspector) => {
    await inspector.call('Profiler.enable')
    await thread.terminate()
    await inspector.call('Profiler.start')
  }).catch((error: DroverError) => error.code)
  assert.is(code, 'THREAD_GONE')
})

test.run()
