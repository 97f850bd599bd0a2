import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cleanUp, event, items, open, state, until, worker } from '../../support/system.js'

test.after.each(cleanUp)

const long = 600_000

test('done() waits for the first load of a dataset, and says so', async () => {
  const system = await open({ workers: [worker('a/x'), worker('b/x', { dataset: 'other' })] })
  const said: string[] = []
  system.onLog(({ level, message }) => level === 'warn' && said.push(message))
  await system.load('other', items(2))
  await system.start()
  const done = system.done()
  await until(() => said.length > 0, 'a word')
  assert.equal(said, ['done() waits: a/x for the first load of dataset "data" (if it has no items, call load("data", []))'])
  const { state: waits, reason } = system.worker('a/x').status()
  assert.equal([waits, reason, system.status().slots.used], ['queued', 'waits for the first load of dataset "data"', 0])
  await system.load('data', items(3))
  const report = await done
  assert.equal([report.ok, report.results, report.completed], [true, 5, ['a/x', 'b/x']])
})

test('the reason for which done() waits is logged again if a person must act', async () => {
  const system = await open({ workers: [worker('a/x')] })
  const said: string[] = []
  system.onLog(({ level, message }) => level === 'warn' && said.push(message))
  await system.start()
  const done = system.done()
  await until(() => said.length > 1, 'it is said again')
  assert.equal(new Set(said).size, 1)
  await system.load('data', [])
  assert.ok((await done).ok)
})

test('a load under a misspelt name ends the wait for the right one, and the report asks whether it was meant', async () => {
  const system = await open({ workers: [worker('a/x', { dataset: 'messages' }), worker('b/x', { dataset: 'other' })] })
  await system.load('mesages', items(2))
  await system.load('other', items(1))
  await system.start()
  const { ok, completed, incomplete } = await system.done()
  assert.equal([ok, completed], [false, ['b/x']])
  assert.equal(incomplete, [
    { worker: 'a/x', why: 'its dataset "messages" was never loaded, but "mesages" was: did you mean "messages"?', left: 0 },
  ])
  await system.load('messages', items(3))
  assert.equal((await system.done()).results, 4)
})

test('a load under a name unlike any that workers have is told once with their names, ends the wait, and is in the report', async () => {
  const system = await open({ workers: [worker('a/x', { dataset: 'messages' }), worker('b/x', { dataset: 'other' })] })
  const said: string[] = []
  system.onLog(({ level, message }) => level === 'warn' && said.push(message))
  await system.load('reviews-2026', items(2))
  await system.load('reviews-2026', items(3))
  await system.load('other', items(1))
  await system.start()
  const { ok, completed, incomplete, unused } = await system.done()
  assert.equal(said, ['load: no worker has the dataset "reviews-2026"; workers have "messages", "other"'])
  assert.equal([ok, completed, unused], [false, ['b/x'], [{ dataset: 'reviews-2026', items: 3 }]])
  assert.equal(incomplete, [
    { worker: 'a/x', why: 'its dataset "messages" was never loaded, but "reviews-2026" was: did you mean "messages"?', left: 0 },
  ])
  await system.load('messages', items(3))
  assert.ok((await system.done()).ok, 'nothing of any worker is left')
  await system.add(worker('c/x', { dataset: 'reviews-2026' }))
  await system.start()
  const whole = await system.done()
  assert.equal([whole.ok, whole.results, whole.unused], [true, 7, []])
})

test('a load of nothing is a load: there is nothing to wait for', async () => {
  const system = await open({ workers: [worker('a/x')] })
  await system.start()
  const done = system.done()
  await system.load('data', [])
  assert.equal([(await done).ok, (await done).completed], [true, ['a/x']])
})

test('a system that is closed before anything was loaded says of which lanes', async () => {
  const system = await open({ workers: [worker('a/x')] })
  await system.start()
  const done = system.done()
  await system.close()
  const { ok, interrupted, completed, incomplete } = await done
  assert.equal([ok, interrupted, completed], [false, true, []])
  assert.equal(incomplete, [{ worker: 'a/x', why: 'its dataset was never loaded', left: 0 }])
})

test('a load into a dataset that no worker has is reported, with the most similar name', async () => {
  const system = await open({ workers: [worker('a/x', { dataset: 'messages' })] })
  const said: string[] = []
  system.onLog(({ level, message }) => level === 'warn' && said.push(message))
  const told = event(system, 'dataset:worker:missing')
  const report = await system.load('mesages', items(2))
  assert.is(report.warning, 'no worker has the dataset "mesages"; did you mean "messages"?')
  assert.equal([(await told).dataset, (await told).meant], ['mesages', 'messages'])
  await system.load('mesages', items(3))
  assert.equal(said, ['load: no worker has the dataset "mesages"; did you mean "messages"?'])
  assert.not('warning' in (await system.load('messages', items(1))))
  // Workers that come later may label it.
  await system.add(worker('b/x', { dataset: 'mesages' }))
  assert.not('warning' in (await system.load('mesages', items(4))))
})

test('one thread does what trickles in, done() does not wait for its end, and close ends it at once', async () => {
  const system = await open({ workers: [worker('a/x')], idleMs: long })
  let threads = 0
  system.on('worker:state:changed', ({ to }) => to === 'starting' && threads++)
  await system.load('data', items(1))
  await system.start()
  for (let count = 2; count < 6; count++) {
    const report = await system.done()
    assert.equal([report.ok, report.completed, report.results], [true, ['a/x'], count - 1])
    await system.load('data', items(count))
  }
  assert.is((await system.done()).results, 5)
  const { state: stays, activity, reason } = system.worker('a/x').status()
  assert.equal([threads, stays, activity, reason], [1, 'running', 'idle', 'all tasks done'])
  await system.close()
  assert.is(system.status().state, 'closed')
  // Nothing was left to do: that its host ended is no reason to call it stopped.
  assert.equal([system.status().workers[0]?.state, system.status().workers[0]?.reason], ['completed', 'all tasks done'])
})

test('an idle thread ends by itself after idleMs', async () => {
  const system = await open({ workers: [worker('a/x')], idleMs: 50 })
  await system.load('data', items(1))
  const completed = event(system, 'worker:state:changed', ({ to }) => to === 'completed')
  await system.start()
  assert.is((await completed).reason, 'all tasks done')
})

test('a worker that waits for a slot gets that of an idle thread at once', async () => {
  const system = await open({ workers: ['a/x', 'b/x', 'c/x'].map((id) => worker(id)), concurrency: 1, idleMs: long })
  await system.load('data', items(4))
  await system.start()
  const report = await system.done()
  assert.equal([report.ok, report.results], [true, 12])
  assert.is(system.status().workers.filter((one) => one.activity === 'idle').length, 1)
})

test("an idle thread's slot is as good as free where start refuses to queue", async () => {
  const system = await open({ workers: [worker('a/x'), worker('b/x')], concurrency: 1, onFull: 'reject', idleMs: long })
  await system.load('data', items(2))
  await system.start('a/x')
  await system.done()
  await system.start('b/x')
  await state(system, 'a/x', 'completed')
  assert.is((await system.done()).results, 4)
})

test('a worker whose thread is idle can be reset', async () => {
  const system = await open({ workers: [worker('a/x')], idleMs: long })
  await system.load('data', items(2))
  await system.start()
  await system.done()
  const [reset] = await system.reset('a/x', { data: true })
  assert.equal([reset?.ok, reset?.state, reset?.deleted.results], [true, 'idle', 2])
})

test.run()
