import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Prefetch } from '../../../src/threads/runtime/tasks/prefetch.js'

/** Where it settles for tasks of this kind. */
function settled(ms: number, chars: number, concurrency = 1): number {
  const prefetch = new Prefetch('auto', concurrency)
  for (let i = 0; i < 100; i++) {
    prefetch.observe(ms, chars)
    prefetch.adapt()
  }
  return prefetch.target
}

test('slow tasks are not held ready, quick ones are, up to a bound', () => {
  assert.is(settled(1_000, 100), 0)
  assert.is(settled(20, 100), 0)
  assert.is(settled(2, 100), 10)
  assert.is(settled(0.001, 100), 1_024)
})

test('concurrent tasks need more ready', () => {
  assert.is(settled(20, 100, 8), 8)
})

test('big tasks are held ready by their size', () => {
  assert.is(settled(0.001, 50_000), 80)
})

test('it grows in steps, so that one quick task proves nothing', () => {
  const prefetch = new Prefetch('auto', 1)
  const targets = Array.from({ length: 5 }, () => {
    prefetch.observe(0.001, 10)
    prefetch.adapt()
    return prefetch.target
  })
  assert.equal(targets, [8, 32, 128, 512, 1_024])
})

test('a number stays as it is', () => {
  const prefetch = new Prefetch(7, 1)
  prefetch.observe(1_000, 10)
  prefetch.adapt()
  assert.is(prefetch.target, 7)
})

test.run()
