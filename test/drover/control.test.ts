import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { machineMs } from '../../src/time/machine-clock.js'
import { cleanUp, collect, event, isolations, items, open, state, temporaryFolder, worker } from '../support/system.js'

test.after.each(cleanUp)

/** Tasks that take 5 ms each: the test has this time to look while there is work left, on however busy a machine. */
const inThreeSeconds = 600

for (const isolation of isolations) {
  test(`a paused worker in a ${isolation} finishes what it has in hand, takes nothing new, and continues when resumed`, async () => {
    const system = await open({ workers: [worker('a/x', { isolation, input: { everyMs: 5 } })] })
    await system.load('data', items(inThreeSeconds))
    await system.start()
    await state(system, 'a/x', 'running')
    const [outcome] = await system.pause('a/x')
    assert.is(outcome?.state, 'paused')
    const settled = (): Promise<number> => collect(system.results()).then(({ length }) => length)
    await event(system, 'lane:counts:changed', ({ lanes }) => lanes[0]?.leased === 0)
    const before = await settled()
    assert.ok(before < inThreeSeconds)
    await new Promise((resolve) => setTimeout(resolve, 150))
    assert.is(await settled(), before)
    await system.resume('a/x')
    assert.is((await system.done()).results, inThreeSeconds)
  })
}

for (const isolation of isolations) {
  test(`a ${isolation} that is paused before it is ready starts no task until it is resumed`, async () => {
    const module = new URL('../fixtures/caller.worker.js', import.meta.url)
    const system = await open({ workers: [worker('a/x', { isolation, module })] })
    await system.load('data', items(3))
    // The main thread is busy just when the worker is ready: it cannot stop it by then.
    system.on('worker:state:changed', ({ to }) => {
      if (to === 'paused') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200)
    })
    await system.start()
    await system.pause('a/x')
    await state(system, 'a/x', 'paused')
    const resumedAt = machineMs()
    await system.resume('a/x')
    await system.done()
    const results = await collect(system.results<{ at: number }>())
    assert.is(results.length, 3)
    assert.ok(results.every(({ value }) => value.at >= resumedAt))
  })
}

for (const isolation of isolations) {
  test(`a stop lets the tasks in hand of a ${isolation} finish and gives the others back at no cost`, async () => {
    const starts = join(temporaryFolder(), 'starts.jsonl')
    const system = await open({ workers: [worker('a/x', { isolation, concurrency: 2, prefetch: 4, input: { starts } })] })
    await system.load(
      'data',
      items(120, () => ({ do: 'sleep', ms: 50 })),
    )
    await system.start()
    await event(system, 'lane:counts:changed', ({ lanes }) => (lanes[0]?.done ?? 0) >= 1)
    await system.stop()
    const done = (await collect(system.results())).length
    assert.ok(done < 120, 'it was stopped too late to show anything')
    assert.is(readFileSync(starts, 'utf8').trimEnd().split('\n').length, done, 'what was started was finished')
    assert.is(system.worker('a/x').status().progress?.leased, 0)
    await system.start()
    await system.done()
    assert.ok((await collect(system.results())).every(({ attempt }) => attempt === 1))
  })
}

for (const isolation of isolations) {
  test(`a stop whose deadline passes aborts the tasks in hand of a ${isolation}; they pay an attempt, and the worker failed at nothing`, async () => {
    const system = await open({ workers: [worker('a/x', { isolation })] })
    await system.load(
      'data',
      items(2, (i) => (i === 0 ? { do: 'sleep deaf', ms: 600_000, times: 1 } : {})),
    )
    await system.start()
    await event(system, 'lane:counts:changed', ({ lanes }) => (lanes[0]?.leased ?? 0) >= 1)
    await system.stop('a/x', { drainMs: 50 })
    assert.is(system.worker('a/x').status().lastFailure, null)
    await system.start()
    await system.done()
    const results = await collect(system.results())
    assert.equal(
      results.map(({ key, attempt }) => [key, attempt]),
      [
        ['item-0', 2],
        ['item-1', 1],
      ],
    )
  })
}

for (const isolation of isolations) {
  test(`a restart of a ${isolation} by hand counts as nothing and loses nothing`, async () => {
    const system = await open({ workers: [worker('a/x', { isolation, input: { everyMs: 3 } })] })
    await system.load('data', items(50))
    await system.start()
    await state(system, 'a/x', 'running')
    const [outcome] = await system.restart('a/x')
    assert.is(outcome?.ok, true)
    assert.is((await system.done()).results, 50)
    assert.is(system.worker('a/x').status().restarts, 0)
  })
}

test('a worker restarted by its policy tells when it comes back, and failures() keeps why it went', async () => {
  const system = await open({ workers: [worker('a/x')], restart: { backoff: { immediate: 0, initialMs: 30, maxMs: 30 } } })
  await system.load(
    'data',
    items(3, (i) => (i === 1 ? { do: 'exit', times: 1 } : {})),
  )
  const scheduled = event(system, 'worker:restart:scheduled')
  await system.start()
  assert.is((await scheduled).delayMs, 30)
  await system.done()
  assert.is(system.worker('a/x').status().restarts, 1)
  const [latest] = await system.failures({ worker: 'a/x' })
  assert.is(latest?.failure.kind, 'exit')
})

test('a reset with data starts the lane over, and is refused while the worker runs', async () => {
  const system = await open({ workers: [worker('a/x', { input: { everyMs: 20 } })] })
  await system.load('data', items(5))
  await system.start()
  await state(system, 'a/x', 'running')
  const [refused] = await system.reset('a/x', { data: true })
  assert.is(refused?.ok, false)
  await system.done()
  const [outcome] = await system.reset('a/x', { data: true })
  assert.equal(outcome?.deleted, { results: 5, dead: 0 })
  assert.is(outcome?.state, 'idle')
  assert.equal(await collect(system.results()), [])
  await system.start()
  assert.is((await system.done()).results, 5)
})

test('a disabled worker is not started by anyone', async () => {
  const system = await open({ workers: [worker('a/x', { enabled: false }), worker('b/x')] })
  await system.load('data', items(2))
  assert.equal(
    (await system.start()).map(({ worker }) => worker),
    ['b/x'],
  )
  const [outcome] = await system.start('a/x')
  assert.is(outcome?.ok, false)
  assert.is(outcome?.message, 'disabled')
})

test('no more workers than slots have a thread; the others queue by priority, then age', async () => {
  const system = await open({
    concurrency: 1,
    workers: [worker('a/x', { input: { everyMs: 5 } }), worker('b/x'), worker('c/x', { priority: 5 }), worker('d/x')],
  })
  await system.load('data', items(10))
  const order: string[] = []
  let live = 0
  system.on('worker:state:changed', ({ worker, to }) => {
    if (to === 'starting') {
      order.push(worker)
      live++
    }
    if (to === 'completed') live--
    assert.ok(live <= 1)
  })
  await system.start()
  await system.done()
  assert.equal(order, ['a/x', 'c/x', 'b/x', 'd/x'])
})

test('workers that waited for the first load of their dataset have no more threads at once than slots', async () => {
  const system = await open({ concurrency: 2, workers: ['a', 'b', 'c', 'd'].map((id) => worker(id)) })
  await system.start()
  let most = 0
  system.on('worker:state:changed', () => {
    const { starting = 0, running = 0, stopping = 0 } = system.status().states
    most = Math.max(most, starting + running + stopping)
  })
  await system.load('data', items(4))
  await system.done()
  assert.is(most, 2)
})

test('a limit that is lowered drains the latest of the lowest priority, and one that is raised fills at once', async () => {
  const workers = ['a/x', 'b/x', 'c/x'].map((id, index) => worker(id, { priority: index === 2 ? 1 : 0, input: { everyMs: 5 } }))
  const system = await open({ concurrency: 3, workers })
  await system.load('data', items(inThreeSeconds))
  await system.start()
  for (const { id } of workers) await state(system, id, 'running')
  system.setConcurrency(1)
  await Promise.all([state(system, 'a/x', 'queued'), state(system, 'b/x', 'queued')])
  assert.is(system.worker('a/x').status().reason, 'the concurrency limit was lowered')
  assert.equal(system.status().slots, { limit: 1, used: 1, queued: 2, groups: {} })
  assert.is(system.worker('c/x').status().state, 'running')
  system.setConcurrency(3)
  await Promise.all([state(system, 'a/x', 'running'), state(system, 'b/x', 'running')])
  assert.is((await system.done()).results, 3 * inThreeSeconds)
  assert.ok((await collect(system.results())).every(({ attempt }) => attempt === 1))
})

test('workers of a group have no more threads at once than its limit, which may change while they run', async () => {
  const system = await open({
    groups: { gpu: 1 },
    workers: [worker('a/x', { group: 'gpu', input: { everyMs: 2 } }), worker('b/x', { group: 'gpu' }), worker('c/x')],
  })
  await system.load('data', items(30))
  let most = 0
  system.on('worker:state:changed', () => {
    most = Math.max(most, system.status().slots.groups.gpu?.used ?? 0)
  })
  await system.start()
  await state(system, 'a/x', 'running')
  assert.is(system.worker('b/x').status().state, 'queued')
  assert.is((await system.done()).results, 90)
  assert.is(most, 1)
  system.setConcurrency(2, 'gpu')
  assert.is(system.status().slots.groups.gpu?.limit, 2)
  assert.throws(() => system.setConcurrency(2, 'gup'), /there is no group "gup"; groups has gpu/)
  assert.throws(() => system.setConcurrency(0), /concurrency must be a whole number of 1 or more, got 0/)
})

test('a stop while setup hangs does not wait for it', async () => {
  const system = await open({ workers: [worker('a/x', { input: { setup: 'hang' } })], drainMs: 60_000 })
  await system.load('data', items(1))
  await system.start()
  await state(system, 'a/x', 'starting')
  await system.stop()
  assert.is(system.worker('a/x').status().state, 'stopped')
  assert.is(system.worker('a/x').status().lastFailure, null)
})

test('a stop that comes while a start still waits for the store wins', async () => {
  const system = await open({ workers: [worker('a/x')] })
  await system.load('data', items(1))
  const starting = system.start('a/x')
  await system.stop('a/x')
  const [outcome] = await starting
  assert.equal([outcome?.ok, outcome?.message], [false, 'stopped before it was started'])
  assert.is(system.worker('a/x').status().state, 'idle')
  assert.equal(
    (await system.start('a/x')).map(({ ok }) => ok),
    [true],
  )
  assert.is((await system.done()).results, 1)
})

test('a stopped run() is told by its signal, waited for, and torn down; an error after that is no failure', async () => {
  const notes = join(temporaryFolder(), 'notes')
  const module = new URL('../fixtures/run-until-stopped.worker.mjs', import.meta.url)
  const system = await open({ workers: [{ id: 'loop/x', module, input: { notes } }] })
  await system.start()
  await state(system, 'loop/x', 'running')
  await system.stop()
  assert.is(readFileSync(notes, 'utf8'), 'runs\nreturns\nteardown\n')
  assert.is(system.worker('loop/x').status().lastFailure, null)
  assert.ok(system.logs({ limit: 20 }).some(({ message }) => message === 'teardown threw'))
})

test('an attempt that is due soon is not slept over because another one is due late', async () => {
  const system = await open({ workers: [worker('a/x')], tasks: { backoff: { initialMs: 60_000, factor: 1, maxMs: 60_000, jitter: 0 } } })
  await system.load('data', [{ id: 'late', do: 'throw', times: 1 }])
  await system.start()
  await event(system, 'lane:counts:changed', ({ lanes }) => lanes[0]?.retrying === 1)
  await system.load('data', [{ id: 'soon', do: 'throw soon', times: 1 }])
  await event(system, 'lane:counts:changed', ({ lanes }) => lanes[0]?.done === 1)
})

test.run()
