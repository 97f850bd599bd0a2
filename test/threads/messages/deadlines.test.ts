import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { DeadLetter } from '../../../src/threads/messages/contract.js'
import { DeadLetters } from '../../../src/threads/messages/dead-letters.js'
import { Deadlines, type Timed } from '../../../src/threads/messages/deadlines.js'

/** Time limits that the test looks at, at times that it says. */
function limits(): {
  told: string[]
  add: (name: string, ms: number) => Timed
  remove: (timed: Timed) => void
  at: (ms: number) => string[]
} {
  let now = 1_000
  const deadlines = new Deadlines(() => now)
  const told: string[] = []
  const add = (name: string, ms: number): Timed => {
    const timed: Timed = { due: 0, before: null, after: null, line: null, timeIsUp: () => told.push(name) }
    deadlines.add(timed, ms)
    return timed
  }
  return {
    told,
    add,
    remove: (timed) => deadlines.remove(timed),
    at(ms) {
      // The looks of a timer on time.
      for (; now < 1_000 + ms; deadlines.look()) now = Math.min(1_000 + ms, now + 5)
      return told.splice(0)
    },
  }
}

test('time limits of several durations come due in their own order', () => {
  const { add, at } = limits()
  add('long', 100)
  add('short', 20)
  add('short too', 20)
  assert.equal(at(15), [])
  assert.equal(at(40), ['short', 'short too'])
  add('later', 20)
  assert.equal(at(55), [])
  assert.equal(at(130), ['later', 'long'])
})

test('one that is removed is never told, wherever it stood', () => {
  const { add, remove, at } = limits()
  const all = ['first', 'second', 'third', 'fourth'].map((name) => add(name, 20))
  remove(all[1] as Timed)
  remove(all[0] as Timed)
  remove(all[3] as Timed)
  remove(all[3] as Timed)
  add('fifth', 20)
  assert.equal(at(60), ['third', 'fifth'])
})

test('time in which the process stood still does not count', () => {
  let now = 0
  const deadlines = new Deadlines(() => now)
  let told = false
  deadlines.add(
    {
      due: 0,
      before: null,
      after: null,
      line: null,
      timeIsUp: () => {
        told = true
      },
    },
    100,
  )
  now = 60_000
  deadlines.look()
  assert.is(told, false)
  for (; now < 60_200; now += 10) deadlines.look()
  assert.is(told, true)
})

test('of a thousand dead letters of twenty kinds in a second, ten are told, and the rest is counted', () => {
  const told: DeadLetter[] = []
  const dead = new DeadLetters((letters) => told.push(...letters))
  for (let n = 0; n < 1_000; n++) dead.add({ from: null, to: 'a', message: `m${n % 20}`, why: 'gone', count: 1 })
  assert.is(told.length, 10)
  dead.flush()
  assert.is(told.length, 30)
  assert.is(
    told.reduce((sum, { count }) => sum + count, 0),
    1_000,
  )
})

test.run()
