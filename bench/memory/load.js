// @ts-check
/** How much the process grows while it loads: the highest reading against the one before. */
import { join } from 'node:path'
import { createDrover } from 'drover'
import { answer } from '../support/child.js'
import { makeItems } from '../tasks/items.js'
import { memory, settledMemory } from './growth-of.js'

await answer(async (/** @type {{ folder: string, items: number, bytes: number }} */ { folder, items, bytes }) => {
  const drover = await createDrover({
    store: join(folder, 'bench.db'),
    log: { console: false, dir: false },
    workers: [{ id: 'annotator-1/x', module: new URL('./idle.worker.js', import.meta.url), dataset: 'items' }],
  })
  const before = await settledMemory()
  let peak = before.rss
  const watch = () => {
    peak = Math.max(peak, memory().rss)
  }
  // Also from within the source: a timer may be late in a busy loop.
  function* watched() {
    let n = 0
    for (const item of makeItems(items, bytes)) {
      if (++n % 5_000 === 0) watch()
      yield item
    }
  }
  const sampling = setInterval(watch, 20)
  const began = performance.now()
  const report = await drover.load('items', watched())
  const seconds = (performance.now() - began) / 1_000
  clearInterval(sampling)
  watch()
  const after = await settledMemory()
  await drover.close()
  if (report.added !== items) throw new Error(`${items} items, but ${report.added} added`)
  return {
    peakGrowth: peak - before.rss,
    growthAfter: after.rss - before.rss,
    heapGrowthAfter: after.heap - before.heap,
    perSecond: items / seconds,
  }
})
