import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Drover, LogRecord } from '../../src/index.js'
import { cleanUp, event, items, open, puppet, state, temporaryFolder, until, worker } from '../support/system.js'

test.after.each(cleanUp)

const caller = new URL('../fixtures/caller.worker.js', import.meta.url)
const calls = (count: number): object[] => Array.from({ length: count }, (_, index) => ({ id: `t${index}` }))
const spent = { requests: { limit: 1_000, per: 'minute' }, budget: { requests: 2 } } as const
function logOf(system: Drover): LogRecord[] {
  const records: LogRecord[] = []
  system.onLog((record) => records.push(record))
  return records
}

const linesOf = (records: LogRecord[], level: string): string[] => records.filter((one) => one.level === level).map((one) => one.message)

test('a run whose tasks all have results is ok, and exits with 0', async () => {
  const system = await open({ workers: [worker('a/x'), worker('b/x')] })
  await system.load('data', items(3))
  const report = await system.run()
  const all = { completed: ['a/x', 'b/x'], stopped: [], blacklisted: [], held: [], paused: [], parked: [] }
  assert.equal(report, { ok: true, ...all, incomplete: [], unused: [], interrupted: false, results: 6, dead: 0, errors: [], exitCode: 0 })
  assert.is(system.status().state, 'closed')
})

test('a run that loads under a misspelt name what nobody works on is told from one that did all, also if the right one was done earlier', async () => {
  const store = join(temporaryFolder(), 'test.db')
  const first = await open({ store, workers: [worker('a/x', { dataset: 'messages' })] })
  await first.load('messages', items(1))
  assert.is((await first.run()).exitCode, 0)
  const second = await open({ store, workers: [worker('a/x', { dataset: 'messages' })] })
  const records = logOf(second)
  await second.load('mesages', items(2))
  const { ok, unused, exitCode } = await second.run()
  assert.equal([ok, unused, exitCode], [true, [{ dataset: 'mesages', items: 2 }], 4])
  assert.is(linesOf(records, 'warn').at(-1), 'run: 2 items were loaded into "mesages", which no worker uses')
})

test('a lane with dead tasks is never called all done, neither in a state nor in a log, and the report groups its errors', async () => {
  const system = await open({ workers: [worker('a/x'), worker('b/x')], tasks: { maxAttempts: 1 } })
  const records = logOf(system)
  await system.load(
    'data',
    items(5, (i) => (i === 1 || i === 2 ? { do: 'throw' } : i === 3 ? { do: 'give up' } : {})),
  )
  const completed = event(system, 'worker:state:changed', ({ to }) => to === 'completed')
  const report = await system.run()
  assert.equal([report.ok, report.dead, report.results, report.incomplete, report.exitCode], [false, 6, 4, [], 3])
  assert.equal(
    report.errors.map(({ code, count, workers }) => [code, count, workers]),
    [
      ['E_LUCK', 4, ['a/x', 'b/x']],
      ['HOPELESS', 2, ['a/x', 'b/x']],
    ],
  )
  assert.is((await completed).reason, 'nothing left to do: 2 done, 3 dead')
  assert.not.match(records.map(({ message }) => message).join('\n'), /all tasks done/)
})

test('a worker that is given up is in the report with why and how much it leaves, and the run exits with 1', async () => {
  const system = await open({ workers: [worker('a/x'), worker('b/x', { input: { setup: 'throw' } })], restart: { maxRestarts: 0 } })
  await system.load('data', items(7))
  const report = await system.run()
  assert.equal([report.ok, report.completed, report.blacklisted, report.exitCode], [false, ['a/x'], ['b/x'], 1])
  assert.equal(
    report.incomplete.map(({ worker, left }) => [worker, left]),
    [['b/x', 7]],
  )
  assert.match(report.incomplete[0]?.why ?? '', /^blacklisted: /)
})

test('a worker that was not started, and one that was stopped, are incomplete; a disabled one is not', async () => {
  const system = await open({ workers: [worker('a/x'), worker('b/x', { input: { everyMs: 60_000 } }), worker('c/x', { enabled: false })] })
  await system.load('data', items(2))
  await system.start('b/x')
  await state(system, 'b/x', 'running')
  await system.stop('b/x', { drainMs: 0 })
  const report = await system.done()
  assert.equal(report.incomplete, [
    { worker: 'a/x', why: 'not started: declared', left: 2 },
    { worker: 'b/x', why: 'stopped', left: 2 },
  ])
})

test('done() ends if a budget is spent and no person can raise it: with a warning, an event, and in the report', async () => {
  const system = await open({
    workers: [worker('a/x', { module: caller, quota: 'key' }), worker('b/x', { module: puppet, dataset: 'other' })],
    quotas: { key: spent },
  })
  const records = logOf(system)
  await system.load('data', calls(5))
  await system.load('other', items(3))
  const told = event(system, 'quota:window:spent')
  await system.start()
  const report = await system.done()
  assert.equal([(await told).until, report.paused, report.completed, report.results], [null, ['a/x'], ['b/x'], 5])
  assert.equal(report.incomplete, [{ worker: 'a/x', why: 'paused: requests/ever of quota key is spent: raise it to go on', left: 3 }])
  assert.ok(linesOf(records, 'warn').includes('requests/ever of quota key is spent until its budget is raised'))
})

test('done() ends where every key is retired, also where that was found in the store, and warns of it', async () => {
  const system = await open({ workers: [worker('a/x', { module: caller, quota: 'key' })], quotas: { key: spent } })
  const records = logOf(system)
  await system.load('data', calls(1))
  await system.quota('key').retire('somebody else has it')
  await system.start()
  const report = await system.done()
  assert.equal([report.ok, report.paused, report.incomplete[0]?.left], [false, ['a/x'], 1])
  assert.ok(linesOf(records, 'warn').includes('every key of key is retired: its workers pause until one is revived'))
})

test('done() waits for a spent budget while a person is attached who could raise it, and logs this', async () => {
  const system = await open({ workers: [worker('a/x', { module: caller, quota: 'key' })], quotas: { key: spent } })
  const records = logOf(system)
  await system.load('data', calls(5))
  await system.start()
  const leave = system.attend()
  const done = system.done()
  await until(() => linesOf(records, 'warn').some((line) => line.startsWith('done() waits: a/x (paused: requests/ever')), 'a word')
  await system.quota('key').set({ ...spent, budget: { requests: 4 } })
  await until(() => system.status().done === 4 && system.worker('a/x').status().state === 'paused', 'the rest of it')
  leave()
  assert.equal([(await done).results, (await done).paused], [4, ['a/x']])
})

test('a worker whose budget is spent leaves its slot to the others, and takes one again once the budget is raised', async () => {
  const system = await open({
    concurrency: 1,
    workers: [
      worker('a/x', { module: caller, quota: 'key', priority: 1 }),
      ...['b/x', 'c/x'].map((id) => worker(id, { dataset: 'other' })),
      worker('d/x', { module: caller, quota: 'key', priority: 1 }),
    ],
    quotas: { key: spent },
  })
  await system.load('data', calls(3))
  await system.load('other', items(3))
  await system.start()
  const report = await system.done()
  assert.equal([report.results, report.completed, report.paused], [8, ['b/x', 'c/x'], ['a/x', 'd/x']])
  assert.equal(
    report.incomplete.map(({ why, left }) => [why.replace(/:.*/, ''), left]),
    [
      ['paused', 1],
      ['paused', 3],
    ],
  )
  assert.is(system.status().slots.used, 0)
  await system.stop('d/x')
  await system.quota('key').set({ ...spent, budget: { requests: 20 } })
  const after = await system.done()
  assert.equal([after.results, after.completed, after.stopped, after.dead], [9, ['a/x', 'b/x', 'c/x'], ['d/x'], 0])
  assert.ok(system.status().workers.every(({ restarts }) => restarts === 0))
})

test('done() does not wait for a worker that was paused under an earlier host', async () => {
  const store = join(temporaryFolder(), 'test.db')
  const first = await open({ store, workers: [worker('a/x', { input: { everyMs: 20 } })] })
  await first.load('data', items(1_000))
  await first.start()
  await state(first, 'a/x', 'running')
  await first.pause()
  await first.close()
  const second = await open({ store, workers: [worker('a/x')] })
  await second.start()
  const { ok, paused, incomplete } = await second.done()
  assert.equal([ok, paused, incomplete[0]?.why], [false, ['a/x'], 'paused: paused by hand under an earlier host: resume it to go on'])
})

test('done() waits for a worker that was paused by hand, and logs this once', async () => {
  const system = await open({ workers: [worker('a/x', { input: { everyMs: 20 } })] })
  const records = logOf(system)
  await system.load('data', items(150))
  await system.start()
  await state(system, 'a/x', 'running')
  await system.pause()
  const done = system.done()
  const said = (): string[] => linesOf(records, 'warn').filter((line) => line.startsWith('done() waits'))
  await until(() => said().length > 0, 'a word')
  // Something else changes meanwhile.
  system.setConcurrency(5)
  await system.add(worker('c/x', { enabled: false }))
  await system.resume()
  assert.is((await done).results, 150)
  assert.equal(said(), ['done() waits: a/x (paused: paused)'])
})

test('a system that is closed under done() gives its report, with everything that is in the store', async () => {
  const system = await open({ workers: [worker('a/x', { input: { everyMs: 20 } })], tasks: { maxAttempts: 1 } })
  await system.load(
    'data',
    items(100, (i) => (i === 0 ? { do: 'throw' } : {})),
  )
  await system.start()
  const done = system.done()
  await until(() => system.status().done > 2, 'some results')
  await system.close()
  const report = await done
  assert.equal([report.ok, report.interrupted, report.dead, report.errors[0]?.count], [false, true, 1, 1])
  assert.is(report.incomplete[0]?.left, 99 - report.results)
})

test.run()
