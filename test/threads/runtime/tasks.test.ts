import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Result } from '../../../src/index.js'
import {
  cleanUp,
  collect,
  event,
  isolations,
  items,
  open,
  openWithParts,
  reportWith,
  state,
  temporaryFolder,
  worker,
} from '../../support/system.js'

test.after.each(cleanUp)

test('every item gets exactly one result in every lane', async () => {
  const system = await open({ workers: [worker('a-1/x', { concurrency: 4 }), worker('a-2/x'), worker('a-3/x', { prefetch: 0 })] })
  await system.load('data', items(2_000))
  await system.start()
  const report = await system.done()
  assert.equal(report, reportWith({ completed: ['a-1/x', 'a-2/x', 'a-3/x'], results: 6_000 }))
  const results = await collect(system.results())
  assert.is(results.length, 6_000)
  assert.is(new Set(results.map(({ key, worker }) => `${worker} ${key}`)).size, 6_000)
  assert.ok(results.every(({ attempt }) => attempt === 1))
})

test('a lane stops at its target, and continues when the target is raised', async () => {
  const system = await open({ workers: [worker('a/x', { target: 7 })] })
  await system.load('data', items(20))
  await system.start()
  assert.is((await system.done()).results, 7)
  assert.is(system.worker('a/x').status().state, 'completed')
  await system.setTarget('a/x', 12)
  assert.is((await system.done()).results, 12)
  await system.setTarget('a/x', null)
  assert.is((await system.done()).results, 20)
})

test('a target of 0 is done at once', async () => {
  const system = await open({ workers: [worker('a/x', { target: 0 })] })
  await system.load('data', items(3))
  await system.start()
  assert.equal(await system.done(), reportWith({ completed: ['a/x'] }))
})

test('delayMs is waited between the end of a task and the start of the next', async () => {
  const system = await open({ workers: [worker('a/x', { delayMs: 100 })] })
  await system.load('data', items(5))
  await system.start()
  await system.done()
  const times = (await collect(system.results())).map(({ committedAt }) => committedAt)
  assert.ok((times.at(-1) as number) - (times[0] as number) >= 4 * 100 - 20, `${times}`)
})

test('items loaded while workers run are done too, also after a lane had completed', async () => {
  const system = await open({ workers: [worker('a/x')] })
  await system.load('data', items(5))
  await system.start()
  await system.done()
  assert.is(system.worker('a/x').status().state, 'completed')
  await system.load('data', items(9))
  assert.is((await system.done()).results, 9)
})

test('workers take up items while the load is still running', async () => {
  const system = await open({ workers: [worker('a/x')] })
  await system.start()
  let release: () => void = () => {}
  const firstDone = new Promise<void>((resolve) => {
    release = resolve
  })
  system.on('lane:counts:changed', ({ lanes }) => lanes[0]?.done === 2_500 && release())
  async function* source() {
    yield* items(2_500)
    await firstDone
    yield { id: 'the last one' }
  }
  // 2,500 items are two batches and a half; the half is sent by the end of the source, so it is loaded apart here.
  await system.load('data', items(2_500))
  await Promise.all([system.load('data', source()), firstDone])
  assert.is((await system.done()).results, 2_501)
})

test('an attempt that throws is retried after a backoff, and dead after the last one, with the error', async () => {
  const system = await open({ workers: [worker('a/x')], tasks: { maxAttempts: 3, backoff: { initialMs: 1, maxMs: 2 } } })
  await system.load(
    'data',
    items(3, (i) => [{ do: 'throw' }, { do: 'throw', times: 2 }, { do: 'give up' }][i] as object),
  )
  await system.start()
  assert.is((await system.done()).dead, 2)
  const dead = await collect(system.deadTasks())
  assert.equal(
    dead.map(({ key, attempt, kind, error }) => [key, attempt, kind, error.code]),
    [
      ['item-0', 3, 'failed', 'E_LUCK'],
      ['item-2', 1, 'failed', 'HOPELESS'],
    ],
  )
  assert.is((await collect(system.results()))[0]?.attempt, 3)
  assert.is(system.worker('a/x').status().restarts, 0)
})

test('redriven tasks get another life, under the next numbers', async () => {
  const system = await open({ workers: [worker('a/x')], tasks: { maxAttempts: 1 } })
  await system.load(
    'data',
    items(2, (i) => (i === 0 ? { do: 'throw', times: 1 } : {})),
  )
  await system.start()
  assert.is((await system.done()).dead, 1)
  assert.is(await system.redrive({ domain: 'x' }), 1)
  assert.equal(await system.done(), reportWith({ completed: ['a/x'], results: 2 }))
  assert.is((await collect(system.results())).find(({ key }) => key === 'item-0')?.attempt, 2)
})

test('a task that takes too long is aborted through its signal and failed', async () => {
  const system = await open({ workers: [worker('a/x')], tasks: { maxAttempts: 1, timeoutMs: 40 } })
  await system.load(
    'data',
    items(1, () => ({ do: 'sleep', ms: 10_000 })),
  )
  await system.start()
  await system.done()
  assert.is((await collect(system.deadTasks()))[0]?.error.code, 'TASK_TIMEOUT')
})

test('tasks that never wait for anything leave the event loop its turns, for timers, beats and orders', async () => {
  const module = new URL('../../fixtures/turns.worker.js', import.meta.url)
  const system = await open({ workers: [worker('a/x', { module, prefetch: 2 })] })
  await system.load(
    'data',
    items(40, () => ({ ms: 15 })),
  )
  await system.start()
  await system.done()
  const turns = (await collect<Result<{ turns: number }>>(system.results())).map(({ value }) => value.turns)
  assert.ok((turns.at(-1) ?? 0) >= 20, `${turns}`)
})

test('a result that cannot be JSON is an error that is not retried; nothing returned is null', async () => {
  const system = await open({ workers: [worker('a/x')] })
  await system.load(
    'data',
    items(2, (i) => ({ do: i === 0 ? 'bigint' : 'nothing' })),
  )
  await system.start()
  await system.done()
  assert.is((await collect(system.deadTasks()))[0]?.error.code, 'RESULT_NOT_JSON')
  assert.is((await collect(system.results()))[0]?.value, null)
})

test('a result that JSON would keep only in part is refused with the place of what would be lost', async () => {
  const system = await open({ workers: [worker('a/x')] })
  await system.load('data', [{ id: 'map', do: 'map' }, { id: 'well' }])
  await system.start()
  await system.done()
  const [dead] = await collect(system.deadTasks())
  assert.equal([dead?.key, dead?.attempt, dead?.error.code], ['map', 1, 'RESULT_NOT_JSON'])
  assert.match(dead?.error.message ?? '', /^the result cannot be written as JSON: scores is an object \(Map\); allowed are texts, /)
  assert.is((await collect(system.results())).length, 1)
})

test('a worker with run() instead of process completes when it returns', async () => {
  const module = new URL('../../fixtures/run.worker.mjs', import.meta.url)
  const { dataset: _, ...base } = worker('loop/x', { module })
  const system = await open({ workers: [base] })
  await system.start()
  assert.equal((await system.done()).completed, ['loop/x'])
})

test('export writes JSON lines, whole or not at all', async () => {
  const system = await open({ workers: [worker('a/x')] })
  await system.load('data', items(2_345))
  await system.start()
  await system.done()
  const folder = temporaryFolder()
  const file = join(folder, 'labels.jsonl')
  assert.is(await system.export(file), 2_345)
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  assert.is(lines.length, 2_345)
  assert.equal(Object.keys(JSON.parse(lines[0] as string)), [
    'key',
    'dataset',
    'annotator',
    'domain',
    'value',
    'attempt',
    'worker',
    'committedAt',
  ])
  assert.equal(readdirSync(folder), ['labels.jsonl'])
  await system.export(join(folder, 'missing', 'labels.jsonl')).then(
    () => assert.unreachable(),
    ({ code, cause }: { code: string; cause: { code: string } }) => assert.equal([code, cause.code], ['EXPORT_FAILED', 'ENOENT']),
  )
})

test('a worker waits for its quota, and the quota is never exceeded', async () => {
  const system = await open({
    workers: [worker('a/x', { quota: 'key' }), worker('b/x', { quota: 'key' })],
    quotas: { key: { requests: { limit: 5, per: 300 } } },
  })
  await system.load('data', items(10))
  await system.start()
  assert.is((await system.done()).results, 20)
  const times = (await collect(system.results())).map(({ committedAt }) => committedAt).sort((a, b) => a - b)
  assert.ok(
    (times.at(-1) as number) - (times[0] as number) >= 850,
    `20 requests at 5 per 300 ms took ${(times.at(-1) as number) - (times[0] as number)} ms`,
  )
  assert.ok(
    (await collect(system.results())).every(({ attempt }) => attempt === 1),
    'waiting costs no attempt',
  )
})

test('a worker whose quota is spent for long parks: no thread, no slot, and it says until when', async () => {
  const system = await open({ workers: [worker('a/x', { quota: 'key' })], quotas: { key: { requests: { limit: 3, per: 'hour' } } } })
  await system.load('data', items(10))
  await system.start()
  await state(system, 'a/x', 'parked')
  const status = system.worker('a/x').status()
  assert.is((await collect(system.results())).length, 3)
  assert.is(status.threadId, null)
  assert.ok((status.until ?? 0) > Date.now() + 3_000_000)
  assert.is(system.status().slots.used, 0)
})

for (const isolation of isolations) {
  test(`the store thread of workers in a ${isolation} dies in the middle: it is replaced, nothing is lost, nothing doubled`, async () => {
    const { system, parts } = await openWithParts({ workers: [worker('a/x', { isolation, concurrency: 8 }), worker('b/x', { isolation })] })
    await system.load('data', items(4_000))
    await system.start()
    await event(system, 'lane:counts:changed', ({ lanes }) => lanes.some(({ done }) => done > 100))
    const restarted = event(system, 'store:thread:restarted')
    parts.store.die(7)
    await restarted
    const report = await system.done()
    assert.is(report.results, 8_000)
    assert.is(new Set((await collect(system.results())).map(({ key, worker }) => worker + key)).size, 8_000)
  })
}

test.run()
