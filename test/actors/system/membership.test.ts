import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { policies, supervisor } from '../../../src/index.js'
import { refused } from '../../support/refused.js'
import {
  cleanUp,
  collect,
  event,
  items,
  open,
  openWithParts,
  puppet,
  quick,
  state,
  temporaryFolder,
  until,
  worker,
} from '../../support/system.js'

test.after.each(cleanUp)

const keysOf = async (results: AsyncIterable<{ worker: string; key: string }>) =>
  (await collect(results)).map(({ worker: by, key }) => `${by} ${key}`).sort()

test('a worker that is added labels what is there, and can be removed; its results stay', async () => {
  const system = await open({ workers: [] })
  await system.load('data', items(3))
  assert.equal(await system.add(worker('late/x')), ['late/x'])
  assert.is(system.worker('late/x').status().state, 'idle')
  const [outcome] = await system.start('late/x')
  assert.is(outcome?.ok, true)
  assert.equal((await system.done()).completed, ['late/x'])
  await system.remove('late/x')
  assert.equal(system.status().workers, [])
  assert.equal(await keysOf(system.results()), ['late/x item-0', 'late/x item-1', 'late/x item-2'])
  assert.is((await refused(system.start('late/x'))).code, 'WORKER_UNKNOWN')
  // Whoever comes again finds its lane done.
  await system.add(worker('late/x'))
  await system.start('late/x')
  assert.is((await system.done()).results, 3)
})

test('a supervisor can be added with its workers, and workers under it', async () => {
  const system = await open({ workers: [worker('a/x')] })
  await system.load('data', items(2))
  assert.equal(await system.add(supervisor({ id: 'more', children: [worker('b/x')] })), ['b/x'])
  await system.add(worker('c/x'), { under: 'more' })
  assert.equal(system.tree(), [
    { worker: 'a/x', state: 'idle' },
    {
      supervisor: 'more',
      strategy: 'one-for-one',
      state: 'up',
      reason: 'declared',
      since: (system.tree()[1] as { since: number }).since,
      restarts: { count: 0, limit: 3, withinMs: 5_000 },
      children: [
        { worker: 'b/x', state: 'idle' },
        { worker: 'c/x', state: 'idle' },
      ],
    },
  ])
  await system.start('more')
  assert.equal((await system.done()).completed, ['b/x', 'c/x'])
  await system.remove('more')
  assert.equal(system.tree(), [{ worker: 'a/x', state: 'idle' }])
  await system.add(supervisor({ id: 'more', children: [worker('d/x')] }))
  await system.start()
  assert.equal((await system.done()).completed, ['a/x', 'd/x'])
  const told = await system.history({ types: ['tree:node:added', 'tree:node:removed'] })
  assert.equal(
    told.reverse().map(({ type, payload }) => `${type} ${(payload as { id: string }).id}`),
    ['tree:node:added more', 'tree:node:added c/x', 'tree:node:removed more', 'tree:node:added more'],
  )
})

test('a running worker that is removed finishes its task in hand first', async () => {
  const starts = join(temporaryFolder(), 'starts')
  const system = await open({ workers: [worker('a/x', { input: { starts } }), worker('b/x')] })
  await system.load(
    'data',
    items(3, (i) => (i === 0 ? { do: 'sleep', ms: 300 } : { do: 'hold' })),
  )
  await system.start('a/x')
  // Leased is not yet in hand.
  await until(() => existsSync(starts), 'a task in hand')
  await system.remove('a/x', { drainMs: 5_000 })
  assert.equal(await keysOf(system.results()), ['a/x item-0'])
  assert.equal(
    system.status().workers.map(({ id }) => id),
    ['b/x'],
  )
})

test('an invalid entry is refused with its own place, and nothing has changed', async () => {
  const system = await open({ workers: [worker('a/x'), supervisor({ id: 's', children: [worker('b/x')] })] })
  const before = system.tree()
  for (const [adding, code, said] of [
    [
      system.add({ ...worker('c/x'), concurrency: 0 }),
      'CONFIG_INVALID',
      /^the added entry has a mistake:\n {2}concurrency: expected a whole number/,
    ],
    [
      system.add({ ...worker('c/x'), delay: 5 } as never, { under: 's' }),
      'CONFIG_INVALID',
      /\n {2}delay: is not an option; did you mean delayMs\?/,
    ],
    [system.add(worker('b/x')), 'CONFIG_INVALID', /id: expected another id, because workers\[1\]\.children\[0\] has this one/],
    [system.add(worker('c/x'), { under: 'nowhere' }), 'WORKER_UNKNOWN', /there is no supervisor "nowhere"/],
    [system.add(worker('c/x'), { under: 'a/x' }), 'WORKER_UNKNOWN', /there is no supervisor "a\/x"/],
    [system.add({ ...worker('c/x'), restart: () => undefined }, { persist: true }), 'ARGUMENT_INVALID', /persist: only data can be stored/],
    [
      system.add({ ...worker('c/x'), input: { apiKey: 'sk-123456' } }, { persist: true }),
      'ARGUMENT_INVALID',
      /^persist: its input holds a secret/,
    ],
    [system.remove('c/x'), 'WORKER_UNKNOWN', /no worker and no supervisor "c\/x"/],
    [system.update('c/x', {}), 'WORKER_UNKNOWN', /no worker and no supervisor "c\/x"/],
    [system.update('a/x', { delayMs: 5 }), 'CONFIG_INVALID', /^the changed a\/x has a mistake:\n {2}delayMs: expected/],
    [system.update('a/x', { dataset: 'other' }), 'ARGUMENT_INVALID', /^dataset of a\/x cannot be changed/],
    [system.update('s', { children: [] }), 'ARGUMENT_INVALID', /^children of s cannot be changed/],
  ] as const) {
    const error = await refused(adding)
    assert.is(error.code, code, error.message)
    assert.match(error.message, said)
    assert.not.match(error.message, /sk-123456/)
  }
  assert.equal(system.tree(), before)
})

test('a worker without a field of input that it requires is refused as it is added, and one that is disabled as it is enabled', async () => {
  const system = await open({ workers: [worker('a/x', { enabled: false, requires: ['apiKey'], input: { apiKey: '' } })] })
  for (const [id, change] of [
    ['b/x', system.add(worker('b/x', { requires: ['apiKey'] }))],
    ['a/x', system.update('a/x', { enabled: true })],
  ] as const) {
    const { code, message } = await refused(change)
    assert.is(code, 'CONFIG_INVALID')
    assert.match(message, `input.apiKey: expected a value that is not empty, since requires of ${id} names apiKey`)
  }
  await system.update('a/x', { enabled: true, input: { apiKey: 'k' } })
  assert.is(system.worker('a/x').status().enabled, true)
})

test('an update that concerns the thread replaces it between tasks, and counts as no restart', async () => {
  const system = await open({ workers: [worker('a/x', { input: { everyMs: 5 } })] })
  await system.load('data', items(1_000))
  await system.start()
  await state(system, 'a/x', 'running')
  const thread = system.worker('a/x').status().threadId
  const again = event(system, 'worker:state:changed', ({ to }) => to === 'running')
  await system.update('a/x', { input: { everyMs: 0 }, concurrency: 4 })
  await again
  assert.is.not(system.worker('a/x').status().threadId, thread)
  assert.is((await system.done()).results, 1_000)
  assert.equal([system.worker('a/x').status().restarts, (await system.failures()).length], [0, 0])
})

test('an update that does not concern the thread leaves it alone: policy, target, priority', async () => {
  const system = await open({ workers: [worker('a/x', { target: 1 }), worker('b/x')] })
  await system.load(
    'data',
    items(3, (i) => (i === 2 ? { do: 'exit' } : {})),
  )
  await system.start('a/x')
  assert.is((await system.done()).results, 1)
  await system.update('a/x', { target: 2 })
  await until(() => system.worker('a/x').status().progress?.done === 2, 'two done')
  await system.done()
  await system.update('a/x', { target: undefined, restart: policies.never, priority: 5 })
  await state(system, 'a/x', 'stopped')
  assert.match(system.worker('a/x').status().reason, /temporary/)
})

test("a supervisor's intensity can be changed while it runs", async () => {
  const system = await open({
    onEscalation: 'keep',
    workers: [supervisor({ id: 's', intensity: { restarts: 0 }, children: [worker('a/x')] })],
  })
  await system.load(
    'data',
    items(2, (i) => (i === 0 ? { do: 'exit', times: 1 } : {})),
  )
  await system.update('s', { intensity: { restarts: 5 } })
  await system.start()
  assert.equal((await system.done()).completed, ['a/x'])
})

test('a persistent change is applied in the next system on the store, and another one is not', async () => {
  const store = join(temporaryFolder(), 'kept.db')
  const workers = [worker('a/x'), worker('b/x')]
  const first = await open({ store, workers })
  await first.add(worker('kept/x', { restart: policies.kubernetes, input: { everyMs: 1 } }), { persist: true })
  await first.add(supervisor({ id: 'group', children: [worker('group/x')] }), { persist: true })
  await first.add(worker('group/y'), { under: 'group', persist: true })
  await first.add(worker('passing/x'))
  await first.update('a/x', { delayMs: 100 }, { persist: true })
  await first.update('a/x', { priority: 7 }, { persist: true })
  await first.update('kept/x', { concurrency: 3 }, { persist: true })
  await first.remove('b/x', { persist: true })
  await first.close()

  const second = await open({ store, workers })
  const ids = second.status().workers.map(({ id }) => id)
  assert.equal(ids, ['a/x', 'kept/x', 'group/x', 'group/y'])
  await second.load('data', items(2))
  await second.start()
  assert.equal((await second.done()).completed, ids)
  await second.remove('kept/x', { persist: true })
  await second.remove('group', { persist: true })
  await second.close()

  const third = await open({ store, workers })
  assert.equal(
    third.status().workers.map(({ id }) => id),
    ['a/x'],
  )
  await third.add(worker('b/x'), { persist: true })
  await third.close()
  // A supervisor of that name that is configured now has no children from before.
  const fourth = await open({ store, workers: [...workers, supervisor({ id: 'group', children: [] })] })
  assert.equal(
    fourth
      .status()
      .workers.map(({ id }) => id)
      .sort(),
    ['a/x', 'b/x'],
  )
})

test('an option that was brought back to its default has it in the next system too, and an option that was set again is set', async () => {
  const store = join(temporaryFolder(), 'kept.db')
  const workers = [worker('a/x', { target: 1, priority: 3 })]
  const first = await open({ store, workers })
  await first.update('a/x', { target: undefined, priority: undefined }, { persist: true })
  await first.update('a/x', { priority: 2 }, { persist: true })
  await first.load('data', items(4))
  await first.close()
  const { system: second, parts } = await openWithParts({ store, workers })
  assert.equal([parts.config.workers[0]?.target, parts.config.workers[0]?.priority], [null, 2])
  await second.start()
  assert.is((await second.done()).results, 4)
})

test('a persisted worker whose quota the configuration no longer has is passed over, and the log says so', async () => {
  const store = join(temporaryFolder(), 'kept.db')
  const quotas = { 'key-1': { requests: { limit: 5, per: 'second' as const } } }
  const first = await open({ store, quotas, workers: [] })
  await first.add(worker('a/x', { quota: 'key-1' }), { persist: true })
  await first.close()
  const second = await open({ store, workers: [worker('b/x')] })
  assert.equal(
    second.status().workers.map(({ id }) => id),
    ['b/x'],
  )
  const [line] = second.logs({ part: 'system', limit: 10 }).filter(({ level }) => level === 'error')
  assert.match(line?.message ?? '', /^a stored change of a\/x no longer fits the configuration/)
})

test('secrets of a worker that is added are struck out from then on', async () => {
  const system = await open({ workers: [] })
  await system.load(
    'data',
    items(1, () => ({ do: 'log', times: 1 })),
  )
  await system.add(worker('a/x', { input: { apiKey: 'sk-added-later' } }))
  await system.start('a/x')
  await system.done()
  const logged = JSON.stringify([
    system.logs({ part: 'worker', annotator: 'a', domain: 'x', limit: 50 }),
    await system.history({}),
    await collect(system.deadTasks()),
  ])
  assert.match(logged, /a line about \[redacted\]/)
  assert.not.match(logged, /sk-added-later/)
})

test('a worker that beats more often than any before it is watched as often', async () => {
  const system = await open({ heartbeat: { everyMs: 300_000, timeoutMs: 1_200_000 }, workers: [worker('slow/x')] })
  await system.load(
    'data',
    items(1, () => ({ do: 'spin', times: 1 })),
  )
  await system.add({ id: 'quick/x', module: puppet, dataset: 'data', heartbeat: { ...quick, timeoutMs: 200 } })
  const stuck = event(system, 'worker:state:changed', ({ to }) => to === 'stuck')
  await system.start('quick/x')
  await event(system, 'worker:state:changed', ({ to }) => to === 'running')
  // By the slow one's rhythm it would be judged after minutes.
  await stuck
})

test.run()
