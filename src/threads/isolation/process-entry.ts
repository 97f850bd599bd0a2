/**
 * Where a worker process begins: the worker lives on its main thread, so that it may block, abort and load native code that only a
 * main thread can have. A second thread, the observer, looks after it.
 */
import { once } from 'node:events'
import { Socket } from 'node:net'
import { Worker } from 'node:worker_threads'
import { FrameChannel } from '../../ports/frame-channel.js'
import { BeatMemory } from '../heartbeat/beats.js'
import { processWiring, type ThreadReport, type WorkerBoot } from '../protocol/messages.js'
import { maxHeld, TasksInHand } from '../protocol/tasks-in-hand.js'
import { work } from '../runtime/work.js'
import { CrashFile } from './crash-file.js'
import type { ObserverData } from './process-observer.js'

// Before anything is waited for: what arrives from now on is kept.
const socket = new Socket({ fd: processWiring.channelFd, readable: true, writable: true })
const channel = new FrameChannel(socket, (why) => {
  throw new Error(`what came from the host is not understood: ${why}`)
})
const boots = channel.port(processWiring.boot)
const control = channel.port(processWiring.control)
const store = channel.port(processWiring.store(1))
const reports = channel.port(processWiring.reports)

// Ctrl-C and service managers signal a whole group of processes: when this one ends is the host's to say.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
// The observer sees this too, but is not there yet.
socket.on('close', () => process.exit())

const boot = await new Promise<WorkerBoot>((resolve) => boots.on('message', resolve))
const beats = new BeatMemory().take()
const { everyMs, progressTimeoutMs } = boot.heartbeat
const workerData: ObserverData = {
  beats: { buffer: beats.buffer, index: beats.index },
  // As often as the monitor looks, and often enough for it not to see a stall where there is none.
  everyMs: Math.max(10, Math.min(1_000, everyMs / 2, progressTimeoutMs / 4)),
}
await once(new Worker(new URL('./process-observer.js', import.meta.url), { workerData, name: 'drover observer' }), 'message')

const cells = boot.concurrency + maxHeld
const crashFile = new CrashFile(processWiring.crashFileFd, cells)

await work({
  boot,
  store,
  openStore: (name) => channel.port(name as string),
  control,
  beats,
  inHand: TasksInHand.allocate(cells, (cell, value) => crashFile.keepCell(cell, value)),
  report(report: ThreadReport) {
    if (report.type === 'failed') crashFile.keepLastWords(report)
    else reports.postMessage(report)
  },
})
