/** The event loop is measured while somebody asks. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { LoopWatch } from '../../src/time/loop-delay.js'

/** A watch whose steps the test makes. */
function watched() {
  const ticks = new Set<() => void>()
  const watch = new LoopWatch((_, tick) => {
    ticks.add(tick)
    return () => ticks.delete(tick)
  })
  const step = (): void => {
    for (const tick of ticks) tick()
  }
  return { watch, ticks, step }
}

test('nothing is measured before the first question, and a minute after the last', () => {
  const { watch, ticks, step } = watched()
  assert.is(watch.isOn, false)
  const { p50Ms, p99Ms, maxMs } = watch.read()
  assert.equal([p50Ms, p99Ms, maxMs], [null, null, null])
  for (let n = 0; n < 9; n++) {
    step()
    step()
    watch.read()
  }
  assert.is(watch.isOn, true)
  step()
  step()
  assert.is(watch.isOn, true)
  step()
  assert.equal([watch.isOn, ticks.size], [false, 0])
  assert.is(watch.read().maxMs, null, 'it begins anew')
  watch.stop()
})

test('figures are of the last one or two steps', () => {
  const { watch, step } = watched()
  const began = performance.now()
  watch.read()
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 30)
  assert.ok(watch.read().ofMs >= 30)
  step()
  assert.ok(watch.read().ofMs >= 30, 'the older one still answers')
  step()
  const { ofMs } = watch.read()
  assert.ok(ofMs <= performance.now() - began - 30, `${ofMs}`)
  watch.stop()
})

test.run()
