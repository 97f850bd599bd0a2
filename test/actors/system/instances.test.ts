/** Several threads that share the lane of one worker. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { WorkerCore } from '../../../src/actors/worker/core.js'
import { type ReportTakers, takeReport } from '../../../src/actors/worker/reports.js'
import { refused } from '../../support/refused.js'
import {
  cleanUp,
  collect,
  event,
  isolations,
  items,
  open,
  openWithParts,
  state,
  temporaryFolder,
  until,
  worker,
} from '../../support/system.js'

test.after.each(cleanUp)

/** Which instance began each task. */
function starts(file: string): { worker: string; key: string }[] {
  if (!existsSync(file)) return []
  return readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))
}

for (const isolation of isolations) {
  test(`instances share a lane, each item gets exactly one result, and the run ends (${isolation})`, async () => {
    const file = join(temporaryFolder(), 'starts')
    const system = await open({ workers: [worker('a/x', { instances: 3, isolation, input: { everyMs: 5, starts: file } })] })
    await system.load('data', items(5_000))
    await system.start()
    const threads = (): string[] => [...new Set(starts(file).map((each) => each.worker))].sort()
    await until(() => threads().length === 3, 'each instance has worked')
    await system.setTarget('a/x', 30)
    const report = await system.done()
    assert.equal([report.ok, report.completed, report.incomplete], [true, ['a/x'], []])
    assert.equal(threads(), ['a/x#1', 'a/x#2', 'a/x#3'])
    const keys = (await collect(system.results({ dataset: 'data' }))).map(({ key }) => key)
    assert.equal(
      keys.sort(),
      starts(file)
        .map(({ key }) => key)
        .sort(),
      'what was begun was done, once',
    )
    assert.is(new Set(keys).size, report.results)
  })
}

test('a worker with instances is shown as one that unfolds, and its lane counts once', async () => {
  const system = await open({ workers: [worker('a/x', { instances: 2, input: { everyMs: 5 } }), worker('a/y')] })
  await system.load('data', items(20))
  await system.start()
  await system.done()
  const { workers, done, total, states } = system.status()
  assert.equal([workers.map(({ id }) => id), done, total, states], [['a/x', 'a/y'], 40, 40, { completed: 2 }])
  const status = system.worker('a/x').status()
  assert.equal([status.annotator, status.domain, status.progress?.done], ['a', 'x', 20])
  assert.equal(
    status.instances?.map(({ id, state: its, annotator }) => [id, its, annotator]),
    [
      ['a/x#1', 'completed', 'a'],
      ['a/x#2', 'completed', 'a'],
    ],
  )
  assert.is(system.worker('a/x#2').status().instances, null)
  assert.equal(system.tree()[0], {
    worker: 'a/x',
    state: 'completed',
    instances: [
      { worker: 'a/x#1', state: 'completed' },
      { worker: 'a/x#2', state: 'completed' },
    ],
  })
})

test('an instance that dies is restarted by itself while the others go on, and its task is done again', async () => {
  const system = await open({ workers: [worker('a/x', { instances: 2, input: { everyMs: 2 } })] })
  const failed: string[] = []
  system.on('worker:failure:recorded', ({ worker: id }) => failed.push(id))
  await system.load(
    'data',
    items(100, (i) => (i === 10 ? { do: 'crash', times: 1 } : {})),
  )
  await system.start()
  const { ok, results } = await system.done()
  assert.equal([ok, results, failed.length], [true, 100, 1])
  assert.match(failed[0] ?? '', /^a\/x#[12]$/)
  const { instances, restarts, lastFailure } = system.worker('a/x').status()
  assert.equal([restarts, instances?.map((each) => each.restarts).sort(), lastFailure?.kind], [1, [0, 1], 'uncaught-error'])
})

test('an instance that is given up leaves the lane to the others', async () => {
  const system = await open({
    workers: [
      worker('a/x', { instances: 2, restart: { maxRestarts: 0 }, tasks: { maxAttempts: 9, poisonAfter: 9 }, input: { everyMs: 2 } }),
    ],
  })
  await system.load(
    'data',
    items(40, (i) => (i === 3 ? { do: 'crash', times: 1 } : {})),
  )
  await system.start()
  const report = await system.done()
  assert.equal([report.ok, report.results, report.completed, report.blacklisted.length], [true, 40, ['a/x'], 1])
})

test('when all instances are given up, the report names the worker once with the reason of each', async () => {
  const system = await open({ workers: [worker('a/x', { instances: 2, restart: { maxRestarts: 0 }, input: { setup: 'throw' } })] })
  await system.load('data', items(4))
  await system.start()
  const report = await system.done()
  assert.equal([report.ok, report.completed, report.incomplete.length], [false, [], 1])
  const [incomplete] = report.incomplete
  assert.equal([incomplete?.worker, incomplete?.left], ['a/x', 4])
  assert.match(incomplete?.why ?? '', /^a\/x#1 blacklisted: .*; a\/x#2 blacklisted: /s)
})

test('the id of a worker means all its instances in every call, and the id of an instance means that one', async () => {
  const system = await open({ workers: [worker('a/x', { instances: 2, input: { everyMs: 10 } })] })
  await system.load('data', items(5_000))
  assert.equal(
    (await system.start('a/x')).map(({ worker: id }) => id),
    ['a/x#1', 'a/x#2'],
  )
  await state(system, 'a/x#1', 'running')
  await state(system, 'a/x#2', 'running')
  await system.stop('a/x#2')
  assert.equal(
    system
      .worker('a/x')
      .status()
      .instances?.map((each) => each.state),
    ['running', 'stopped'],
  )
  assert.is(system.worker('a/x').status().state, 'running')
  assert.match(system.worker('a/x').status().reason, /^1 of 2: /)
  assert.equal(
    (await system.pause({ worker: 'a/x' })).map(({ ok }) => ok),
    [true, false],
  )
  assert.equal(
    (await system.stop(['a/x'])).map(({ ok }) => ok),
    [true, true],
  )
  await refused(system.stop('a/x#3'), 'WORKER_UNKNOWN', /a\/x#3/)
  await refused(system.profile('a/x'), 'ARGUMENT_INVALID', /a\/x has 2 instances: name one of them, such as a\/x#1/)
})

test('a target, and a reset of data, are those of the lane', async () => {
  const system = await open({ workers: [worker('a/x', { instances: 3, target: 10, input: { everyMs: 2 } })] })
  await system.load('data', items(20_000))
  await system.start()
  const { ok, results } = await system.done()
  assert.equal([ok, results], [true, 10])
  await system.setTarget('a/x', 20_000)
  await until(() => (system.worker('a/x').status().progress?.done ?? 0) > 15, 'the raised target is worked on')
  await system.stop(['a/x#1', 'a/x#3'])
  const [refusedReset] = await system.reset('a/x#1', { data: true })
  assert.equal([refusedReset?.ok, refusedReset?.deleted.results], [false, 0])
  await system.stop('a/x')
  const kept = system.worker('a/x').status().progress?.done
  const reset = await system.reset('a/x', { data: true })
  assert.equal([reset.map(({ ok: its }) => its), reset.reduce((sum, { deleted }) => sum + deleted.results, 0)], [[true, true, true], kept])
  assert.is(system.worker('a/x').status().progress?.done, 0)
})

test('the number of instances can be changed while they work: nothing is lost or done twice', async () => {
  const file = join(temporaryFolder(), 'starts')
  const { system, opened } = await openWithParts({
    workers: [worker('a/x', { input: { everyMs: 3, starts: file } }), worker('b/x', { dataset: 'other' })],
  })
  await system.load('data', items(20_000))
  await system.load('other', items(400))
  await system.start()
  await state(system, 'a/x', 'running')
  await system.update('a/x', { instances: 3 })
  await state(system, 'a/x#3', 'running')
  assert.equal([...opened.managed.keys()], ['b/x', 'a/x#1', 'a/x#2', 'a/x#3'])
  assert.equal(
    system.tree().map((node) => 'worker' in node && node.worker),
    ['a/x', 'b/x'],
    'it keeps its place',
  )
  await system.update('a/x', { instances: 1 })
  assert.equal(
    system
      .worker('a/x')
      .status()
      .instances?.map(({ id }) => id),
    ['a/x#1'],
  )
  await system.update('a/x', { instances: 2 })
  await state(system, 'a/x#2', 'running')
  await system.update('a/x', { instances: undefined })
  assert.is(system.worker('a/x').status().instances, null)
  await system.setTarget('a/x', 400)
  const { ok, results } = await system.done()
  const begun = starts(file).map(({ key }) => key)
  const keys = (await collect(system.results({ dataset: 'data' }))).map(({ key }) => key)
  assert.equal(keys.sort(), [...begun].sort(), 'what was begun was done')
  assert.is(new Set(begun).size, begun.length, 'each task was begun once')
  assert.equal([ok, results], [true, 400 + begun.length])
  assert.ok(begun.length >= 400)
})

test('a host that closes without a drain leaves the leases of each instance, and the next one goes on with any number of them', async () => {
  const store = join(temporaryFolder(), 'shared.db')
  const first = await open({ store, workers: [worker('a/x', { instances: 3, input: { everyMs: 5 } })] })
  await first.load('data', items(1_000))
  await first.start()
  await event(first, 'lane:counts:changed', ({ lanes }) => (lanes[0]?.done ?? 0) > 10)
  assert.ok((first.worker('a/x').status().progress?.done ?? 1_000) < 1_000, 'there is something left')
  await first.close({ drainMs: 0 })
  const second = await open({ store, workers: [worker('a/x', { instances: 2, input: { everyMs: 1 } })] })
  await second.start()
  const { ok, results } = await second.done()
  assert.equal([ok, results], [true, 1_000])
  const { steps } = await second.workHistory({ worker: 'a/x' })
  const told = steps.reduce((sum, step) => sum + step.results, 0)
  assert.is(told, 1_000, 'the history of a worker is that of its instances')
})

test('a filter with the id of a worker means the lane that it has now, not one that it had before it had instances', async () => {
  const store = join(temporaryFolder(), 'shared.db')
  const first = await open({ store, workers: [worker('a/x', { dataset: 'one' })] })
  await first.load('one', items(3))
  await first.start()
  await first.done()
  await first.close()
  const second = await open({ store, workers: [worker('a/x', { dataset: 'two', instances: 2 })] })
  await second.load('two', items(5))
  await second.start()
  await second.done()
  const found = await collect(second.results({ worker: 'a/x' }))
  assert.equal([found.length, ...new Set(found.map(({ dataset }) => dataset))], [5, 'two'])
})

test('instances whose lane runs empty again and again are each told of it, whoever did the last task', async () => {
  const system = await open({ idleMs: 60_000, workers: [worker('a/x', { instances: 3 })] })
  await system.start()
  const rest = (): boolean => {
    const { progress, instances } = system.worker('a/x').status()
    return progress?.done === progress?.total && (instances ?? []).every(({ activity }) => activity === 'idle')
  }
  for (let round = 1; round <= 60; round++) {
    await system.load(
      'data',
      items(4, (i) => ({ id: `round ${round}, ${i}` })),
    )
    await until(() => system.worker('a/x').status().progress?.done === round * 4 && rest(), `round ${round}: each instance rests`)
  }
})

test('an instance that says that it waits looks once more, because what it waits for may have come before that was known', () => {
  const told: string[] = []
  const takers = { life: { thread: { poke: () => told.push('look') } } } as unknown as ReportTakers
  for (const id of ['a/x#1', 'a/x']) {
    const core = { id, send: ({ type }: { type: string }) => told.push(`${id} ${type}`) } as unknown as WorkerCore
    takeReport(core, { type: 'waiting' }, takers)
  }
  assert.equal(told, ['a/x#1 WAITING', 'look', 'a/x WAITING'])
})

test('instances need a lane to share', async () => {
  await refused(open({ workers: [worker('a/x', { instances: 0 })] }), 'CONFIG_INVALID', /workers\[0\]\.instances/)
  const { dataset: _, ...loop } = worker('a/x', { instances: 2 })
  await refused(open({ workers: [loop] }), 'CONFIG_INVALID', /instances.*without a dataset/s)
})

test.run()
