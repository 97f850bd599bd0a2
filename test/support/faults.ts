/**
 * The faults of one worker: what it does wrong, how that is called, and that nobody else is harmed. Each file of tests takes them for
 * one isolation, since each fault takes seconds.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Failure, FailureKind } from '../../src/index.js'
import { hangMs } from './hang.js'
import { collect, event, type isolations, items, open, quick, worker } from './system.js'

type Isolation = (typeof isolations)[number]

/** What a task does, how the failure is called, and what is known of it. */
interface Fault {
  does: string
  kind: FailureKind
  check?: (failure: Failure) => void
}

const faults: Fault[] = [
  {
    does: 'spin',
    kind: 'heartbeat-lost',
    check: ({ hungAt }) => assert.match(hungAt?.[0] ?? '', /^spinForEver \(file:.*puppet\.worker\.ts:\d+:\d+\)$/),
  },
  { does: 'block', kind: 'heartbeat-lost' },
  { does: 'stall', kind: 'progress-stalled' },
  { does: 'exit', kind: 'exit', check: ({ exitCode }) => assert.is(exitCode, 3) },
  { does: 'throw in a timer', kind: 'uncaught-error', check: ({ error }) => assert.is(error?.code, 'E_TIMER') },
  { does: 'reject', kind: 'unhandled-rejection', check: ({ error }) => assert.is(error?.name, 'TypeError') },
  { does: 'crash', kind: 'uncaught-error', check: ({ message }) => assert.is(message, 'on purpose') },
  { does: 'eat', kind: 'out-of-memory', check: ({ error }) => assert.is(error?.code, 'ERR_WORKER_OUT_OF_MEMORY') },
]

/** What a host does not survive in a thread of its own. */
const fatalFaults: Fault[] = [
  { does: 'eat at once', kind: 'out-of-memory' },
  { does: 'segfault', kind: 'exit', check: endedBy('SIGSEGV') },
  { does: 'abort', kind: 'exit', check: endedBy('SIGABRT') },
  { does: 'be killed', kind: 'exit', check: endedBy('SIGKILL') },
]

function endedBy(signal: string) {
  return ({ message, exitCode, error }: Failure): void => {
    assert.is(message, `the process was ended by ${signal}`)
    assert.equal([exitCode, error?.code], [null, signal])
  }
}

/** Registers the tests of what a thread and a process survive alike. */
export function testFaults(isolation: Isolation): void {
  for (const fault of faults) testFault(isolation, fault)

  for (const [setup, kind] of [
    ['hang', 'start-timeout'],
    ['spin', 'start-timeout'],
    ['throw', 'start-error'],
  ] as const) {
    test(`a worker in a ${isolation} whose setup does "${setup}" fails as ${kind} and is blacklisted after its restarts`, async () => {
      const system = await open({
        workers: [worker('a/x', { isolation, input: { setup } })],
        heartbeat: { ...quick, startTimeoutMs: setup === 'throw' ? hangMs : 300 },
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

  test(`a task that ends its ${isolation} again and again is quarantined, and the worker goes on with the others`, async () => {
    const system = await open({ workers: [worker('a/x', { isolation })], tasks: { poisonAfter: 2, maxAttempts: 9 } })
    await system.load(
      'data',
      items(30, (i) => (i === 7 ? { do: isolation === 'process' ? 'segfault' : 'exit' } : {})),
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

/** Registers the tests of what only a process can do without harm to its host. */
export function testFatalFaults(): void {
  for (const fault of fatalFaults) testFault('process', fault)
}

function testFault(isolation: Isolation, { does, kind, check }: Fault): void {
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
