import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ReadQueue, type ReadRank } from '../../../src/store/read-pool/read-queue.js'

/** Takes all that may begin. */
function begun(queue: ReadQueue<string>): string[] {
  const jobs: string[] = []
  for (let next = queue.take(); next; next = queue.take()) jobs.push(next.job)
  return jobs
}

test('quick reads go before bulk pages, and these before long reads', () => {
  const queue = new ReadQueue<string>(1, () => 0)
  const order: string[] = []
  for (const rank of ['long', 'bulk', 'quick', 'long', 'quick'] as ReadRank[]) queue.add(`${rank} ${queue.size}`, rank)
  for (let next = queue.take(); next; next = queue.take()) {
    order.push(next.job)
    queue.done(next.rank)
  }
  assert.equal(order, ['quick 2', 'quick 4', 'bulk 1', 'long 0', 'long 3'])
})

test('however many long reads there are, a quick one finds a thread', () => {
  const queue = new ReadQueue<string>(2, () => 0)
  for (let n = 0; n < 200; n++) queue.add(`long ${n}`, 'long')
  assert.equal(begun(queue), ['long 0'])
  queue.add('quick', 'quick')
  assert.equal(begun(queue), ['quick'])
  queue.done('quick')
  assert.equal(begun(queue), [])
  queue.done('long')
  assert.equal(begun(queue), ['long 1'])
})

test('a long read does not wait for ever while quick ones keep coming', () => {
  let now = 0
  const queue = new ReadQueue<string>(1, () => now)
  queue.add('long', 'long')
  let quick = 0
  for (; quick < 1_000; quick++) {
    queue.add(`quick ${quick}`, 'quick')
    const next = queue.take()
    if (next?.job === 'long') break
    queue.done('quick')
    now += 100
  }
  assert.ok(quick > 20 && quick < 100, `after ${quick} quick ones`)
})

test('a cancelled read is dropped', () => {
  const queue = new ReadQueue<string>(1, () => 0)
  for (const job of ['a', 'b', 'c']) queue.add(job, 'bulk')
  queue.drop('b')
  assert.is(queue.size, 2)
  assert.equal(begun(queue), ['a'])
  assert.equal(queue.clear(), ['c'])
  assert.is(queue.size, 0)
})

test.run()
