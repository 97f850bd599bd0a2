// @ts-check
/** One run: a lane with so many instances, from the moment all its threads are ready until the lane is done. */
import { join } from 'node:path'
import { createDrover } from 'drover'
import { answer } from '../support/child.js'

/** @typedef {{ tasks: number, instances: number, steps: number, lanes: number }} LaneRun */

await answer(async (/** @type {LaneRun & { folder: string }} */ { folder, tasks, instances, steps, lanes }) => {
  const drover = await createDrover({
    store: join(folder, 'bench.db'),
    log: { console: false, dir: false },
    concurrency: 1_000,
    idleMs: 60_000,
    workers: Array.from({ length: lanes }, (_, lane) => ({
      id: `annotator-${lane}/x`,
      module: new URL('./lane.worker.js', import.meta.url),
      dataset: 'items',
      input: { steps },
      instances,
    })),
  })
  const make = (/** @type {string} */ name, /** @type {number} */ count) =>
    Array.from({ length: count }, (_, n) => ({ id: `${name}-${n}`, n }))
  // Brings the threads up, so that only work is measured.
  await drover.load('items', make('first', 8 * instances))
  await drover.start()
  await drover.done()
  await drover.pause()
  await drover.load('items', make('item', tasks / lanes))
  const began = performance.now()
  await drover.resume()
  const { results } = await drover.done()
  const seconds = (performance.now() - began) / 1_000
  await drover.close()
  if (results !== (tasks / lanes + 8 * instances) * lanes) throw new Error(`${tasks} tasks, but ${results} results`)
  return { perSecond: tasks / seconds }
})
