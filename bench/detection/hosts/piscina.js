// @ts-check
/** piscina with one thread and two tasks. The verdict is the first promise that rejects, or an error of the pool. */
import { Piscina } from 'piscina'
import { heapMb } from '../faults.js'
import { note, noteError } from '../notes.js'
import { host } from './host.js'

await host(async (/** @type {{ limitMs?: number }} */ { limitMs }) => {
  const pool = new Piscina({
    filename: new URL('./task.js', import.meta.url).href,
    minThreads: 1,
    maxThreads: 1,
    resourceLimits: { maxOldGenerationSizeMb: heapMb },
  })
  pool.on('error', (error) => noteError(error, []))
  for (const task of ['a', 'b']) {
    // The only limit that it knows is one for each task, made by its user.
    const signal = limitMs && task === 'a' ? AbortSignal.timeout(limitMs) : undefined
    pool
      .run({ data: { task } }, signal ? { signal } : {})
      .catch((error) => noteError(error, [task]))
      .finally(() => note('settled', { task }))
  }
})
