// @ts-check
/**
 * One run of drover: loads, then measures from the moment the first thread is ready until the last lane has completed. Every
 * result is in the database then, fsync and all.
 */
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createDrover } from 'drover'
import { answer } from '../support/child.js'
import { makeItems } from './items.js'
import { tenths } from './tenths.js'

/**
 * @typedef {object} DroverRun
 * @property {number} tasks in all lanes together
 * @property {number} workers
 * @property {number} bytes of an item
 * @property {number} [concurrency]
 * @property {import('./trivial.worker.js').How} [how]
 * @property {'thread' | 'process'} [isolation]
 */

await answer(async (/** @type {DroverRun & { folder: string }} */ run) => {
  const { folder, tasks, workers, bytes, concurrency = 1, how = 'sync', isolation = 'thread' } = run
  const drover = await createDrover({
    store: join(folder, 'bench.db'),
    durability: 'power',
    log: { console: false, dir: false },
    workers: Array.from({ length: workers }, (_, lane) => ({
      id: `annotator-${lane}/x`,
      module: new URL('./trivial.worker.js', import.meta.url),
      dataset: 'items',
      concurrency,
      input: { how },
      isolation,
    })),
  })
  const loadingSince = performance.now()
  await drover.load('items', makeItems(tasks / workers, bytes))
  const loadedPerSecond = (tasks / workers / (performance.now() - loadingSince)) * 1_000

  let began = 0
  /** @type {{ at: number, done: number }[]} */
  const curve = []
  drover.on('worker:state:changed', ({ to }) => {
    if (to !== 'running' || began > 0) return
    began = performance.now()
    curve.push({ at: began, done: 0 })
  })
  drover.on('lane:counts:changed', () => void curve.push({ at: performance.now(), done: drover.status().done }))
  const lag = monitorEventLoopDelay({ resolution: 1 })
  lag.enable()
  const cpuBefore = process.cpuUsage()
  await drover.start()
  const report = await drover.done()
  const seconds = (performance.now() - began) / 1_000
  const cpu = process.cpuUsage(cpuBefore)
  lag.disable()
  curve.push({ at: performance.now(), done: report.results })
  await drover.close()
  if (report.results !== tasks) throw new Error(`${tasks} tasks, but ${report.results} results`)
  return {
    perSecond: tasks / seconds,
    seconds,
    cpuMicros: (cpu.user + cpu.system) / tasks,
    loadedPerSecond,
    worstLagMs: lag.max / 1e6,
    tenths: tenths(curve, tasks),
  }
})
