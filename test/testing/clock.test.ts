import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { DroverError } from '../../src/errors.js'
import { simulatedClock } from '../../src/testing.js'

test('a manual clock stands still, then calls what falls due in its order and each at its own time', () => {
  const clock = simulatedClock({ manual: true, start: 1_000 })
  const calls: [string, number][] = []
  const note = (name: string) => () => void calls.push([name, clock.now()])
  clock.after(300, note('third'))
  clock.after(100, note('first'))
  clock.after(100, note('second'))
  clock.after(301, note('later'))
  assert.is(clock.now(), 1_000)
  clock.advance(300)
  assert.equal(calls, [
    ['first', 1_100],
    ['second', 1_100],
    ['third', 1_300],
  ])
  assert.is(clock.now(), 1_300)
  assert.is(clock.pending, 1)
})

test('timers that a call adds within the time are called too, cancelled ones are not', () => {
  const clock = simulatedClock({ manual: true, start: 0 })
  const calls: number[] = []
  const again = (): void => {
    calls.push(clock.now())
    clock.after(10, again)
  }
  clock.after(10, again)
  const cancel = clock.after(15, () => assert.unreachable())
  cancel()
  cancel()
  clock.advance(35)
  assert.equal(calls, [10, 20, 30])
})

test('a call that moves the time itself never moves it back', () => {
  const clock = simulatedClock({ manual: true, start: 0 })
  clock.after(10, () => clock.advance(100))
  clock.advance(20)
  assert.is(clock.now(), 110)
})

test('a fast clock runs so many times as fast as the real time, and its timers are never early', async () => {
  const clock = simulatedClock({ speed: 600 })
  const before = performance.now()
  const start = clock.now()
  const after = performance.now()
  assert.ok(Math.abs(start - Date.UTC(2025, 0, 15, 12)) < 600_000)
  await Promise.all(
    [0, 1, 599, 600, 12_345].map(async (ms) => {
      const from = clock.now()
      await new Promise<void>((resolve) => clock.after(ms, resolve))
      assert.ok(clock.now() >= from + ms, `${ms} ms came after ${clock.now() - from}`)
    }),
  )
  const endBefore = performance.now()
  const passed = (clock.now() - start) / 600
  const endAfter = performance.now()
  // A hair on both sides for the rounding of so large numbers.
  assert.ok(passed >= endBefore - after - 0.01 && passed <= endAfter - before + 0.01, `${passed} ms in ${endBefore - after}`)
})

test('a timer longer than Node.js can count does not ring at once', () => {
  const clock = simulatedClock()
  const cancel = clock.after(2 ** 40, () => assert.unreachable())
  cancel()
})

test('options that make no clock are named', () => {
  const cases: [object, RegExp][] = [
    [{ speed: 0 }, /speed: expected a number above 0, received 0/],
    [{ speed: 2, manual: true }, /speed: expected no value together with manual/],
    [{ start: Number.NaN }, /start: expected ms since the epoch, received NaN/],
    [{ sped: 2 }, /sped is not an option; known are start, speed, manual/],
  ]
  for (const [options, message] of cases) {
    assert.throws(
      () => simulatedClock(options),
      (error: unknown) => DroverError.is(error) && error.code === 'ARGUMENT_INVALID' && message.test(error.message),
    )
  }
  const clock = simulatedClock({ manual: true })
  assert.throws(() => clock.advance(-1), /at least 0, received -1/)
  assert.throws(() => clock.after(Number.NaN, () => {}), /received NaN/)
})

test.run()
