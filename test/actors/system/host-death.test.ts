import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ControlOutcome } from '../../../src/index.js'
import { seededRandom } from '../../../src/testing/seeded-random.js'
import { hangMs } from '../../support/hang.js'
import { hostOrders, kill, killRounds, said, startHost } from '../../support/kill-rounds.js'
import { cleanUp, collect, event, open, puppet, temporaryFolder } from '../../support/system.js'

test.after.each(cleanUp)

test('a host killed with -9 again and again leaves exactly one result per item and lane', async () => {
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))
  console.log(`  seed ${seed}`)
  const report = await killRounds({
    folder: temporaryFolder(),
    rounds: 6,
    items: 3_000,
    lanes: 4,
    everyMs: 1,
    withinMs: 150,
    random: seededRandom(seed),
  })
  console.log(`  ${JSON.stringify(report)}`)
  assert.ok(report.kills >= 4)
  assert.ok(report.retried > 0, 'no kill hit a task: the test has shown nothing')
})

test('a worker runs on one of two live hosts; the second one learns the holder, and takes the worker when the holder dies', async () => {
  const orders = hostOrders(temporaryFolder(), { lanes: 1, items: 1_000, everyMs: 20, concurrency: 1 })
  const first = startHost(orders)
  await said(first, 'running')
  const second = await open({
    store: orders.store,
    workers: [{ id: 'annotator-0/x', module: puppet, dataset: 'data', input: { starts: orders.starts } }],
  })
  const [outcome] = (await second.start()) as [ControlOutcome]
  assert.is(outcome.ok, true)
  assert.match(outcome.message, new RegExp(`waits: held by another host: pid ${first.pid} on .*, since \\d{4}-`))
  assert.is(second.worker('annotator-0/x').status().heldBy?.pid, first.pid)

  await kill(first)
  const report = await second.done()
  assert.is(report.results, 1_000)
})

test('the workers of a killed host are reported as orphaned at once, also to listeners added when the system is open', async () => {
  const orders = hostOrders(temporaryFolder(), { lanes: 1, items: 100, everyMs: 50, concurrency: 1 })
  const first = startHost(orders)
  await said(first, 'running')
  await kill(first)
  const second = await open({ store: orders.store, workers: [{ id: 'annotator-0/x', module: puppet, dataset: 'data' }] })
  const [recovered, failed] = [event(second, 'host:work:recovered'), event(second, 'worker:failure:recorded')]
  const status = second.worker('annotator-0/x').status()
  assert.is(status.lastFailure?.kind, 'orphaned')
  assert.is(status.state, 'idle')
  assert.is(status.progress?.leased, 0)
  assert.equal((await recovered).workers, ['annotator-0/x'])
  assert.is((await failed).failure.kind, 'orphaned')
  await second.start()
  assert.is((await second.done()).results, 100)
})

test('a program that closes its system ends by itself', async () => {
  const orders = hostOrders(temporaryFolder(), { lanes: 2, items: 10, everyMs: 0, concurrency: 1 })
  const child = startHost(orders)
  await said(child, 'done')
  const [code] = (await once(child, 'exit', { signal: AbortSignal.timeout(hangMs) })) as [number]
  assert.is(code, 0)
})

for (const [signal, code] of [
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const) {
  test(`${signal} lets the tasks in hand finish, gives the others back, and ends the process with ${code}`, async () => {
    const orders = hostOrders(temporaryFolder(), { lanes: 2, items: 5_000, everyMs: 10, concurrency: 2 })
    const child = startHost(orders)
    await said(child, 'progress')
    child.kill(signal)
    const [exitCode] = (await once(child, 'exit', { signal: AbortSignal.timeout(hangMs) })) as [number]
    assert.is(exitCode, code)
    const system = await open({ store: orders.store, workers: [{ id: 'annotator-0/x', module: puppet, dataset: 'data' }] })
    const status = system.worker('annotator-0/x').status()
    assert.is(status.state, 'stopped')
    assert.is(status.lastFailure, null)
    assert.is(status.progress?.leased, 0)
    const results = await collect(system.results())
    const started = readFileSync(orders.starts, 'utf8').trimEnd().split('\n').length
    assert.is(results.length, started, 'what was started was finished')
  })
}

test.run()
