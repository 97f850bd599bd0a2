import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { TaskBreaker } from '../../src/machines/task-breaker.js'
import type { CompiledBreaker } from '../../src/options/breaker.js'

const options: CompiledBreaker = { failures: 5, withinMs: Number.POSITIVE_INFINITY, do: 'park', forMs: 1, maxMs: 1 }
const fresh = { open: false, streak: null }

function begin(changes: Partial<CompiledBreaker> | null = {}, carried: ConstructorParameters<typeof TaskBreaker>[1] = fresh) {
  const clock = { now: 0 }
  const breaker = new TaskBreaker(changes && { ...options, ...changes }, carried, () => clock.now)
  return { breaker, clock, fail: (times: number, id = 'a') => Array.from({ length: times }, () => breaker.failed(id)) }
}

test('it opens at so many failures in a row with one error, and not before', () => {
  const { breaker, fail } = begin()
  assert.equal(fail(5), [false, false, false, false, true])
  assert.is(breaker.isOpen, true)
})

test('a success in between, or another error, begins the count anew', () => {
  const { breaker, fail } = begin()
  fail(4)
  breaker.succeeded()
  assert.not.ok(fail(4).includes(true))
  assert.not.ok(fail(4, 'b').includes(true))
  assert.is(breaker.failed('b'), true)
})

test('an attempt that began before the breaker opened has no effect on it', () => {
  const { breaker, fail } = begin()
  fail(5)
  assert.equal(fail(3), [false, false, false])
  assert.is(breaker.succeeded(), false)
  assert.is(breaker.isOpen, true)
})

test('half open it tries: one failure opens it again, one success closes it', () => {
  const { breaker, fail } = begin()
  fail(5)
  breaker.tryAgain()
  assert.equal([breaker.isOpen, breaker.isTrying], [false, true])
  assert.is(breaker.failed('another'), true)
  breaker.tryAgain()
  assert.is(breaker.succeeded(), true)
  assert.equal([breaker.isOpen, breaker.isTrying], [false, false])
  assert.not.ok(fail(4).includes(true))
})

test('the next thread continues where the one before it was', () => {
  assert.is(begin({}, { open: true, streak: null }).breaker.isTrying, true)
  const { breaker } = begin({}, { open: false, streak: { id: 'a', count: 4 } })
  assert.equal(breaker.streak, { id: 'a', count: 4 })
  assert.is(breaker.failed('a'), true)
  assert.is(begin({}, { open: false, streak: { id: 'a', count: 4 } }).breaker.failed('b'), false)
})

test('failures longer ago than its window do not count', () => {
  const { clock, fail } = begin({ withinMs: 100 })
  fail(4)
  clock.now = 101
  assert.not.ok(fail(4).includes(true))
  assert.equal(fail(1), [true])
})

test('with a share it opens when so many of the latest attempts failed, whatever the error, and not at few', () => {
  const { breaker, clock, fail } = begin({ failures: 0.5, withinMs: 1_000 })
  for (let n = 0; n < 9; n++) {
    breaker.succeeded()
    assert.is(breaker.failed(`error ${n}`), false)
  }
  breaker.succeeded()
  assert.is(breaker.failed('b'), true)
  const later = begin({ failures: 0.5, withinMs: 1_000 })
  later.fail(19)
  later.clock.now = 2_000
  assert.not.ok(later.fail(19).includes(true))
  assert.equal(later.fail(1), [true])
  assert.ok(fail(1) && clock.now === 0)
})

test('without options it never opens, also where it was open', () => {
  const { breaker, fail } = begin(null, { open: true, streak: null })
  assert.not.ok(fail(1_000).includes(true))
  assert.equal([breaker.isOpen, breaker.isTrying], [false, false])
})

test.run()
