/** What was done over time, as charts show it. */
import type { WorkHistory } from '../../contract/work-history.js'
import type { ChartData } from './chart.js'

const minuteMs = 60_000
/** A step that has only begun says nothing yet about a rate. */
const leastMs = 10_000

/** Results per minute in each step; the last one goes only as far as the answer. */
export function ratesOf({ steps, stepMs, until }: WorkHistory): ChartData {
  const rates = steps.map(({ at, results }) => {
    const lengthMs = Math.min(stepMs, until - at)
    return lengthMs < leastMs ? null : Math.round((10 * results * minuteMs) / lengthMs) / 10
  })
  return { at: steps.map(({ at }) => at), series: [{ name: 'Results per minute', values: rates }] }
}

/** What went wrong, in numbers of each step. */
export function troubleOf({ steps }: WorkHistory): ChartData {
  return {
    at: steps.map(({ at }) => at),
    series: [
      { name: 'Failed attempts', values: steps.map(({ failed }) => failed) },
      { name: 'Tasks given up', values: steps.map(({ dead }) => dead) },
      { name: 'Restarts', values: steps.map(({ restarts }) => restarts) },
    ],
  }
}

/** The sums of all steps. */
export function sumsOf({ steps }: WorkHistory): Omit<WorkHistory['steps'][number], 'at'> {
  const sums = { results: 0, failed: 0, dead: 0, restarts: 0 }
  for (const step of steps) {
    sums.results += step.results
    sums.failed += step.failed
    sums.dead += step.dead
    sums.restarts += step.restarts
  }
  return sums
}
