// @ts-check
/** Crashes one worker again and again. Answers with the milliseconds from `crashed` to `running`, and the memory of its process. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createDrover } from 'drover'
import { answer } from '../support/child.js'

/** @typedef {{ crashes: number, isolation: 'thread' | 'process' }} RestartRun */

await answer(async (/** @type {RestartRun & { folder: string }} */ { folder, crashes, isolation }) => {
  const limits = { maxRestarts: crashes + 10, withinMs: 600_000, backoff: { immediate: crashes + 10 } }
  const drover = await createDrover({
    store: join(folder, 'bench.db'),
    log: { console: false, dir: false },
    restart: { ...limits, startup: limits },
    tasks: { backoff: { initialMs: 0, maxMs: 0 } },
    workers: [{ id: 'a/x', module: new URL('./exits.worker.js', import.meta.url), dataset: 'items', isolation }],
  })
  await drover.load(
    'items',
    Array.from({ length: crashes }, (_, n) => ({ id: n })),
  )
  /** @type {number[]} */
  const restarts = []
  /** @type {number[]} */
  const megabytes = []
  let crashedAt = 0
  drover.on('worker:state:changed', ({ to }) => {
    if (to === 'crashed') crashedAt = performance.now()
    if (to !== 'running' || crashedAt === 0) return
    restarts.push(performance.now() - crashedAt)
    megabytes.push(residentMegabytes(drover.worker('a/x').status().pid))
  })
  await drover.start()
  const { dead, results } = await drover.done()
  await drover.close()
  if (results + dead !== crashes) throw new Error(`${crashes} tasks, but ${results} results`)
  return { restarts, megabytes }
})

function residentMegabytes(/** @type {number | null} */ pid) {
  const [, kilobytes] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes) / 1_024
}
