// @ts-check
/** What a process of its own costs a worker. `npm run bench:isolation -- [--rounds 3] [--tasks 200000] [--crashes 30]`; Linux only. */
import { parseArgs } from 'node:util'
import { inChild } from '../support/child.js'
import { machine, median, number, percentile, spread, table } from '../support/figures.js'
import { runDrover } from '../tasks/runs.js'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    tasks: { type: 'string', default: '200000' },
    crashes: { type: 'string', default: '30' },
  },
})
const rounds = Number(values.rounds)
const tasks = Number(values.tasks)
const isolations = /** @type {const} */ (['thread', 'process'])
const shapes = /** @type {const} */ ([
  { name: 'answers at once', how: 'sync', workers: 2, concurrency: 1, share: 1 },
  { name: 'waits 1 ms', how: 'wait', workers: 2, concurrency: 32, share: 0.25 },
])

console.log(`${machine()}\n`)
const rows = []
for (const { name, share, ...shape } of shapes) {
  /** @type {Record<string, number[]>} */
  const rates = { thread: [], process: [] }
  /** @type {Record<string, number[]>} */
  const lags = { thread: [], process: [] }
  for (let round = 0; round < rounds; round++) {
    for (const isolation of isolations) {
      const { perSecond, worstLagMs } = await runDrover({ ...shape, isolation, tasks: tasks * share, bytes: 100 })
      rates[isolation]?.push(perSecond)
      lags[isolation]?.push(worstLagMs)
    }
  }
  for (const isolation of isolations) {
    const own = rates[isolation] ?? []
    rows.push([
      name,
      isolation,
      spread(own),
      number(median(own) / median(rates.thread ?? []), 2),
      number(Math.max(...(lags[isolation] ?? [])), 1),
    ])
  }
}
console.log(table(['process(task), 2 workers', 'isolation', 'tasks/s', 'of a thread', "main thread's worst lag, ms"], rows))

const restarts = []
for (const isolation of isolations) {
  /** @type {{ restarts: number[], megabytes: number[] }} */
  const figures = await inChild(new URL('./restarts.js', import.meta.url), { crashes: Number(values.crashes), isolation })
  const times = figures.restarts
  restarts.push([
    isolation,
    String(times.length),
    number(median(times), 1),
    number(percentile(times, 0.99), 1),
    isolation === 'process' ? number(median(figures.megabytes)) : '-',
  ])
}
console.log('\nFrom `crashed` to `running`, ms; memory of its process when it is\n')
console.log(table(['isolation', 'crashes', 'median', 'p99', 'MB resident'], restarts))
