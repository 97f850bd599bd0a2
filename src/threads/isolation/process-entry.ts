/**
 * Entry of a worker process. The worker runs on the main thread, so that it may block, abort, and load native code that needs a
 * main thread. A second thread, the observer, watches it.
 */
import { once } from 'node:events'
import { Socket } from 'node:net'
import { Worker } from 'node:worker_threads'
import { FrameChannel } from '../../ports/frame-channel.js'
import { BeatMemory } from '../heartbeat/beats.js'
import { processWiring, type ThreadReport, type WorkerBoot } from '../protocol/messages.js'
import { maxHeld, TasksInHand } from '../protocol/tasks-in-hand.js'
import { runWorker } from '../runtime/run-worker.js'
import { CrashFile } from './crash-file.js'
import type { ObserverData } from './process-observer.js'

// Before any await, so that no message is lost.
const socket = new Socket({ fd: processWiring.channelFd, readable: true, writable: true })
const channel = new FrameChannel(socket, (why) => {
  throw new Error(`the host sent an invalid message: ${why}`)
})
const boots = channel.port(processWiring.boot)
const control = channel.port(processWiring.control)
const store = channel.port(processWiring.store(1))
const reports = channel.port(processWiring.reports)

// Ctrl-C and service managers signal the whole process group, but the host decides when this process ends.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
// The observer does this too, but is not running yet.
socket.on('close', () => process.exit())

const boot = await new Promise<WorkerBoot>((resolve) => boots.on('message', resolve))
const beats = new BeatMemory().take()
const { everyMs, progressTimeoutMs } = boot.heartbeat
const workerData: ObserverData = {
  beats: { buffer: beats.buffer, index: beats.index },
  // As often as the monitor scans, so that a late copy never looks like a stall.
  everyMs: Math.max(10, Math.min(1_000, everyMs / 2, progressTimeoutMs / 4)),
}
await once(new Worker(new URL('./process-observer.js', import.meta.url), { workerData, name: 'drover observer' }), 'message')

const cells = boot.concurrency + maxHeld
const crashFile = new CrashFile(processWiring.crashFileFd, cells)

await runWorker({
  boot,
  store,
  openPort: (name) => channel.port(name as string),
  control,
  beats,
  inHand: TasksInHand.allocate(cells, (cell, value) => crashFile.keepCell(cell, value)),
  report(report: ThreadReport) {
    if (report.type === 'failed') crashFile.keepLastWords(report)
    else reports.postMessage(report)
  },
})
