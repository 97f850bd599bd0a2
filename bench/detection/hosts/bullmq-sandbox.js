// @ts-check
/** BullMQ's sandbox, in processes or threads: one at a time, two jobs. The verdict is `failed` or `stalled`. */
import { fileURLToPath } from 'node:url'
import { Queue, QueueEvents, Worker } from 'bullmq'
import { heapMb } from '../faults.js'
import { noteError } from '../notes.js'
import { host } from './host.js'
import { addJobs, jobOptions, listen, queueSettings, stalledSettings } from './queue.js'

await host(async (/** @type {{ threads: boolean, limitMs?: number }} */ { threads, limitMs }, restarted) => {
  listen(new QueueEvents('tasks', queueSettings))
  if (!restarted) await addJobs(new Queue('tasks', { ...queueSettings, defaultJobOptions: jobOptions }), ['a', 'b'])
  const worker = new Worker('tasks', fileURLToPath(new URL('./task.js', import.meta.url)), {
    ...queueSettings,
    ...stalledSettings(limitMs),
    useWorkerThreads: threads,
    ...(threads
      ? { workerThreadsOptions: { resourceLimits: { maxOldGenerationSizeMb: heapMb } } }
      : { workerForkOptions: { execArgv: [`--max-old-space-size=${heapMb}`] } }),
  })
  worker.on('failed', (job, error) => noteError(error, job ? [job.data.task] : []))
  worker.on('error', () => {})
})
