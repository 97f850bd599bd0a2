// @ts-check
/** One measurement: a process with so many threads, or two of them on one file, see {@link QuotaRun}. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { answer } from '../support/child.js'
import { percentile } from '../support/figures.js'
import { open } from './contenders.js'

/**
 * @typedef {object} QuotaRun
 * @property {import('./contenders.js').Contender} contender
 * @property {number} threads
 * @property {number} limit a second
 * @property {number} depth grants that each thread asks for at once
 * @property {number} seconds measured
 * @property {number} warmSeconds let run before
 * @property {number} [processes] with so many threads each; 1 unless given
 * @property {string} [file] of another process that measures with this one
 */

/** @typedef {{ perSecond: number, p50: number, p99: number, most: number }} QuotaFigures `most`: in any one second, as a share of the limit */

const machineMs = () => Number(process.hrtime.bigint() / 1_000n) / 1_000

await answer(async (/** @type {QuotaRun & { folder: string }} */ run) => {
  const { folder, contender, threads, limit, depth, seconds, warmSeconds, processes = 1 } = run
  const file = run.file ?? `${folder}/quota.db`
  const { connect, close } = await open(contender, file, limit)
  const most = Math.ceil(seconds * Math.min(limit * 2.5, 3_000_000))
  const workers = Array.from({ length: threads }, () => {
    const { data, transfer } = connect()
    const workerData = { contender, file, limit, data, depth, most }
    return new Worker(new URL('./thread.js', import.meta.url), { workerData, transferList: transfer })
  })
  const gone = workers.map((worker) => once(worker, 'exit'))
  await Promise.all(workers.map((worker) => once(worker, 'message')))
  const others = await Promise.all(Array.from({ length: run.file ? 0 : processes - 1 }, () => other({ ...run, file })))
  if (run.file) {
    process.send?.('ready')
  }
  const [span] = run.file ? await once(process, 'message') : [spanFrom(warmSeconds, seconds)]
  for (const child of others) child.send(span)
  for (const worker of workers) worker.postMessage(span)
  const elsewhere = others.map(async (child) => (await once(child, 'message'))[0].value)
  const notes = await Promise.all(workers.map(async (worker) => (await once(worker, 'message'))[0]))
  await Promise.all(gone)
  await close()
  const times = [
    ...notes.map((note) => note.times),
    ...(await Promise.all(elsewhere)).map((/** @type {any} */ said) => said.times),
  ].flatMap((each) => [...each])
  if (run.file) return { times }
  times.sort((a, b) => a - b)
  const tookMs = notes.flatMap((note) => [...note.tookMs])
  return {
    perSecond: times.length / seconds,
    p50: percentile(tookMs, 0.5),
    p99: percentile(tookMs, 0.99),
    most: mostInASecond(times) / limit,
  }
})

function spanFrom(/** @type {number} */ warmSeconds, /** @type {number} */ seconds) {
  const from = machineMs() + warmSeconds * 1_000
  return { from, until: from + seconds * 1_000 }
}

/** Another process on the same file, once its threads are ready. */
async function other(/** @type {QuotaRun & { file: string }} */ run) {
  const child = fork(fileURLToPath(import.meta.url), [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  child.send(run)
  const [said] = await once(child, 'message')
  if (said !== 'ready') throw new Error(said.error)
  return child
}

function mostInASecond(/** @type {readonly number[]} */ times) {
  let most = 0
  let first = 0
  for (const [index, at] of times.entries()) {
    while (/** @type {number} */ (times[first]) <= at - 1_000) first++
    most = Math.max(most, index - first + 1)
  }
  return most
}
