// @ts-check
/** BullMQ's ordinary workers, each in a process of its own: one of two takes the only job, the other stands by. The verdict is `stalled`. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Queue, QueueEvents } from 'bullmq'
import { heapMb } from '../faults.js'
import { host } from './host.js'
import { addJobs, jobOptions, listen, queueSettings } from './queue.js'

await host(async () => {
  const worker = () => {
    const child = fork(fileURLToPath(new URL('./bullmq-process.js', import.meta.url)), [], { execArgv: [`--max-old-space-size=${heapMb}`] })
    return once(child, 'message')
  }
  const events = new QueueEvents('tasks', queueSettings)
  listen(events)
  await Promise.all([worker(), worker(), events.waitUntilReady()])
  await addJobs(new Queue('tasks', { ...queueSettings, defaultJobOptions: jobOptions }), ['a'])
})
