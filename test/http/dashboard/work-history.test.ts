import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ratesOf, sumsOf, troubleOf } from '../../../src/http/dashboard/data/work-history.js'

const step = (at: number, results: number, failed = 0) => ({ at, results, failed, dead: 1, restarts: 2 })

test('results of a step become a rate per minute, whatever the step; one that has only begun has none, and a part counts as a part', () => {
  const minutes = { stepMs: 60_000, steps: [step(0, 30), step(60_000, 0), step(120_000, 10)] }
  assert.equal(ratesOf({ ...minutes, until: 140_000 }), {
    at: [0, 60_000, 120_000],
    series: [{ name: 'Results per minute', values: [30, 0, 30] }],
  })
  assert.equal(ratesOf({ ...minutes, until: 125_000 }).series[0]?.values, [30, 0, null])
  assert.equal(ratesOf({ stepMs: 600_000, until: 600_000, steps: [step(0, 25)] }).series[0]?.values, [2.5])
})

test('what went wrong is told in numbers of each step, and in all', () => {
  const history = { stepMs: 60_000, until: 120_000, steps: [step(0, 5, 1), step(60_000, 5, 3)] }
  assert.equal(
    troubleOf(history).series.map(({ values }) => values),
    [
      [1, 3],
      [1, 1],
      [2, 2],
    ],
  )
  assert.equal(sumsOf(history), { results: 10, failed: 4, dead: 2, restarts: 4 })
})

test.run()
