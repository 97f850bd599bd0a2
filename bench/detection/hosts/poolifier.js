// @ts-check
/** poolifier's FixedThreadPool with one thread and two tasks. The verdict is a promise that rejects, or a call of one of its handlers. */
import { fileURLToPath } from 'node:url'
import { heapMb } from '../faults.js'
import { note, noteError } from '../notes.js'
import { peer } from '../peers.js'
import { host } from './host.js'

await host(async (/** @type {{ limitMs?: number }} */ { limitMs }) => {
  const { FixedThreadPool } = await peer('poolifier')
  const pool = new FixedThreadPool(1, fileURLToPath(new URL('./poolifier-worker.js', import.meta.url)), {
    errorHandler: (/** @type {unknown} */ error) => noteError(error, []),
    exitHandler: (/** @type {number} */ code) => note('verdict', { says: `exit ${code}` }),
    workerOptions: { resourceLimits: { maxOldGenerationSizeMb: heapMb } },
  })
  for (const task of ['a', 'b']) {
    const signal = limitMs ? AbortSignal.timeout(task === 'a' ? limitMs : limitMs * 20) : undefined
    pool
      .execute({ data: { task } }, undefined, signal)
      .catch((/** @type {unknown} */ error) => noteError(error, [task]))
      .finally(() => note('settled', { task }))
  }
})
