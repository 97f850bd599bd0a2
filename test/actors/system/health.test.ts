import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Evidence, RecycleOptions } from '../../../src/index.js'
import { refused } from '../../support/refused.js'
import { cleanUp, collect, event, items, open, quick, state, worker } from '../../support/system.js'

test.after.each(cleanUp)

for (const [limits, task, why] of [
  [{ maxTasks: 5 }, {}, /^recycled: 5 tasks done$/],
  [{ maxAgeMs: 1_000 }, { do: 'sleep', ms: 100 }, /^recycled: 1 s old$/],
  [{ maxHeapMb: 60 }, { do: 'leak', ms: 20 }, /^recycled: \d+ MB of heap in use$/],
] as [RecycleOptions, object, RegExp][]) {
  test(`a worker with ${JSON.stringify(limits)} gets a fresh thread between tasks, loses none, and nothing counts as a restart`, async () => {
    const system = await open({
      workers: [worker('a/x', { recycle: limits, prefetch: 2 })],
      heartbeat: { ...quick, timeoutMs: 20_000, progressTimeoutMs: 20_000 },
    })
    const threads = new Set<number | null>()
    const reasons: string[] = []
    system.on('worker:state:changed', ({ to, reason }) => {
      if (to === 'running') threads.add(system.worker('a/x').status().threadId)
      if (to === 'queued') reasons.push(reason)
    })
    // A thread that was quick would do all of them before anybody could replace it.
    const recycled = event(system, 'worker:state:changed', ({ to, reason }) => to === 'queued' && why.test(reason))
    async function* inTwoParts() {
      const all = items(23, () => task)
      yield* all.slice(0, 12)
      await recycled
      yield* all.slice(12)
    }
    const loading = system.load('data', inTwoParts())
    await system.start()
    await loading
    const report = await system.done()
    assert.equal([report.completed, report.results, report.dead], [['a/x'], 23, 0])
    assert.ok(threads.size > 1, 'it kept its thread')
    for (const reason of reasons.slice(1)) assert.match(reason, why)
    assert.ok((await collect(system.results())).every(({ attempt }) => attempt === 1))
    const { restarts, lastFailure } = system.worker('a/x').status()
    assert.equal([restarts, lastFailure], [0, null])
  })
}

test('a failure carries what was seen of the thread: how busy it was, its heap, and the last lines of its log', async () => {
  const system = await open({ workers: [worker('a/x', { input: { apiKey: 'sk-0123456789' } })] })
  await system.load('data', [
    { id: '1', do: 'log' },
    { id: '2', do: 'spin', times: 1 },
  ])
  await system.start()
  const { failure } = await event(system, 'worker:failure:recorded')
  assert.is(failure.kind, 'heartbeat-lost')
  const { eventLoopUtilization, heapUsed, log } = failure.evidence as Evidence
  assert.ok((eventLoopUtilization ?? 0) > 0.1, `it was busy for ${eventLoopUtilization} of the time`)
  assert.ok((heapUsed ?? 0) > 1e6, `${heapUsed} bytes of heap`)
  assert.ok(
    log.some((line) => / warn a line about \[redacted\] /.test(line)),
    log.join('\n'),
  )
  await system.done()
  const [stored] = await system.failures()
  assert.equal(stored?.failure.evidence, failure.evidence)
})

test('a live worker shows how much heap it uses, and one without a thread shows none', async () => {
  const system = await open({ workers: [worker('a/x', { input: { everyMs: 20 } })] })
  await system.load('data', items(200))
  assert.is(system.worker('a/x').status().heapUsed, null)
  await system.start()
  await state(system, 'a/x', 'running')
  assert.ok((system.worker('a/x').status().heapUsed ?? 0) > 1e6)
})

test('a CPU profile of a live worker names the function that uses its time, and the worker continues', async () => {
  const system = await open({ workers: [worker('a/x')] })
  await system.load(
    'data',
    items(2_000, () => ({ do: 'be busy', ms: 50 })),
  )
  await system.start()
  await state(system, 'a/x', 'running')
  const { nodes, samples = [] } = await system.profile('a/x', { ms: 300 })
  const taken = new Map<string, number>()
  for (const { id, callFrame } of nodes) {
    const count = samples.filter((sample) => sample === id).length
    if (callFrame.url.includes('puppet.worker')) taken.set(callFrame.functionName, (taken.get(callFrame.functionName) ?? 0) + count)
  }
  const [most] = [...taken].sort(([, a], [, b]) => b - a)
  // V8 may have put the one into the other.
  assert.ok(['beBusy', 'process'].includes(most?.[0] ?? ''), JSON.stringify([...taken]))
  const { progress } = system.worker('a/x').status()
  await event(system, 'lane:counts:changed', ({ lanes }) => (lanes[0]?.done ?? 0) > (progress?.done ?? 0))
  assert.is(system.worker('a/x').status().restarts, 0)
})

test('a profile of a worker without a thread, or for no time, is refused', async () => {
  const system = await open({ workers: [worker('a/x')] })
  for (const [options, code] of [
    [{}, 'THREAD_GONE'],
    [{ ms: 0 }, 'ARGUMENT_INVALID'],
  ] as const) {
    await refused(system.profile('a/x', options), code)
  }
})

test.run()
