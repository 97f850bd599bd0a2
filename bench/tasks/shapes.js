// @ts-check
/** How the rate falls with the size of a task, with the number of workers, and with tasks that wait. */
import { median, number, spread, table } from '../support/figures.js'
import { runDrover, runOneThread } from './runs.js'

/** @typedef {import('./drover.js').DroverRun} DroverRun */

export async function shapes(/** @type {{ rounds: number, tasks: number }} */ { rounds, tasks }) {
  await sizes(rounds, tasks)
  await workers(rounds, tasks)
  await waits(rounds, tasks)
}

async function sizes(/** @type {number} */ rounds, /** @type {number} */ tasks) {
  const rows = []
  for (const [bytes, share] of /** @type {const} */ ([
    [100, 1],
    [2_000, 0.5],
    [50_000, 0.05],
  ])) {
    const some = tasks * share
    /** @type {number[]} */
    const drover = []
    /** @type {number[]} */
    const alone = []
    for (let round = 0; round < rounds; round++) {
      drover.push((await runDrover({ tasks: some, workers: 2, bytes })).perSecond)
      alone.push((await runOneThread({ tasks: some, bytes, by: 'engine', batch: 256 })).perSecond)
    }
    const megabytes = (median(drover) * bytes) / 1e6
    rows.push([
      `${bytes.toLocaleString('en-US')} B`,
      spread(drover),
      spread(alone),
      number(median(drover) / median(alone), 2),
      number(megabytes),
    ])
  }
  console.log(`\n${table(['task', 'drover, tasks/s', '(a) one thread', 'ratio', 'drover, MB/s'], rows)}`)
}

async function workers(/** @type {number} */ rounds, /** @type {number} */ tasks) {
  const rows = []
  for (const count of [1, 2, 4, 8]) {
    const { rates, lags } = await repeat(rounds, { tasks, workers: count, bytes: 100 })
    rows.push([String(count), spread(rates), number(Math.max(...lags), 1)])
  }
  console.log(`\n${table(['workers', 'tasks/s', "main thread's worst lag, ms"], rows)}`)
}

async function waits(/** @type {number} */ rounds, /** @type {number} */ tasks) {
  const rows = []
  for (const [how, concurrency, share] of /** @type {const} */ ([
    ['sync', 1, 1],
    ['async', 1, 1],
    ['async', 32, 1],
    ['wait', 1, 0.01],
    ['wait', 32, 0.2],
  ])) {
    const { rates } = await repeat(rounds, { tasks: tasks * share, workers: 2, bytes: 100, concurrency, how })
    rows.push([names[how], String(concurrency), spread(rates)])
  }
  console.log(`\n${table(['process, 2 workers', 'concurrency', 'tasks/s'], rows)}`)
}

const names = { sync: 'answers at once', async: 'resolved promise', wait: 'waits 1 ms (setTimeout)' }

async function repeat(/** @type {number} */ rounds, /** @type {DroverRun} */ run) {
  const rates = []
  const lags = []
  for (let round = 0; round < rounds; round++) {
    const { perSecond, worstLagMs } = await runDrover(run)
    rates.push(perSecond)
    lags.push(worstLagMs)
  }
  console.error(`${JSON.stringify(run)}  ${spread(rates)}/s`)
  return { rates, lags }
}
