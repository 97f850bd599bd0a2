// @ts-check
/** What BullMQ's hosts share: the queue on the bench's own Redis, and how they hear of what goes wrong. */
import { note, noteError } from '../notes.js'

const { DETECTION_REDIS_PORT, DETECTION_FOLDER } = process.env

/** Each round has a prefix of its own. */
export const queueSettings = {
  connection: { host: '127.0.0.1', port: Number(DETECTION_REDIS_PORT), maxRetriesPerRequest: null },
  prefix: DETECTION_FOLDER?.split('/').at(-1) ?? 'round',
}

/** By default a job has one attempt; whoever wants it done gives it some, and drover has three too. */
export const jobOptions = { attempts: 3, backoff: { type: 'exponential', delay: 1_000 } }

/** The lock that a live worker renews at half its time, and how often somebody looks for one that has run out. */
export const stalledSettings = (/** @type {number | undefined} */ limitMs) =>
  limitMs ? { lockDuration: limitMs, stalledInterval: limitMs / 2 } : {}

export async function addJobs(/** @type {import('bullmq').Queue} */ queue, /** @type {string[]} */ tasks) {
  for (const task of tasks) await queue.add('task', { task }, { jobId: `job-${task}` })
}

export function listen(/** @type {import('bullmq').QueueEvents} */ events) {
  const taskOf = (/** @type {string} */ jobId) => jobId.replace('job-', '')
  events.on('stalled', ({ jobId }) => note('verdict', { says: 'stalled', tasks: [taskOf(jobId)] }))
  events.on('failed', ({ jobId, failedReason }) => {
    noteError(failedReason, [taskOf(jobId)])
    note('settled', { task: taskOf(jobId) })
  })
  events.on('error', () => {})
}
