// @ts-check
/** One process with one ordinary worker of BullMQ. */
import { Worker } from 'bullmq'
import { setUp, work } from '../work.js'
import { queueSettings, stalledSettings } from './queue.js'

/** @type {{ limitMs?: number }} */
const { limitMs } = JSON.parse(process.env.DETECTION_SETTINGS ?? '{}')

await setUp()
const worker = new Worker('tasks', (job) => work(job.data.task), { ...queueSettings, ...stalledSettings(limitMs) })
worker.on('error', () => {})
await worker.waitUntilReady()
process.send?.('ready')
