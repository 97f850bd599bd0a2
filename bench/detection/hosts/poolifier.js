// @ts-check
/**
 * poolifier's FixedThreadPool with one thread and two tasks. The verdict is a promise that rejects, or a call of one of its handlers. It
 * gets a third task then: what waited in line for a thread that is gone may never be run.
 */
import { fileURLToPath } from 'node:url'
import { heapMb } from '../faults.js'
import { note, noteError } from '../notes.js'
import { peer } from '../peers.js'
import { host } from './host.js'

await host(async (/** @type {{ limitMs?: number }} */ { limitMs }) => {
  const { FixedThreadPool } = await peer('poolifier')
  let third = false
  const verdict = (/** @type {unknown} */ problem, /** @type {string[]} */ tasks = []) => {
    noteError(problem, tasks)
    if (third) return
    third = true
    setImmediate(give, 'c')
  }
  const pool = new FixedThreadPool(1, fileURLToPath(new URL('./poolifier-worker.js', import.meta.url)), {
    // Otherwise all tasks go to the thread at once.
    enableTasksQueue: true,
    errorHandler: verdict,
    exitHandler: (/** @type {number} */ code) => verdict(`exit ${code}`),
    workerOptions: { resourceLimits: { maxOldGenerationSizeMb: heapMb } },
  })
  pool.emitter?.on('error', verdict)
  function give(/** @type {string} */ task) {
    const signal = limitMs && task === 'a' ? AbortSignal.timeout(limitMs) : undefined
    pool
      .execute({ data: { task } }, undefined, signal)
      .catch((/** @type {unknown} */ problem) => verdict(problem, [task]))
      .finally(() => note('settled', { task }))
  }
  give('a')
  give('b')
})
