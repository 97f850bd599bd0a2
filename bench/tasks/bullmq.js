// @ts-check
/** One run of BullMQ: jobs are added in bulk first; measured from the first worker's start until the last job has completed. */
import { fileURLToPath } from 'node:url'
import { Queue, Worker } from 'bullmq'
import { answer } from '../support/child.js'
import { makeItems } from './items.js'
import { startRedis } from './redis.js'

/**
 * @typedef {object} BullRun
 * @property {number} tasks
 * @property {number} bytes
 * @property {import('./redis.js').Fsync} fsync
 * @property {'in process' | 'threads'} where
 * @property {number} workers
 * @property {number} concurrency of each worker
 */

await answer(async (/** @type {BullRun & { folder: string }} */ { folder, tasks, bytes, fsync, where, workers, concurrency }) => {
  const redis = await startRedis(folder, fsync)
  try {
    const { connection } = redis
    const queue = new Queue('bench', { connection })
    const jobs = []
    for (const data of makeItems(tasks, bytes)) {
      jobs.push({ name: 'task', data })
      if (jobs.length === 1_000) await queue.addBulk(jobs.splice(0))
    }
    if (jobs.length > 0) await queue.addBulk(jobs)

    const processor =
      where === 'threads'
        ? fileURLToPath(new URL('./bullmq-processor.js', import.meta.url))
        : async (/** @type {import('bullmq').Job} */ job) => ({ n: job.data.n })
    const herd = Array.from(
      { length: workers },
      () => new Worker('bench', processor, { connection, concurrency, autorun: false, useWorkerThreads: where === 'threads' }),
    )
    await Promise.all(herd.map((worker) => worker.waitUntilReady()))
    let done = 0
    /** @type {Promise<void>} */
    const all = new Promise((resolve, reject) => {
      for (const worker of herd) {
        worker.on('completed', () => ++done === tasks && resolve())
        worker.on('failed', (_, error) => reject(error))
        worker.on('error', reject)
      }
    })
    const began = performance.now()
    for (const worker of herd) void worker.run()
    await all
    const seconds = (performance.now() - began) / 1_000
    const stored = await queue.getJobCountByTypes('completed')
    if (stored !== tasks) throw new Error(`${tasks} tasks, but ${stored} completed`)
    await Promise.all(herd.map((worker) => worker.close()))
    await queue.close()
    return { perSecond: tasks / seconds, seconds }
  } finally {
    await redis.stop()
  }
})
