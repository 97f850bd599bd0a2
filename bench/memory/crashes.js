// @ts-check
/** What is left in the process after so many crashes in a row: memory, open files, listeners, and whatever keeps an event loop busy. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createDrover } from 'drover'
import { answer } from '../support/child.js'
import { settledMemory } from './growth-of.js'

/** @typedef {import('./growth-of.js').Memory & { crashes: number, resources: Record<string, number>, threads: number, files: number, listeners: number }} CrashReading */

/**
 * How many files this process has open; 0 where that cannot be seen. The least of some looks: the store looks at its own file now and
 * then, through a connection of a moment.
 */
async function openFiles() {
  let least = Number.POSITIVE_INFINITY
  for (let look = 0; look < 20; look++) {
    try {
      least = Math.min(least, readdirSync('/proc/self/fd').length)
    } catch {
      return 0
    }
    await sleep(10)
  }
  return least
}

const listeners = () => process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0)

await answer(async (/** @type {{ folder: string, crashes: number, readings: number }} */ { folder, crashes, readings }) => {
  let threads = 0
  process.on('worker', (thread) => {
    threads++
    thread.once('exit', () => threads--)
  })
  const drover = await createDrover({
    store: join(folder, 'bench.db'),
    log: { console: false, dir: false },
    restart: { maxRestarts: Number.POSITIVE_INFINITY, backoff: { initialMs: 0, maxMs: 0 } },
    workers: [{ id: 'crashing', module: new URL('./crashing.worker.js', import.meta.url) }],
  })
  /** @type {CrashReading[]} */
  const taken = []
  let seen = 0
  const read = async () => {
    /** @type {Record<string, number>} */
    const resources = {}
    for (const type of process.getActiveResourcesInfo()) resources[type] = (resources[type] ?? 0) + 1
    taken.push({ crashes: seen, ...(await settledMemory()), resources, threads, files: await openFiles(), listeners: listeners() })
  }
  for (let reading = 1; reading <= readings; reading++) {
    await new Promise((/** @type {(value: void) => void} */ resolve) => {
      const wanted = (crashes / readings) * reading
      drover.on('worker:state:changed', function count({ to }) {
        if (to !== 'crashed' || ++seen < wanted) return
        drover.off('worker:state:changed', count)
        resolve()
      })
      if (reading === 1) void drover.start()
      else void drover.start('crashing')
    })
    // At rest, so that every reading sees the same.
    await drover.stop('crashing', { drainMs: 0 })
    await read()
  }
  await drover.close({ drainMs: 0 })
  return taken
})
