import { execFileSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { FailureKind } from '../../src/index.js'
import { cleanUp, collect, event, items, open, quick, state, temporaryFolder, until, worker } from '../support/system.js'

test.after.each(cleanUp)

const isolations = ['thread', 'process'] as const
type Isolation = (typeof isolations)[number]

/** What a task does, how the failure is called, and what is known of it. */
const faults: {
  does: string
  kind: FailureKind
  /** What a thread would not survive its host with needs a process. @defaultValue both */
  isolation?: Isolation
  check?: (failure: { message: string; exitCode: number | null; error: { code?: string; name: string } | null }) => void
}[] = [
  { does: 'spin', kind: 'heartbeat-lost' },
  { does: 'block', kind: 'heartbeat-lost' },
  { does: 'stall', kind: 'progress-stalled' },
  { does: 'exit', kind: 'exit', check: ({ exitCode }) => assert.is(exitCode, 3) },
  { does: 'throw in a timer', kind: 'uncaught-error', check: ({ error }) => assert.is(error?.code, 'E_TIMER') },
  { does: 'reject', kind: 'unhandled-rejection', check: ({ error }) => assert.is(error?.name, 'TypeError') },
  { does: 'crash', kind: 'uncaught-error', check: ({ message }) => assert.is(message, 'on purpose') },
  { does: 'eat', kind: 'out-of-memory', check: ({ error }) => assert.is(error?.code, 'ERR_WORKER_OUT_OF_MEMORY') },
  { does: 'eat at once', kind: 'out-of-memory', isolation: 'process' },
  { does: 'segfault', kind: 'exit', isolation: 'process', check: endedBy('SIGSEGV') },
  { does: 'abort', kind: 'exit', isolation: 'process', check: endedBy('SIGABRT') },
  { does: 'be killed', kind: 'exit', isolation: 'process', check: endedBy('SIGKILL') },
]

function endedBy(signal: string) {
  return ({ message, exitCode, error }: { message: string; exitCode: number | null; error: { code?: string } | null }): void => {
    assert.is(message, `the process was ended by ${signal}`)
    assert.equal([exitCode, error?.code], [null, signal])
  }
}

const cases = faults.flatMap((fault) => (fault.isolation ? fault : isolations.map((isolation) => ({ ...fault, isolation }))))
for (const { does, kind, check, isolation = 'thread' } of cases) {
  test(`a worker in a ${isolation} whose task does "${does}" fails as ${kind}, comes back, finishes, and no other worker notices`, async () => {
    const eats = does.startsWith('eat')
    const limits = eats ? { resourceLimits: { maxOldGenerationSizeMb: 24, maxYoungGenerationSizeMb: 8 } } : {}
    const system = await open({
      workers: [
        worker('bad/x', {
          isolation,
          prefetch: 0,
          ...limits,
          ...(eats && { heartbeat: { ...quick, timeoutMs: 20_000, progressTimeoutMs: 20_000 } }),
        }),
        worker('good/x', { dataset: 'calm', input: { everyMs: 1 } }),
      ],
    })
    await system.load(
      'data',
      items(20, (i) => (i === 5 ? { do: does, times: 1 } : {})),
    )
    await system.load('calm', items(200))
    const states: string[] = []
    system.on('worker:state:changed', ({ worker, to }) => states.push(`${worker} ${to}`))
    const failed = event(system, 'worker:failure:recorded')
    await system.start()
    const { worker: id, failure } = await failed
    assert.is(id, 'bad/x')
    assert.is(failure.kind, kind)
    assert.equal(failure.tasks, ['item-5'])
    check?.(failure)
    const report = await system.done()
    assert.equal(report.completed, ['bad/x', 'good/x'])
    assert.is(report.results, 220)
    const results = await collect(system.results({ worker: 'bad/x' }))
    assert.equal(
      results.filter(({ attempt }) => attempt !== 1).map(({ key, attempt }) => [key, attempt]),
      [['item-5', 2]],
    )
    assert.is(states.filter((one) => one === 'bad/x crashed').length, 1)
    assert.equal(
      states.filter((one) => one.startsWith('good/x')),
      ['queued', 'starting', 'running', 'completed'].map((to) => `good/x ${to}`),
    )
  })
}

for (const isolation of isolations) {
  test(`the failure of a worker that spins in a ${isolation} says in which function and line`, async () => {
    const system = await open({ workers: [worker('a/x', { isolation })] })
    await system.load(
      'data',
      items(1, () => ({ do: 'spin', times: 1 })),
    )
    await system.start()
    const { failure } = await event(system, 'worker:failure:recorded')
    assert.match(failure.hungAt?.[0] ?? '', /^spinForEver \(file:.*puppet\.worker\.ts:\d+:\d+\)$/)
  })
}

for (const [setup, kind, isolation] of [
  ['hang', 'start-timeout', 'thread'],
  ['spin', 'start-timeout', 'thread'],
  ['throw', 'start-error', 'thread'],
  ['spin', 'start-timeout', 'process'],
  ['throw', 'start-error', 'process'],
] as const) {
  test(`a worker in a ${isolation} whose setup does "${setup}" fails as ${kind} and is blacklisted after its restarts`, async () => {
    const system = await open({
      workers: [worker('a/x', { isolation, input: { setup } })],
      heartbeat: { ...quick, startTimeoutMs: setup === 'throw' ? 20_000 : 300 },
      restart: { maxRestarts: 1, backoff: { immediate: 1 } },
    })
    await system.load('data', items(1))
    await system.start()
    const report = await system.done()
    assert.equal(report.blacklisted, ['a/x'])
    const failures = await system.failures()
    assert.equal(
      failures.map(({ failure }) => failure.kind),
      [kind, kind],
    )
    const [again] = await system.start('a/x')
    assert.is(again?.ok, false)
    assert.match(again?.message ?? '', /blacklisted.*reset/)
  })
}

for (const [isolation, does] of [
  ['thread', 'exit'],
  ['process', 'segfault'],
] as const) {
  test(`a task that does "${does}" in a ${isolation} again and again is quarantined, and the worker goes on with the others`, async () => {
    const system = await open({ workers: [worker('a/x', { isolation })], tasks: { poisonAfter: 2, maxAttempts: 9 } })
    await system.load(
      'data',
      items(30, (i) => (i === 7 ? { do: does } : {})),
    )
    const quarantined = event(system, 'task:poison:quarantined')
    await system.start()
    assert.equal({ ...(await quarantined), at: 0 }, { worker: 'a/x', key: 'item-7', at: 0 })
    const report = await system.done()
    assert.is(report.results, 29)
    assert.is(report.dead, 1)
    const [dead] = await collect(system.deadTasks())
    assert.is(dead?.kind, 'poison')
    assert.is(dead?.attempt, 2)
  })
}

test('a host whose event loop is blocked for twice the beat timeout kills nobody', async () => {
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

for (const isolation of isolations) {
  test(`a worker in a ${isolation} that asked for more time may block for longer than its beat timeout`, async () => {
    const system = await open({ workers: [worker('a/x', { isolation })] })
    await system.load(
      'data',
      items(1, () => ({ do: 'extend', ms: quick.timeoutMs * 3 })),
    )
    await system.start()
    assert.is((await system.done()).results, 1)
    assert.is(system.worker('a/x').status().restarts, 0)
  })
}

test.run()
