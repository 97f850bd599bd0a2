/** The recent rate of results, from counts sampled since the page was opened. */
import type { ChartData } from './chart.js'

export interface Sample {
  /** ms since the epoch */
  at: number
  done: number
}

const everyMs = 2_000
const keptMs = 15 * 60_000
/** The time span of a rate. */
const spanMs = 10_000

/** The history with a sample added, if it is time for one. */
export function sampled(history: readonly Sample[], sample: Sample): readonly Sample[] {
  const last = history.at(-1)
  if (last && sample.at - last.at < everyMs) return history
  return [...history.filter(({ at }) => at > sample.at - keptMs), sample]
}

/** Results per minute at each moment that has one a span before it. Never below 0: results may be deleted. */
export function ratesOf(history: readonly Sample[]): ChartData {
  const at: number[] = []
  const values: (number | null)[] = []
  let from = 0
  for (const sample of history) {
    while (sample.at - (history[from + 1]?.at ?? sample.at) >= spanMs) from++
    const before = history[from]
    if (!before || sample.at - before.at < spanMs / 2) continue
    at.push(sample.at)
    values.push(Math.max(0, ((sample.done - before.done) * 60_000) / (sample.at - before.at)))
  }
  return { at, series: [{ name: 'Results per minute', values }] }
}
