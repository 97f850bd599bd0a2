// @ts-check
/**
 * Crashes one worker again and again, and after each time starts a bare thread with the same imports, so that both meet the same
 * machine. Answers with the milliseconds of each.
 */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { createDrover } from 'drover'
import { answer } from '../support/child.js'

/** @typedef {{ crashes: number, how: 'exit' | 'throw', busy: boolean }} RestartRun */
/** @typedef {{ ends: number[], verdicts: number[], restarts: number[], bares: number[] }} RestartFigures */

const crashing = new URL('./crashing.worker.js', import.meta.url)

/** What `thread-entry.js` imports: read from it, so that it stays the same. */
function importsOfThread() {
  const entry = new URL('./thread-entry.js', import.meta.resolve('drover'))
  const names = [...readFileSync(entry, 'utf8').matchAll(/^(?:import|\}) .*?["']([^"']+)["'];?$/gm)].map(
    ([, name]) => /** @type {string} */ (name),
  )
  const urls = names.map((name) =>
    name.startsWith('.') ? new URL(name, entry).href : name.startsWith('node:') ? name : import.meta.resolve(name),
  )
  return [...urls, crashing.href]
}

await answer(async (/** @type {RestartRun & { folder: string }} */ { folder, crashes, how, busy }) => {
  const orders = new SharedArrayBuffer(16)
  const cells = new BigInt64Array(orders)
  const drover = await createDrover({
    store: join(folder, 'bench.db'),
    log: { console: false, dir: false },
    restart: { backoff: { immediate: crashes + 10 }, maxRestarts: crashes + 10 },
    workers: [
      { id: 'crashing', module: crashing, input: { orders, how } },
      ...(busy
        ? [0, 1].map((lane) => ({
            id: `busy-${lane}/x`,
            module: new URL('../tasks/trivial.worker.js', import.meta.url),
            dataset: 'items',
            input: { how: 'sync' },
          }))
        : []),
    ],
  })
  if (busy)
    await drover.load(
      'items',
      Array.from({ length: 2_000_000 }, (_, n) => ({ id: n, n })),
    )
  const imports = importsOfThread()
  /** @type {RestartFigures} */
  const figures = { ends: [], verdicts: [], restarts: [], bares: [] }
  const warmUp = 5
  let goneAt = 0n
  process.on('worker', (thread) => {
    // Before drover's own listener.
    thread.prependListener('exit', () => {
      goneAt = process.hrtime.bigint()
    })
  })
  await Promise.all([stateOf(drover, 'running'), drover.start()])
  for (let crash = 0; crash < crashes + warmUp; crash++) {
    const crashed = stateOf(drover, 'crashed')
    const running = stateOf(drover, 'running')
    // The thread is at rest, not still coming up.
    await sleep(20)
    Atomics.store(cells, 0, 1n)
    const crashedAt = await crashed
    const wentAt = Atomics.load(cells, 1)
    const toldAt = goneAt
    const runningAt = await running
    const bare = await bareStart(imports)
    if (crash < warmUp) continue
    figures.ends.push(Number(toldAt - wentAt) / 1e6)
    figures.verdicts.push(Number(crashedAt - toldAt) / 1e6)
    figures.restarts.push(Number(runningAt - crashedAt) / 1e6)
    figures.bares.push(bare)
  }
  await drover.close({ drainMs: 0 })
  return figures
})

/** When the worker next comes to a state, taken in the listener itself. */
function stateOf(/** @type {import('drover').Drover} */ drover, /** @type {string} */ wanted) {
  return new Promise((/** @type {(at: bigint) => void} */ resolve) => {
    const listener = (/** @type {import('drover').DroverEvents['worker:state:changed']} */ { worker, to }) => {
      if (worker !== 'crashing' || to !== wanted) return
      const at = process.hrtime.bigint()
      drover.off('worker:state:changed', listener)
      resolve(at)
    }
    drover.on('worker:state:changed', listener)
  })
}

/** From `new Worker` to its first message, in ms. */
async function bareStart(/** @type {string[]} */ imports) {
  const began = process.hrtime.bigint()
  const thread = new Worker(new URL('./bare-thread.js', import.meta.url), { workerData: { imports } })
  await once(thread, 'message')
  const readyAt = process.hrtime.bigint()
  await thread.terminate()
  return Number(readyAt - began) / 1e6
}
