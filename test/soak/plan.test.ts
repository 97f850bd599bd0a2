import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { plan, type Step } from './plan.js'

const options = { seed: 1, minutes: 10, workers: 12 }
const steps = plan(options)

test('the same seed decides the same, another one something else', () => {
  assert.equal(plan(options), steps)
  assert.not.equal(plan({ ...options, seed: 2 }), steps)
})

test('ten minutes have every deed and every fault', () => {
  const kinds = new Set(steps.map((step) => (step.do === 'fault' ? step.how : step.do)))
  const wanted = ['terminate', 'exit', 'park', 'throw', 'reject', 'fail', 'spin', 'block', 'stall', 'eat memory']
  wanted.push('pause', 'resume', 'stop', 'restart', 'blacklist', 'start', 'reset', 'concurrency', 'load')
  wanted.push('kill store', 'kill host', 'close host', 'look', 'quiet')
  assert.equal([...kinds].sort(), wanted.sort())
  const total = steps.reduce((sum, { afterMs }) => sum + afterMs, 0)
  assert.ok(Math.abs(total - 600_000) < 1_000, `${total} ms`)
})

test('the store thread is killed no oftener than it is replaced', () => {
  let time = 0
  const deaths = steps.flatMap((step) => {
    time += step.afterMs
    return step.do === 'kill store' ? [time] : []
  })
  assert.ok(deaths.length > 20)
  for (const at of deaths) assert.ok(deaths.filter((other) => other > at - 60_000 && other <= at).length <= 5)
})

test('every item is loaded once, in order', () => {
  for (const dataset of ['metered', 'free'] as const) {
    const loads = steps.filter((step): step is Extract<Step, { do: 'load' }> => step.do === 'load' && step.dataset === dataset)
    assert.equal(
      loads.map(({ from }) => from),
      [0, ...loads.slice(0, -1).map(({ to }) => to)],
    )
  }
})

test.run()
