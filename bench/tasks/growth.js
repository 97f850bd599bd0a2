// @ts-check
/** Whether a task costs the same in a store of ten thousand as in one of ten million, and at the end of a run as at its start. */
import { median, number, table } from '../support/figures.js'
import { runDrover, runOneThread } from './runs.js'

const bytes = 50

export async function growth(/** @type {{ rounds: number, tenMillion: boolean }} */ { rounds, tenMillion }) {
  const rows = []
  for (const tasks of tenMillion ? [1e4, 1e5, 1e6, 1e7] : [1e4, 1e5, 1e6]) {
    const times = tasks >= 1e6 ? 1 : rounds
    const alone = []
    const drover = []
    for (let round = 0; round < times; round++) {
      alone.push(await runOneThread({ tasks, bytes, by: 'engine', batch: 256 }))
      // The start of threads, and their warming up, is most of a run of ten thousand.
      if (tasks >= 1e5) drover.push(await runDrover({ tasks, workers: 2, bytes }))
    }
    const loaded = drover.map(({ loadedPerSecond }) => loadedPerSecond)
    rows.push([
      tasks.toLocaleString('en-US'),
      ...costs(alone),
      ...(drover.length > 0 ? costs(drover) : ['-', '-', '-', '-']),
      number(median(loaded)),
    ])
    console.error(rows.at(-1)?.join('  '))
  }
  const head = [
    'tasks in the store',
    '(a) whole',
    'first tenth',
    'middle',
    'last',
    'drover whole',
    'first tenth',
    'middle',
    'last',
    'loaded, items/s',
  ]
  console.log(`\nCost of a task in microseconds\n\n${table(head, rows)}`)
}

/** In microseconds: the whole, and its tenths. */
function costs(/** @type {import('./runs.js').RunWithTenths[]} */ runs) {
  const cost = (/** @type {(run: import('./runs.js').RunWithTenths) => number} */ rate) => number(1e6 / median(runs.map(rate)), 1)
  return [cost((run) => run.perSecond), ...[0, 1, 2].map((tenth) => cost((run) => run.tenths[tenth] ?? Number.NaN))]
}
