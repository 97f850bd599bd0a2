// @ts-check
/** What is in memory now, in bytes, after the garbage is gone. Needs --expose-gc. */
import { setImmediate as turn } from 'node:timers/promises'

/** @typedef {{ heap: number, rss: number }} Memory */

/** @returns {Promise<Memory>} */
export async function settledMemory() {
  if (!globalThis.gc) throw new Error('run this with --expose-gc')
  for (let times = 0; times < 4; times++) {
    await turn()
    globalThis.gc()
  }
  return memory()
}

/** With the garbage: `rss` is all of the process, other threads and SQLite included. */
export function memory() {
  const { heapUsed, external, rss } = process.memoryUsage()
  return { heap: heapUsed + external, rss }
}
