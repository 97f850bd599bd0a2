/**
 * Where a worker process begins: the worker lives on its main thread, so that it may block, abort and load native code that only a
 * main thread can have. A second thread, the observer, looks after it.
 */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { BeatBoard } from './beats.js'
import { ChannelPort } from './channel-port.js'
import { Hands, maxHeld } from './hands.js'
import { LeftBehind } from './left-behind.js'
import type { ObserverData } from './process-observer.js'
import { processWiring, type ThreadReport, type WorkerBoot } from './protocol.js'
import { work } from './work.js'

// Before anything is waited for: what arrives from now on is kept.
const boots = new ChannelPort(process, processWiring.boot)
const control = new ChannelPort(process, processWiring.control)
const store = new ChannelPort(process, processWiring.store(1))
const reports = new ChannelPort(process, processWiring.reports)

// Ctrl-C and service managers signal a whole group of processes: when this one ends is the host's to say.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
// The observer sees this too, but is not there yet.
process.on('disconnect', () => process.exit())

const boot = await new Promise<WorkerBoot>((resolve) => boots.on('message', resolve))
const beats = new BeatBoard().take()
const { everyMs, progressTimeoutMs } = boot.heartbeat
const workerData: ObserverData = {
  beats: { buffer: beats.buffer, index: beats.index },
  // As often as the monitor looks, and often enough for it not to see a stall where there is none.
  everyMs: Math.max(10, Math.min(1_000, everyMs / 2, progressTimeoutMs / 4)),
}
await once(new Worker(new URL('./process-observer.js', import.meta.url), { workerData, name: 'drover observer' }), 'message')

const cells = boot.concurrency + maxHeld
const leftBehind = new LeftBehind(processWiring.leftBehindFd, cells)

await work({
  boot,
  store,
  openStore: (name) => new ChannelPort(process, name as string),
  control,
  beats,
  hands: Hands.allocate(cells, (cell, value) => leftBehind.keepCell(cell, value)),
  report: (report: ThreadReport) => (report.type === 'failed' ? leftBehind.keepLastWords(report) : reports.postMessage(report)),
})
