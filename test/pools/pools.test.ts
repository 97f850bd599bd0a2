import { getEventListeners } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Drover, DroverError, PoolOptions } from '../../src/index.js'
import { cleanUp, event, open, temporaryFolder, until } from '../support/system.js'

const module = new URL('../fixtures/pool.js', import.meta.url)
const broken = (name: string): URL => new URL(`../fixtures/pool-${name}.mjs`, import.meta.url)

const test = suite('pools')
test.after.each(cleanUp)

const one = { min: 0, max: 1 }
const empty = (): Promise<Drover> => open({ workers: [] })

/** Memory that a task shares with its test: [0] lets it go, [1] it has begun, [2] it has heard its abort. */
const gate = (): Int32Array => new Int32Array(new SharedArrayBuffer(12))
const begun = (shared: Int32Array): Promise<void> => until(() => Atomics.load(shared, 1) === 1, 'a task begins')
function letGo(shared: Int32Array): void {
  Atomics.store(shared, 0, 1)
  Atomics.notify(shared, 0)
}

async function failureOf(promise: Promise<unknown>): Promise<Error & { code?: string; details?: Record<string, unknown> }> {
  try {
    await promise
  } catch (error) {
    return error as Error
  }
  throw new Error('it did not fail')
}

test('a pool works before start(), and its tasks share the threads that it may have', async () => {
  const system = await empty()
  const pool = system.pool({ id: 'echo', module, size: { max: 2 } })
  assert.is(pool.status().threads.live, 0)
  const values = await Promise.all(Array.from({ length: 50 }, (_, n) => pool.run({ n })))
  assert.equal(
    values,
    Array.from({ length: 50 }, (_, n) => ({ n })),
  )
  const { state, threads, done, failed, queue, run } = pool.status()
  assert.is(state, 'running')
  assert.ok(threads.live >= 1 && threads.live <= 2, `${threads.live} threads`)
  assert.equal({ done, failed, waiting: queue.length }, { done: 50, failed: 0, waiting: 0 })
  assert.ok(run && run.p50 <= run.p99 && run.p99 <= run.max)
  assert.equal(
    system.status().pools.map(({ id }) => id),
    ['echo'],
  )
})

test('start() makes the least number of threads, and they stay', async () => {
  const system = await open({ workers: [], pools: [{ id: 'kept', module, size: { min: 2, max: 2 }, idleMs: 0 }] })
  const pool = system.pool('kept')
  assert.is(pool.status().threads.live, 0)
  await system.start()
  await until(() => pool.status().threads.ready === 2, 'two threads are ready')
  const ids = new Set(await Promise.all([pool.run(null, { name: 'thread' }), pool.run(null, { name: 'thread' })]))
  assert.is(ids.size, 2)
  assert.is(pool.status().threads.live, 2)
})

test('a thread beyond the least number ends when it has had no task for idleMs', async () => {
  const system = await empty()
  const pool = system.pool({ id: 'brief', module, size: { min: 0, max: 2 }, idleMs: 10 })
  await pool.run(1)
  await until(() => pool.status().threads.live === 0, 'its thread ends')
  assert.is(pool.status().state, 'idle')
  assert.is(pool.status().lastFailure, null)
})

test('an error keeps its name, message, code, cause and stack', async () => {
  const system = await empty()
  const pool = system.pool({ id: 'p', module, size: one })
  const error = await failureOf(pool.run({ message: 'too large', code: 'E_RANGE' }, { name: 'refuse' }))
  assert.equal([error.name, error.message, error.code, (error.cause as Error).message], ['RangeError', 'too large', 'E_RANGE', 'the cause'])
  assert.match(error.stack ?? '', 'fixtures/pool.')
  assert.is(pool.status().restarts, 0)
})

test('at its deadline a task is rejected and aborted; a thread that hears it goes on', async () => {
  const system = await empty()
  const pool = system.pool({ id: 'p', module, size: one, graceMs: 60_000 })
  const before = await pool.run(null, { name: 'thread' })
  const shared = gate()
  const error = await failureOf(pool.run(shared, { name: 'wait', deadlineMs: 20 }))
  assert.equal([error.code, error.details], ['POOL_DEADLINE', { deadlineMs: 20 }])
  assert.is(await pool.run(null, { name: 'thread' }), before)
  assert.is(Atomics.load(shared, 2), 1, 'it has heard its abort')
})

for (const [name, kind] of [
  ['block', 'heartbeat-lost'],
  ['spin', 'heartbeat-lost'],
  ['idle', 'progress-stalled'],
] as const) {
  test(`a deadline ends a thread that goes on after its abort: ${name}`, async () => {
    const system = await empty()
    // Time to say that it turns, and to be where its stack is looked for.
    const pool = system.pool({ id: 'p', module, size: one, graceMs: name === 'idle' ? 2_000 : 20 })
    const before = await pool.run(null, { name: 'thread' })
    const recorded = event(system, 'pool:failure:recorded')
    const shared = gate()
    const error = await failureOf(
      pool.run(name === 'block' ? { gate: shared } : shared, { name, deadlineMs: name === 'spin' ? 1_000 : 50 }),
    )
    assert.is(error.code, 'POOL_DEADLINE')
    const { pool: id, failure } = await recorded
    assert.equal([id, failure.kind], ['p', kind])
    if (name === 'spin') assert.match((failure.hungAt ?? []).join('\n'), 'spin')
    assert.is.not(await pool.run(null, { name: 'thread' }), before)
    assert.is(pool.status().restarts, 1)
  })
}

test('a crash settles the task of its own thread only, with the kind of failure and the error', async () => {
  const system = await empty()
  const pool = system.pool({ id: 'p', module, size: { max: 2 } })
  const shared = gate()
  const other = pool.run({ gate: shared }, { name: 'block' })
  await begun(shared)
  const exited = await failureOf(pool.run(7, { name: 'exit' }))
  assert.equal([exited.code, exited.details], ['POOL_CRASHED', { kind: 'exit' }])
  const threw = await failureOf(pool.run(null, { name: 'throwLater' }))
  assert.equal(
    [threw.code, threw.details, (threw.cause as { code?: string }).code],
    ['POOL_CRASHED', { kind: 'uncaught-error' }, 'E_TIMER'],
  )
  assert.is(await pool.run('next'), 'next')
  letGo(shared)
  assert.is(await other, 'let go')
})

test('crashes under tasks, however many, do not blacklist a pool', async () => {
  const system = await empty()
  const pool = system.pool({ id: 'p', module, size: one, restart: { maxRestarts: 0 } })
  for (let i = 0; i < 3; i++) assert.is((await failureOf(pool.run(1, { name: 'exit' }))).code, 'POOL_CRASHED')
  assert.is(await pool.run('still there'), 'still there')
  assert.is(pool.status().restarts, 3)
})

test('a thread that dies while it is idle is a failure of the pool, and does not end the process', async () => {
  const system = await empty()
  const pool = system.pool({ id: 'p', module, size: one, restart: { maxRestarts: 1, backoff: { immediate: 1 } } })
  const recorded = event(system, 'pool:failure:recorded')
  await pool.run(null, { name: 'throwWhenIdle' })
  const { failure } = await recorded
  assert.equal([failure.kind, failure.message], ['uncaught-error', 'thrown while idle'])
  assert.is(await pool.run('next'), 'next')
})

for (const [name, kind, message] of [
  ['exits', 'exit', 'the thread exited with code 3'],
  ['throws', 'start-error', 'the module does not want to'],
  ['hangs', 'start-timeout', 'not ready within 300 ms'],
] as const) {
  test(`a pool whose threads never get ready is blacklisted and says so: a module that ${name}`, async () => {
    const system = await empty()
    const restart = { maxRestarts: 2, backoff: { immediate: 1, initialMs: 10 } }
    const pool = system.pool({ id: 'p', module: broken(name), size: one, startTimeoutMs: name === 'hangs' ? 300 : 60_000, restart })
    const given = event(system, 'pool:state:changed', ({ to }) => to === 'blacklisted')
    const waiting = [pool.run(1), pool.run(2)].map(failureOf)
    for (const error of await Promise.all(waiting)) {
      assert.is(error.code, 'POOL_BLACKLISTED')
      assert.match(error.message, `failed 3 times, last: ${kind}`)
    }
    assert.is((await given).reason, `failed 3 times, last: ${kind}`)
    assert.is((await failureOf(pool.run(3))).code, 'POOL_BLACKLISTED')
    const { state, lastFailure, restarts, threads } = pool.status()
    assert.equal([state, restarts, lastFailure?.kind, threads.ready], ['blacklisted', 2, kind, 0])
    assert.match(lastFailure?.message ?? '', message)
    const warned = system.logs({ limit: 100 }).filter(({ level, message }) => level === 'warn' && /pool p is blacklisted/.test(message))
    assert.is(warned.length, 1)
  })
}

test('a module without the function is given up at once, and reset tries again', async () => {
  const system = await empty()
  const pool = system.pool({ id: 'p', module, name: 'thrad', size: one })
  const error = await failureOf(pool.run(1))
  assert.is(error.code, 'POOL_BLACKLISTED')
  assert.match(error.message, 'did you mean thread?')
  assert.is((error.cause as { code?: string }).code, 'WORKER_MODULE_INVALID')
  pool.reset()
  assert.is(pool.status().state, 'idle')
  assert.is((await failureOf(pool.run(1))).code, 'POOL_BLACKLISTED')
})

test('a function that the module does not export refuses the task, and its thread goes on', async () => {
  const system = await empty()
  const pool = system.pool({ id: 'p', module, size: one })
  const error = await failureOf(pool.run(1, { name: 'spni' }))
  assert.is(error.code, 'ARGUMENT_INVALID')
  assert.match(error.message, /exports no function "spni"; did you mean spin\?/)
  assert.is(pool.status().restarts, 0)
})

test('tasks run by priority, then in the order in which they came', async () => {
  const system = await empty()
  const file = join(temporaryFolder(), 'notes')
  const pool = system.pool({ id: 'p', module, size: one, input: { file } })
  const shared = gate()
  const first = pool.run({ gate: shared }, { name: 'block' })
  await begun(shared)
  const note = (text: string, priority: number): Promise<unknown> => pool.run(text, { name: 'note', priority })
  const all = [note('low', -1), note('a', 0), note('b', 0), note('high', 5)]
  letGo(shared)
  await Promise.all([first, ...all])
  assert.equal(readFileSync(file, 'utf8').trim().split('\n'), ['high', 'a', 'b', 'low'])
})

test('a full line refuses one more task, or drops its oldest one of the lowest priority', async () => {
  const system = await empty()
  for (const whenFull of ['reject', 'drop-oldest'] as const) {
    const pool = system.pool({ id: whenFull, module, size: one, queue: { max: 2, whenFull } })
    const shared = gate()
    const running = pool.run({ gate: shared }, { name: 'block' })
    await begun(shared)
    const tasks = [pool.run('a'), pool.run('b', { priority: -1 }), pool.run('c'), pool.run('d', { priority: -2 })]
    const ends = Promise.all(tasks.map((task) => task.catch(({ code }) => code)))
    letGo(shared)
    await running
    assert.equal(await ends, whenFull === 'reject' ? ['a', 'b', 'POOL_FULL', 'POOL_FULL'] : ['a', 'POOL_FULL', 'c', 'POOL_FULL'])
  }
})

test('with a line of no length a task finds a free thread, or is refused', async () => {
  const system = await empty()
  const pool = system.pool({ id: 'p', module, size: one, queue: { max: 0 } })
  const shared = gate()
  const running = pool.run({ gate: shared }, { name: 'block' })
  assert.is((await failureOf(pool.run(1))).code, 'POOL_FULL')
  await begun(shared)
  assert.is((await failureOf(pool.run(2))).code, 'POOL_FULL')
  letGo(shared)
  assert.is(await running, 'let go')
  assert.is(await pool.run(3), 3)
})

test('a signal takes a waiting task out of the line, aborts a running one, and is left without listeners', async () => {
  const system = await empty()
  const file = join(temporaryFolder(), 'notes')
  const pool = system.pool({ id: 'p', module, size: one, graceMs: 20, input: { file } })
  const shared = gate()
  const [first, second] = [new AbortController(), new AbortController()]
  const running = failureOf(pool.run({ gate: shared }, { name: 'block', signal: first.signal }))
  await begun(shared)
  const waiting = failureOf(pool.run('never', { name: 'note', signal: second.signal }))
  second.abort(new Error('not wanted'))
  assert.is((await waiting).message, 'not wanted')
  assert.is(pool.status().queue.length, 0)
  first.abort(new Error('changed my mind'))
  assert.is((await running).message, 'changed my mind')
  await pool.run('next', { name: 'note', signal: new AbortController().signal })
  assert.is(readFileSync(file, 'utf8'), 'next\n')
  for (const { signal } of [first, second]) assert.is(getEventListeners(signal, 'abort').length, 0)
  assert.is((await failureOf(pool.run(1, { signal: AbortSignal.abort(new Error('too late')) }))).message, 'too late')
})

test('values and results can be transferred', async () => {
  const system = await empty()
  const pool = system.pool({ id: 'p', module, size: one })
  const bytes = new Uint8Array(1_000)
  assert.is(await pool.run(bytes, { name: 'sizeOf', transfer: [bytes.buffer] }), 1_000)
  assert.is(bytes.byteLength, 0)
  const made = await pool.run<Uint8Array>(1_000, { name: 'bytes' })
  assert.equal([made.length, made[999]], [1_000, 7])
})

test('a value that cannot be cloned refuses its task; a result that cannot be cloned, too', async () => {
  const system = await empty()
  const pool = system.pool({ id: 'p', module, size: one, restart: { maxRestarts: 0 } })
  assert.is((await failureOf(pool.run(() => 0))).name, 'DataCloneError')
  assert.is(await pool.run('next'), 'next')
  assert.is((await failureOf(pool.run(null, { name: 'unsendable' }))).name, 'DataCloneError')
  assert.is(await pool.run('next'), 'next')
  assert.equal([pool.status().state, pool.status().lastFailure], ['running', null])
})

test('close lets the tasks that it has finish, and takes no new ones', async () => {
  const system = await empty()
  const pool = system.pool({ id: 'p', module, size: one })
  const shared = gate()
  const tasks = [pool.run({ gate: shared }, { name: 'block' }), pool.run('waits')]
  await begun(shared)
  const closed = pool.close()
  assert.is((await failureOf(pool.run(1))).code, 'CLOSED')
  letGo(shared)
  assert.equal(await Promise.all(tasks), ['let go', 'waits'])
  await closed
  assert.is(pool.status().state, 'closed')
  assert.is((await failureOf(pool.run(1))).code, 'CLOSED')
  assert.is(pool.status().threads.live, 0)
  assert.is((await failureOf(Promise.resolve().then(() => system.pool('p')))).code, 'POOL_UNKNOWN')
  assert.is(await system.pool({ id: 'p', module, size: one }).run(2), 2)
})

test('the system closes its pools, and ends a thread that blocks at the end of the drain', async () => {
  const system = await empty()
  const pool = system.pool({ id: 'p', module, size: one, graceMs: 20 })
  const shared = gate()
  const ends = [pool.run({ gate: shared }, { name: 'block' }), pool.run('waits')].map(failureOf)
  await begun(shared)
  await system.close({ drainMs: 20 })
  for (const error of await Promise.all(ends)) assert.is(error.code, 'CLOSED')
  assert.equal([pool.status().state, pool.status().threads.live], ['closed', 0])
})

test('secrets in its input are hidden in the errors of its tasks', async () => {
  const system = await empty()
  const pool = system.pool({ id: 'p', module, size: one, input: { apiKey: 'sk-secret-1' } })
  const error = await failureOf(pool.run(null, { name: 'tell' }))
  assert.is(error.message, 'refused with key [redacted]')
  assert.not.match(error.stack ?? '', 'sk-secret-1')
})

test('mistakes are told before anything is made', async () => {
  const system = await empty()
  const wrong = (options: object): DroverError => {
    try {
      system.pool(options as PoolOptions)
    } catch (error) {
      return error as DroverError
    }
    throw new Error('it was accepted')
  }
  const cases: [object, string][] = [
    [{ id: 'p' }, 'module: expected a path, a file: URL or a URL, received nothing'],
    [{ id: 'p', module: './nowhere.js' }, 'a file that exists'],
    [{ id: 'p', module, deadline: 5 }, 'deadline: is not an option; did you mean deadlineMs?'],
    [{ id: 'p', module, size: { min: 3, max: 2 } }, 'size.min: expected at most 2, the max, received 3'],
    [{ id: 'p', module, queue: { max: -1 } }, 'queue.max: expected a whole number, at least 0, received -1'],
    [{ id: 'p', module, queue: { whenFull: 'drop' } }, "queue.whenFull: expected one of 'reject', 'drop-oldest'"],
    [{ id: 'p', module, input: () => 0 }, 'input: expected data that structured cloning can copy'],
    [{ id: 'p', module, restart: { backoff: { initialMs: 10, maxMs: 5 } } }, 'restart.backoff.maxMs: expected at least 10'],
  ]
  for (const [options, message] of cases) {
    const error = wrong(options)
    assert.is(error.code, 'CONFIG_INVALID')
    assert.ok(error.message.includes(message), `${error.message}\nhas not\n${message}`)
  }
  system.pool({ id: 'taken', module })
  assert.match(wrong({ id: 'taken', module }).message, 'another id')
  const pool = system.pool('taken')
  assert.is((await failureOf(pool.run(1, { deadlineMs: 0 }))).code, 'ARGUMENT_INVALID')
  assert.match((await failureOf(pool.run(1, { prio: 1 } as object))).message, 'priority')
  assert.is(pool.status().threads.live, 0)
  const twice = await failureOf(
    open({
      workers: [],
      pools: [
        { id: 'p', module },
        { id: 'p', module },
      ],
    }),
  )
  assert.match(twice.message, 'pools[1].id: expected another id')
})

test('a pool that was given up makes no thread when it is closed', async () => {
  const system = await empty()
  const pool = system.pool({ id: 'p', module: broken('throws'), size: { min: 2, max: 2 }, restart: { maxRestarts: 0 } })
  assert.is((await failureOf(pool.run(1))).code, 'POOL_BLACKLISTED')
  await until(() => pool.status().threads.live === 0, 'its threads have ended')
  let made = 0
  const count = (): void => void made++
  process.on('worker', count)
  await pool.close()
  process.off('worker', count)
  assert.is(made, 0)
})

test.run()
