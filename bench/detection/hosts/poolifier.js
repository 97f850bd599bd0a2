// @ts-check
/**
 * poolifier's FixedThreadPool with one thread and two tasks. The verdict is a promise that rejects, or a call of one of its handlers. It
 * gets more tasks then: what waited in line for a thread that is gone may never be run.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { heapMb } from '../faults.js'
import { note, noteError } from '../notes.js'
import { peer } from '../peers.js'
import { host } from './host.js'

await host(async (/** @type {{ limitMs?: number }} */ { limitMs }) => {
  const { FixedThreadPool } = await peer('poolifier')
  let more = false
  const verdict = (/** @type {unknown} */ problem, /** @type {string[]} */ tasks = []) => {
    noteError(problem, tasks)
    if (more) return
    more = true
    void giveMore()
  }
  const pool = new FixedThreadPool(1, fileURLToPath(new URL('./poolifier-worker.js', import.meta.url)), {
    // Otherwise all tasks go to the thread at once.
    enableTasksQueue: true,
    errorHandler: verdict,
    exitHandler: (/** @type {number} */ code) => verdict(`exit ${code}`),
    workerOptions: { resourceLimits: { maxOldGenerationSizeMb: heapMb } },
  })
  pool.emitter?.on('error', verdict)
  const execute = (/** @type {string} */ task, /** @type {AbortSignal | undefined} */ signal = undefined) =>
    pool.execute({ data: { task } }, undefined, signal)
  // What is given while it has no thread is refused, or waits for ever.
  async function giveMore() {
    for (;;) {
      execute('c').catch(() => {})
      await sleep(50)
    }
  }
  for (const task of ['a', 'b']) {
    execute(task, limitMs && task === 'a' ? AbortSignal.timeout(limitMs) : undefined)
      .catch((/** @type {unknown} */ problem) => verdict(problem, [task]))
      .finally(() => note('settled', { task }))
  }
})
