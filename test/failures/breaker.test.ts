import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { BreakerOptions, Drover, DroverEvents, DroverOptions, WorkerStatus } from '../../src/index.js'
import { cleanUp, event, isolations, items, open, state, temporaryFolder, until, worker } from '../support/system.js'

test.after.each(cleanUp)

const library = new URL('../../src/worker.js', import.meta.url).href

/** A worker whose endpoint is up while its file is there, and that notes each of its attempts. */
function endpoint() {
  const folder = temporaryFolder()
  const up = join(folder, 'up')
  const calls = join(folder, 'calls')
  writeFileSync(calls, '')
  const file = join(folder, 'label.worker.mjs')
  const lines = [
    `import { appendFileSync, existsSync } from 'node:fs'`,
    `import { defineWorker, TaskError } from '${library}'`,
    'export default defineWorker({',
    '  process: (task) => {',
    `    appendFileSync(${JSON.stringify(calls)}, task.key + '\\n')`,
    `    if (existsSync(${JSON.stringify(up)})) return { label: 'yes' }`,
    "    throw new TaskError('E_DOWN', { message: 'no connection for ' + task.key, retry: task.data.retry })",
    '  },',
    '})',
  ]
  writeFileSync(file, lines.join('\n'))
  return {
    module: pathToFileURL(file),
    goesUp: () => writeFileSync(up, ''),
    goesDown: () => rmSync(up, { force: true }),
    /** Keys, in the order of the attempts. */
    calls: () => readFileSync(calls, 'utf8').split('\n').filter(Boolean),
  }
}

function tasks(breaker: boolean | BreakerOptions): Partial<DroverOptions> {
  return { tasks: { maxAttempts: 3, backoff: { initialMs: 3_600_000, maxMs: 3_600_000 }, breaker } }
}

function openings(system: Drover): DroverEvents['lane:breaker:opened'][] {
  const seen: DroverEvents['lane:breaker:opened'][] = []
  system.on('lane:breaker:opened', (payload) => seen.push(payload))
  return seen
}

for (const isolation of isolations) {
  test(`an endpoint that is down takes 20 attempts of a ${isolation} and then one at a time, and when it is up all is done`, async () => {
    const { module, goesUp, calls } = endpoint()
    const system = await open({ ...tasks({ forMs: 100 }), workers: [worker('a/x', { module, isolation })] })
    await system.load('data', items(500))
    const seen = openings(system)
    const twice = event(system, 'lane:breaker:opened', (payload) => payload.openings === 2)
    const parked = event(system, 'worker:state:changed', ({ to, reason }) => to === 'parked' && !reason.startsWith('20 attempts'))
    let atTwice: string[] = []
    system.on('lane:breaker:opened', ({ openings }) => {
      if (openings === 2) atTwice = calls()
    })
    await system.start()
    const done = system.done()
    await twice
    assert.equal([atTwice.length, new Set(atTwice).size], [21, 21])
    const [first, second] = seen
    assert.equal([first?.attempts, first?.openings, first?.error.code], [20, 1, 'E_DOWN'])
    assert.ok(Math.abs((first?.until as number) - (first?.at as number) - 100) < 1)
    assert.ok(Math.abs((second?.until as number) - (second?.at as number) - 200) < 1)
    assert.match((await parked).reason, /^the trial task failed too: E_DOWN: no connection/)
    const { breaker } = system.worker('a/x').status()
    assert.equal([breaker?.error.code, (breaker?.openings ?? 0) >= 2], ['E_DOWN', true])
    const lines = system.logs({ level: 'warn', part: 'worker', limit: 100 }).map(({ message }) => message)
    assert.ok(
      lines.some((line) => /^20 attempts in a row failed: E_DOWN: no connection .*label\.worker\.mjs:7:\d+\); waits until/.test(line)),
      lines.join('\n'),
    )
    goesUp()
    await event(system, 'lane:breaker:closed')
    assert.is(system.worker('a/x').status().breaker, null)
    // Those that failed before wait for an hour.
    await until(() => {
      const { done: is, retrying } = system.worker('a/x').status().progress as NonNullable<WorkerStatus['progress']>
      return is > 400 && is + retrying === 500
    }, 'the others to be done')
    await system.tasks.retry()
    const report = await done
    assert.equal([report.ok, report.results, report.dead], [true, 500, 0])
  })
}

test('a task that is tried and fails pays for its own attempt, the others do not', async () => {
  const { module, calls } = endpoint()
  const system = await open({ ...tasks({ failures: 3, forMs: 20, maxMs: 20 }), workers: [worker('a/x', { module })] })
  await system.load(
    'data',
    items(50, () => ({ retry: false })),
  )
  await system.start()
  await event(system, 'lane:breaker:opened', (payload) => payload.openings === 4)
  await state(system, 'a/x', 'parked')
  assert.is(calls().length, 6)
  const { dead, done, leased } = system.worker('a/x').status().progress as NonNullable<WorkerStatus['progress']>
  assert.equal([dead, done, leased], [6, 0, 0])
})

test('with breaker false every attempt is made', async () => {
  const { module, calls } = endpoint()
  const system = await open({ ...tasks(false), workers: [worker('a/x', { module })] })
  await system.load(
    'data',
    items(50, () => ({ retry: false })),
  )
  const seen = openings(system)
  await system.start()
  assert.is((await system.done()).dead, 50)
  assert.equal([calls().length, seen.length], [50, 0])
})

test('a lane whose last task failed when it opened does not wait: there is nothing left to try', async () => {
  const { module } = endpoint()
  const system = await open({ ...tasks({ failures: 20, forMs: 3_600_000, maxMs: 3_600_000 }), workers: [worker('a/x', { module })] })
  await system.load(
    'data',
    items(20, () => ({ retry: false })),
  )
  await system.start()
  const report = await system.done()
  assert.equal([report.dead, report.completed], [20, ['a/x']])
})

test("with do 'pause' the worker stays paused, done() tells of it, and a resume tries one task", async () => {
  const { module, goesUp, calls } = endpoint()
  const system = await open({ ...tasks({ failures: 4, do: 'pause' }), workers: [worker('a/x', { module })] })
  await system.load('data', items(30))
  await system.start()
  const report = await system.done()
  assert.equal([report.ok, report.paused], [false, ['a/x']])
  assert.match(report.incomplete[0]?.why ?? '', /^paused: 4 attempts in a row failed: E_DOWN/)
  assert.is(system.worker('a/x').status().breaker?.until, null)
  assert.is(system.status().slots.used, 0, 'others have the slot')
  const opened = event(system, 'lane:breaker:opened')
  await system.resume()
  await opened
  await state(system, 'a/x', 'paused')
  assert.is(calls().length, 5)
  goesUp()
  const closed = event(system, 'lane:breaker:closed')
  await system.resume()
  await closed
  await system.tasks.retry()
  assert.is((await system.done()).results, 30)
})

test('the next host does not begin anew with twenty, nor wait: it tries one task when it is started', async () => {
  const { module, goesUp, calls } = endpoint()
  const store = join(temporaryFolder(), 'test.db')
  const options = { ...tasks({ forMs: 3_600_000, maxMs: 3_600_000 }), store, workers: [worker('a/x', { module })] }
  const first = await open(options)
  await first.load('data', items(100))
  await first.start()
  await state(first, 'a/x', 'parked')
  await first.close()
  assert.is(calls().length, 20)
  const second = await open(options)
  const again = event(second, 'lane:breaker:opened')
  await second.start()
  assert.is((await again).openings, 2)
  await state(second, 'a/x', 'parked')
  assert.is(calls().length, 21)
  await second.close()
  goesUp()
  const third = await open(options)
  const closed = event(third, 'lane:breaker:closed')
  await third.start()
  await closed
  await until(() => (third.worker('a/x').status().progress?.done ?? 0) >= 79, 'what never failed to be done', 60_000)
})

test('a streak continues over threads that are replaced between tasks', async () => {
  const { module, calls } = endpoint()
  const system = await open({ ...tasks({ failures: 8, forMs: 3_600_000 }), workers: [worker('a/x', { module, recycle: { maxTasks: 3 } })] })
  await system.load('data', items(100))
  await system.start()
  await state(system, 'a/x', 'parked')
  assert.ok(calls().length <= 10, `${calls().length} attempts`)
})

test.run()
