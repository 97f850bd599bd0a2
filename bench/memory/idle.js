// @ts-check
/** By how much a process grows with a system of so many declared workers, a few of them live. */
import { join } from 'node:path'
import { createDrover } from 'drover'
import { answer } from '../support/child.js'
import { settledMemory } from './growth-of.js'

await answer(async (/** @type {{ folder: string, declared: number, live: number }} */ { folder, declared, live }) => {
  const before = await settledMemory()
  const module = new URL('./idle.worker.js', import.meta.url)
  const drover = await createDrover({
    store: join(folder, 'bench.db'),
    log: { console: false, dir: false },
    concurrency: live,
    workers: Array.from({ length: declared }, (_, n) => ({ id: `annotator-${n}/x`, module, dataset: 'items', enabled: n < live })),
  })
  await drover.load('items', [{ id: 1 }])
  await Promise.all([
    drover.start(),
    new Promise((/** @type {(value: void) => void} */ resolve) => {
      drover.on('worker:state:changed', () => drover.status().states.running === live && resolve())
    }),
  ])
  const { heap, rss } = await settledMemory()
  await drover.close({ drainMs: 0 })
  return { heap: heap - before.heap, rss: rss - before.rss }
})
