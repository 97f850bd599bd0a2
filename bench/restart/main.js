// @ts-check
/**
 * How soon a crash is noticed, and how soon the worker runs again. `npm run bench:restart -- [--crashes 200]`.
 */
import { parseArgs } from 'node:util'
import { inChild } from '../support/child.js'
import { machine, median, number, percentile, table } from '../support/figures.js'

const { values } = parseArgs({ options: { crashes: { type: 'string', default: '200' } } })
const crashes = Number(values.crashes)
const cases = /** @type {const} */ ([
  { name: 'process.exit(3)', how: 'exit', busy: false, share: 1 },
  { name: 'throws in a timer', how: 'throw', busy: false, share: 1 },
  { name: 'process.exit(3), 2 other workers at full speed', how: 'exit', busy: true, share: 0.5 },
])

console.log(`${machine()}\n`)
const verdicts = []
const restarts = []
for (const { name, how, busy, share } of cases) {
  /** @type {import('./rounds.js').RestartFigures} */
  const figures = await inChild(new URL('./rounds.js', import.meta.url), { crashes: Math.round(crashes * share), how, busy })
  const { ends, verdicts: verdict, restarts: again, bares } = figures
  const ms = (/** @type {number[]} */ times) => [
    number(percentile(times, 0.5), 2),
    number(percentile(times, 0.99), 2),
    number(Math.max(...times), 2),
  ]
  verdicts.push([name, String(verdict.length), ...ms(ends), ...ms(verdict)])
  const ratios = [median(again) / median(bares), percentile(again, 0.99) / percentile(bares, 0.99)]
  restarts.push([name, ...ratios.map((ratio) => number(ratio, 2)), ...ms(again).slice(0, 2), ...ms(bares).slice(0, 2)])
}
console.log('From the last statement of the thread until Node.js says that it is gone, and from there to `crashed`, ms\n')
console.log(table(['the thread ends by', 'crashes', 'gone: median', 'p99', 'worst', 'crashed: median', 'p99', 'worst'], verdicts))
console.log('\nFrom `crashed` to `running`, against a bare thread with the same imports from `new Worker` to its first message, ms\n')
console.log(table(['the thread ends by', 'ratio of medians', 'of p99', 'drover median', 'p99', 'bare median', 'p99'], restarts))
