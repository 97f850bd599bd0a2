/** What the store thread tells of its work through shared memory. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { StoreMeter } from '../../../src/store/thread/meter.js'

/** The two sides of one meter, on a clock of their own. */
function meters() {
  const clock = { now: 1_000 }
  const writes = new StoreMeter(undefined, () => clock.now)
  writes.start()
  const reads = new StoreMeter(writes.memory, () => clock.now)
  const commit = (ms: number): void => {
    writes.begin(1)
    clock.now += ms
    writes.end(true, 0)
  }
  return { clock, writes, reads, commit }
}

test('before the first commit there are no times', () => {
  const { clock, reads } = meters()
  clock.now += 500
  assert.equal(reads.read(), { busySince: null, inHand: 0, commits: { count: 0, ofMs: 500, perSecond: 0, p50Ms: null, p99Ms: null } })
})

test('commits are counted with their times; a transaction that wrote nothing is none', () => {
  const { clock, writes, reads, commit } = meters()
  for (let ms = 1; ms <= 100; ms++) commit(ms)
  writes.begin(3)
  clock.now += 9_999
  writes.end(false, 0)
  const { commits } = reads.read()
  assert.equal([commits.count, commits.p50Ms, commits.p99Ms], [100, 50, 99])
  assert.is(Math.round(commits.perSecond * commits.ofMs), 100_000)
})

test('commits of more than a minute ago no longer count', () => {
  const { clock, reads, commit } = meters()
  commit(500)
  clock.now += 60_001
  commit(7)
  assert.equal(reads.read().commits, { count: 1, ofMs: 60_000, perSecond: 1 / 60, p50Ms: 7, p99Ms: 7 })
})

test('of many commits the latest are kept, and the rate is over their time', () => {
  const { reads, commit } = meters()
  for (let n = 0; n < 5_000; n++) commit(n < 2_500 ? 9 : 2)
  const { count, perSecond, p99Ms } = reads.read().commits
  assert.equal([count, p99Ms, Math.round(perSecond)], [2_048, 2, 500])
})

test('a transaction that runs is seen with its begin, until it ends or another thread takes its place', () => {
  const { clock, writes, reads, commit } = meters()
  writes.begin(5)
  clock.now += 40
  assert.equal([reads.read().busySince, reads.read().inHand], [1_000, 5])
  writes.end(false, 2)
  assert.equal([reads.read().busySince, reads.read().inHand], [null, 2])
  commit(3)
  writes.begin(5)
  writes.start()
  assert.equal([reads.read().busySince, reads.read().inHand, reads.read().commits.count], [null, 0, 1])
})

test.run()
