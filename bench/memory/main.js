// @ts-check
/** What drover takes and does not take. `npm run bench:memory -- [--rounds 3]`. */
import { parseArgs } from 'node:util'
import { inChild } from '../support/child.js'
import { machine, median, number, spread, table } from '../support/figures.js'

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '3' } } })
const rounds = Number(values.rounds)
const execArgv = ['--expose-gc']

console.log(`${machine()}\n`)
await idle()
await load()
await day()

async function idle() {
  const [few, many] = [10, 1_010]
  /** @type {Record<'heap' | 'rss' | 'capped', number[]>} */
  const perWorker = { heap: [], rss: [], capped: [] }
  for (let round = 0; round < rounds; round++) {
    const run = (/** @type {number} */ declared, /** @type {string[]} */ flags = []) =>
      /** @type {Promise<import('./growth-of.js').Memory>} */ (
        inChild(new URL('./idle.js', import.meta.url), { declared, live: few }, { execArgv: [...execArgv, ...flags] })
      )
    const each = (/** @type {number} */ bytes) => bytes / (many - few) / 1e3
    const [small, large] = [await run(few), await run(many)]
    perWorker.heap.push(each(large.heap - small.heap))
    perWorker.rss.push(each(large.rss - small.rss))
    // What is declared makes garbage once, and the heap of new objects grows for it, once: this takes that out.
    const cap = ['--max-semi-space-size=1']
    perWorker.capped.push(each((await run(many, cap)).rss - (await run(few, cap)).rss))
  }
  console.log('1,000 more workers declared, 10 live: growth for each idle worker, kB\n')
  console.log(
    table(
      ['', 'kB'],
      [
        ['main thread, heap and buffers', spread(perWorker.heap, 1)],
        ['whole process', spread(perWorker.rss, 1)],
        ['whole process, --max-semi-space-size=1', spread(perWorker.capped, 1)],
      ],
    ),
  )
}

async function load() {
  const rows = []
  for (const [items, bytes] of /** @type {const} */ ([
    [1_000_000, 100],
    [1_000_000, 1_000],
  ])) {
    /** @type {{ peakGrowth: number, growthAfter: number, heapGrowthAfter: number, perSecond: number }[]} */
    const runs = []
    for (let round = 0; round < rounds; round++)
      runs.push(await inChild(new URL('./load.js', import.meta.url), { items, bytes }, { execArgv }))
    const megabytes = (/** @type {(run: typeof runs[number]) => number} */ pick) => spread(runs.map((run) => pick(run) / 1e6))
    rows.push([
      `${number(items)} items of ${number(bytes)} B`,
      megabytes((run) => run.peakGrowth),
      megabytes((run) => run.growthAfter),
      number(median(runs.map((run) => run.perSecond))),
    ])
  }
  console.log('\nLoading: growth of the whole process, MB\n')
  console.log(table(['', 'highest', 'afterwards', 'items/s'], rows))
}

async function day() {
  /** @type {import('./day.js').Reading[]} */
  const readings = await inChild(
    new URL('./day.ts', import.meta.url),
    { events: 1_000_000, keepEvents: 100_000, readings: 10 },
    { execArgv },
  )
  const rows = readings.map(({ events, rows, pageBytes, logBytes, heap, rss }) => [
    number(events),
    rows.toLocaleString('en-US'),
    ...[pageBytes, logBytes, heap, rss].map((bytes) => number(bytes / 1e6, 1)),
  ])
  console.log('\nA day of 1,000,000 events (100 workers, one change of state each every 8.6 s), 100,000 kept\n')
  console.log(table(['events so far', 'rows', 'database, MB', 'log, MB', 'main heap, MB', 'process, MB'], rows))
}
