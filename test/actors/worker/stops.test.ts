/** A stop is a stop, and one bad call harms one call: on real threads. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { OpenSystem } from '../../../src/actors/system/contract.js'
import { openSystem } from '../../../src/actors/system/open.js'
import { Drover } from '../../../src/drover/drover.js'
import { DroverError, type DroverOptions, supervisor } from '../../../src/index.js'
import { within } from '../../store/support/waiting.js'
import { cleanUp, event, items, open, state, temporaryFolder, until, worker } from '../../support/system.js'

test.after.each(cleanUp)

const runs = new URL('../../fixtures/run-until-stopped.worker.mjs', import.meta.url)
const endsSoon = new URL('../../fixtures/run.worker.mjs', import.meta.url)

/** A system together with its insides. */
async function opening(workers: DroverOptions['workers']): Promise<{ system: Drover; crash: (id: string) => void; opened: OpenSystem }> {
  const opened = await openSystem({ store: ':memory:', workers, onEscalation: 'keep', log: { console: false, dir: false } })
  const system = new Drover(opened)
  systems.push(system)
  const crash = (id: string): void => opened.managed.get(id)?.tell({ type: 'STUCK', kind: 'heartbeat-lost', message: 'says the test' })
  return { system, crash, opened }
}
const systems: Drover[] = []
test.after.each(async () => {
  await Promise.all(systems.splice(0).map((system) => system.close({ drainMs: 100 })))
})

const stalls = (system: Drover, ...datasets: string[]): Promise<unknown> =>
  Promise.all(
    datasets.map((dataset) =>
      system.load(
        dataset,
        items(3, () => ({ do: 'stall' })),
      ),
    ),
  )
const allUp = (system: Drover, count: number): Promise<void> => until(() => system.status().states.running === count, 'all are up')

/** More tasks than are done before the test has looked, however late it comes to it. */
const more = 1_000

/** Everything that was on its way has come. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
}

for (const [what, change] of [
  ['its options change', (system) => void system.update('a', { delayMs: 100 })],
  ['the limit is lowered', (system) => system.setConcurrency(1)],
] as [string, (system: Awaited<ReturnType<typeof open>>) => void][]) {
  test(`a worker that was stopped by hand stays down although ${what} while it drains`, async () => {
    const system = await open({ workers: [worker('a'), worker('b', { dataset: 'other' })], concurrency: 2 })
    await system.load(
      'data',
      items(more, () => ({ do: 'sleep', ms: 300 })),
    )
    await system.load(
      'other',
      items(1, () => ({ do: 'stall' })),
    )
    await system.start()
    await state(system, 'a', 'running')
    await until(() => (system.worker('a').status().progress?.leased ?? 0) > 0, 'a has a task in hand')
    const stopped = within('stop', system.stop('a'))
    await state(system, 'a', 'stopping')
    change(system)
    const [outcome] = await stopped
    assert.equal([outcome?.message, outcome?.state], ['stopped', 'stopped'])
    await settle()
    assert.is(system.worker('a').status().state, 'stopped')
  })
}

test('under one-for-all a worker that drains because it was stopped by hand is not restarted with a sibling that crashes', async () => {
  const { system, crash } = await opening([
    supervisor({ id: 's', strategy: 'one-for-all', children: [worker('a'), worker('b', { drainMs: 500 })] }),
  ])
  await stalls(system, 'data')
  await system.start()
  await allUp(system, 2)
  const stopped = within('stop', system.stop('b'))
  await state(system, 'b', 'stopping')
  crash('a')
  await stopped
  await within('a is back', state(system, 'a', 'running'))
  await settle()
  assert.is(system.worker('b').status().state, 'stopped')
})

test('a supervisor that is stopped or removed while one drains and another crashes is down, and stays so', async () => {
  for (const call of ['stop', 'remove'] as const) {
    const { system, crash } = await opening([
      supervisor({ id: 's', strategy: 'rest-for-one', children: ['a', 'b', 'c'].map((id) => worker(id, { drainMs: 300 })) }),
    ])
    await stalls(system, 'data')
    await system.start()
    await allUp(system, 3)
    const answered = within<unknown>(call, system[call]('s'))
    await state(system, 'c', 'stopping')
    crash('a')
    await answered
    await settle()
    assert.equal(system.status().states, call === 'stop' ? { stopped: 3 } : {})
    assert.is(system.status().slots.used, 0)
  }
})

test('close() ends while an update is on its way, while a sibling crashes, and where a completed run() would be revived', async () => {
  const updated = await opening([worker('a', { drainMs: 300 })])
  await stalls(updated.system, 'data')
  await updated.system.start()
  await allUp(updated.system, 1)
  const update = updated.system.update('a', { delayMs: 100 }).then(
    () => 'updated',
    (error: DroverError) => error.code,
  )
  await within('close after an update', updated.system.close())
  assert.is(await update, 'CLOSED')

  const { system, crash } = await opening([
    supervisor({
      id: 's',
      strategy: 'one-for-all',
      children: [
        { id: 'r', module: endsSoon, restart: { mode: 'transient' } },
        worker('a', { drainMs: 300 }),
        worker('c', { drainMs: 300 }),
      ],
    }),
  ])
  await stalls(system, 'data')
  await system.start()
  await allUp(system, 2)
  await state(system, 'r', 'completed')
  const stopping = event(system, 'worker:state:changed', ({ worker: id, to }) => id === 'c' && to === 'stopping')
  const closed = within('close while a crashes', system.close())
  await stopping
  crash('a')
  await closed
  assert.equal(system.status().states, { completed: 1, stopped: 2 })
})

test('however many under one supervisor do not want to end, close() takes no longer than one of them may', async () => {
  const starts = join(temporaryFolder(), 'starts.jsonl')
  const system = await open({
    workers: [
      supervisor({ id: 's', children: Array.from({ length: 6 }, (_, n) => worker(`w${n}`, { drainMs: 60_000, input: { starts } })) }),
    ],
  })
  await system.load(
    'data',
    items(6, () => ({ do: 'sleep deaf', ms: 600_000 })),
  )
  await system.start()
  // A worker that is up and has begun no task ends at once.
  await until(() => existsSync(starts) && readFileSync(starts, 'utf8').split('\n').length > 6, 'all have begun a task')
  const draining = new Set<string>()
  let most = 0
  system.on('worker:state:changed', ({ worker, to }) => {
    if (to === 'stopping') draining.add(worker)
    else draining.delete(worker)
    most = Math.max(most, draining.size)
  })
  await within('close', system.close({ drainMs: 1_000 }))
  assert.ok(most >= 5, `${most} drained at the same time`)
})

test('a pause that comes while the thread is replaced holds, and a resume says whether there was one', async () => {
  const system = await open({ workers: [worker('a')] })
  await system.load(
    'data',
    items(more, () => ({ do: 'sleep', ms: 300 })),
  )
  await system.start()
  await until(() => (system.worker('a').status().progress?.leased ?? 0) > 0, 'a has a task in hand')
  await system.update('a', { delayMs: 100 })
  assert.is(system.worker('a').status().state, 'stopping')
  assert.is((await system.pause('a'))[0]?.message, 'paused')
  await within('it comes back paused', state(system, 'a', 'paused'))
  assert.equal(
    (await system.resume('a')).map(({ ok, message }) => [ok, message]),
    [[true, 'resumed']],
  )
  assert.equal(
    (await system.resume('a')).map(({ ok, message }) => [ok, message]),
    [[false, 'was not paused']],
  )
})

test('one that is paused before it is ready is resumed by a resume, which says so', async () => {
  const system = await open({ workers: [worker('a', { input: { everyMs: 1 } })] })
  await system.load('data', items(1))
  await system.start()
  await state(system, 'a', 'starting')
  await system.pause('a')
  assert.equal(
    (await system.resume('a')).map(({ ok, message }) => [ok, message]),
    [[true, 'resumed']],
  )
  await within('it goes on', state(system, 'a', 'completed'))
})

test('a start by hand while others are still being stopped in order counts, and the stop answers', async () => {
  const system = await open({
    workers: [
      supervisor({ id: 's', children: [{ id: 'a', module: runs, input: { notes: join(temporaryFolder(), 'notes') } }, worker('b')] }),
    ],
  })
  await system.load(
    'data',
    items(1, () => ({ do: 'sleep', ms: 500 })),
  )
  await system.start()
  await until(() => (system.worker('b').status().progress?.leased ?? 0) > 0, 'b has a task in hand')
  await state(system, 'a', 'running')
  const stopped = within('stop', system.stop('s'))
  await state(system, 'b', 'stopping')
  await system.start('a')
  assert.equal(
    (await stopped).map(({ worker: id, message }) => [id, message]),
    [
      ['a', 'started again meanwhile'],
      ['b', 'stopped'],
    ],
  )
  assert.is(system.worker('a').status().state, 'running')
})

test('a worker that is removed while others wait for it counts as down for them, and the system lives on', async () => {
  const system = await open({ workers: ['a', 'b', 'c'].map((id) => worker(id)) })
  await system.load(
    'data',
    items(more, () => ({ do: 'sleep', ms: 200 })),
  )
  await system.start()
  await until(() => system.status().states.running === 3, 'all are up')
  const stopped = within('stop', system.stop(['a', 'b']))
  const removed = within('remove', system.remove('a'))
  const given = within('blacklist', system.blacklist('b', 'by hand'))
  const away = within('remove b', system.remove('b'))
  assert.equal((await stopped).length, 2)
  await removed
  assert.type((await given)[0]?.message, 'string')
  await away
  assert.equal(
    system.status().workers.map(({ id }) => id),
    ['c'],
  )
  await within('stop c', system.stop('c'))
  assert.is(system.worker('c').status().state, 'stopped')
})

test('a condition that throws fails only the call that waits for it', async () => {
  const { system, opened } = await opening([worker('a')])
  let looked = 0
  const failed = opened
    .until(() => {
      looked++
      if (looked > 1) throw new TypeError('a mistake in a condition')
      return false
    })
    .catch((error: Error) => error.message)
  opened.watchers.add(() => {
    throw new TypeError('a mistake in a watcher')
  })
  await system.load('data', items(2))
  await system.start()
  assert.is(await within('the condition', failed), 'a mistake in a condition')
  assert.is((await within('done', system.done())).results, 2)
})

test('an observer of inspect() that throws is removed, and breaks nothing', async () => {
  const system = await open({ workers: [worker('a')] })
  await system.load('data', items(2))
  let told = 0
  system.inspect(() => {
    if (++told > 4) throw new Error('an observer with a mistake')
  })
  await system.start()
  assert.is((await within('done', system.done())).results, 2)
  assert.is(told, 5)
  assert.match(system.logs({ level: 'error', limit: 10 }).at(-1)?.message ?? '', /observer of inspect/)
})

test('status() can be read at any moment while workers are added and removed', async () => {
  const system = await open({ workers: [worker('a')] })
  let polls = 0
  let polling = true
  const failures: unknown[] = []
  const poll = (async () => {
    for (; polling; polls++) {
      try {
        system.status()
        system.tree()
      } catch (error) {
        failures.push(error)
      }
      await new Promise((resolve) => setImmediate(resolve))
    }
  })()
  for (let n = 0; n < 10; n++) {
    await system.add(worker(`n${n}`), { persist: true })
    if (n % 2) await system.remove(`n${n}`, { persist: true })
  }
  polling = false
  await poll
  assert.equal([failures[0], failures.length, polls > 10], [undefined, 0, true])
})

test('calls beside each other answer or reject as drover does, whatever they meet', async () => {
  const wrong: string[] = []
  for (const [first, second] of [
    ['start', 'remove'],
    ['remove', 'start'],
    ['stop', 'remove'],
    ['remove', 'stop'],
    ['reset', 'remove'],
    ['remove', 'reset'],
    ['blacklist', 'remove'],
    ['remove', 'blacklist'],
    ['update', 'remove'],
    ['remove', 'update'],
    ['add', 'close'],
    ['update', 'close'],
    ['remove', 'close'],
    ['start', 'close'],
    ['blacklist', 'close'],
  ] as const) {
    const system = await open({ workers: [worker('a'), worker('b')], store: ':memory:' })
    const call = (name: typeof first | typeof second): Promise<unknown> => {
      if (name === 'close') return system.close()
      if (name === 'add') return system.add(worker('n'))
      if (name === 'update') return system.update('a', { delayMs: 100 })
      if (name === 'blacklist') return system.blacklist('a', 'by hand')
      return system[name]('a')
    }
    const tell = async (name: typeof first | typeof second, answer: Promise<unknown>): Promise<void> => {
      try {
        await within(`${name} of ${first} and ${second}`, answer)
      } catch (error) {
        if (!DroverError.is(error)) wrong.push(`${name} of ${first} and ${second}: ${(error as Error).stack}`)
      }
    }
    await Promise.all([tell(first, call(first)), tell(second, call(second))])
    await within(`close after ${first} and ${second}`, system.close())
  }
  assert.equal(wrong, [])
})

test('a worker that drains because it is being removed is not started again, and what comes after is done', async () => {
  const system = await open({ workers: [worker('a'), worker('b', { dataset: 'other' })] })
  await system.load(
    'data',
    items(more, () => ({ do: 'sleep', ms: 300 })),
  )
  await system.start()
  await until(() => (system.worker('a').status().progress?.leased ?? 0) > 0, 'a has a task in hand')
  const removed = within('remove', system.remove('a'))
  await state(system, 'a', 'stopping')
  assert.equal(
    (await system.start('a')).map(({ ok, message }) => [ok, message]),
    [[false, 'is being removed']],
  )
  await removed
  assert.equal(await within('add', system.add(worker('c'))), ['c'])
})

test('a worker that declines in setup is stopped without a failure, and is reported as incomplete', async () => {
  const declines = new URL('../../fixtures/declines.worker.mjs', import.meta.url)
  const system = await open({
    workers: [
      supervisor({
        id: 's',
        strategy: 'one-for-all',
        intensity: { restarts: 0 },
        children: [
          worker('a', { module: declines, input: { decline: true } }),
          worker('b', { module: declines, input: { decline: 'caught' }, isolation: 'process' }),
          worker('c', { module: declines }),
        ],
      }),
    ],
    tasks: { maxAttempts: 1 },
  })
  await system.load('data', [{ id: '1' }, { id: '2', late: true }])
  await system.start()
  const report = await within('done', system.done())
  const why = 'stopped: declined: there is no key for it'
  assert.equal(
    report.incomplete.map(({ worker: id, why: because }) => [id, because]),
    [
      ['a', why],
      ['b', why],
    ],
  )
  assert.equal(
    [report.ok, report.results, report.errors[0]?.message],
    [false, 1, 'ctx.decline is for setup: once the worker is ready, ctx.fail crashes it'],
  )
  assert.equal([await system.failures(), system.status().workers[0]?.restarts], [[], 0])
  assert.equal(
    system.tree().map((node) => ('supervisor' in node ? node.state : '')),
    ['up'],
  )
  await system.update('a', { input: {} })
  await system.start('a')
  await within('a completes', state(system, 'a', 'completed'))
})

test('a completed worker below a supervisor that is down takes up what comes in once that is up again, and not before', async () => {
  const { system, crash } = await opening([
    supervisor({
      id: 's',
      restart: 'temporary',
      intensity: { restarts: 0 },
      children: [worker('a'), worker('b', { dataset: 'other' })],
    }),
  ])
  await stalls(system, 'data')
  await system.load('other', items(1))
  await system.start()
  await state(system, 'b', 'completed')
  await allUp(system, 1)
  const down = event(system, 'supervisor:state:changed', ({ to }) => to === 'down')
  crash('a')
  await within('s gives up', down)
  await system.load('other', [{ id: 'more' }])
  await settle()
  assert.is(system.worker('b').status().state, 'completed')
  await system.start('a')
  await until(() => system.worker('b').status().progress?.done === 2, 'b takes up what came in')
})

test.run()
