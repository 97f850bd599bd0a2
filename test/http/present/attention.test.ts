/** What needs attention, by the reasons that workers have. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { attentionOf } from '../../../src/http/present/attention.js'
import { type Counted, Tally } from '../../../src/http/present/tally.js'

const plain: Omit<Counted, 'id'> = {
  quotas: [],
  state: 'running',
  reason: '',
  progress: null,
  ratePerMinute: 0,
  breaker: null,
  until: null,
  heldBy: null,
}

function told(workers: Partial<Counted>[], dead = 0) {
  const tally = new Tally()
  for (const [n, worker] of workers.entries()) tally.set({ ...plain, id: `w${n}`, ...worker })
  return attentionOf({ state: 'open', dead }, tally, [], [])
}

const givenUp = (reason: string): Partial<Counted> => ({ state: 'blacklisted', reason })

test('workers with one reason are told with it, and those with several by reason, each with its count', () => {
  assert.is(told([givenUp('no key')])[0]?.message, '1 worker is given up: no key')
  assert.is(told([givenUp('no key'), givenUp('no key')])[0]?.message, '2 workers are given up: no key')
  const [both] = told([givenUp('exit: code 3'), givenUp('no key'), givenUp('no key')])
  assert.is(both?.message, '3 workers are given up: 2 no key; 1 exit: code 3')
  assert.equal(both?.reasons, [
    { reason: 'no key', count: 2, workers: ['w1', 'w2'] },
    { reason: 'exit: code 3', count: 1, workers: ['w0'] },
  ])
})

test('however many reasons there are, the most frequent are told and all workers are counted', () => {
  const workers = Array.from({ length: 2_500 }, (_, n) => givenUp(n % 2 === 0 ? 'no key' : `reason ${n % 100}`))
  const [all] = told(workers)
  assert.is(all?.count, 2_500)
  assert.match(all?.message ?? '', /^2,500 workers are given up: 500 no key; 10 reason 1; 10 reason 3; 1,980 for other reasons$/)
  assert.equal([all?.reasons.length, all?.workers.length], [3, 20])
})

test('dead tasks are told with their number as people write it', () => {
  const lane = { done: 0, dead: 1, total: 1, leased: 0, retrying: 0 } as NonNullable<Counted['progress']>
  assert.is(told([{ progress: lane }], 2_379)[0]?.message, '2,379 tasks were given up')
  assert.is(told([{ progress: lane }], 1)[0]?.message, '1 task was given up')
})

test.run()
