/**
 * The second thread of a worker process. It sends the worker's beats to the host, takes the stack when the worker hangs, and ends
 * the process when the host is gone, even while the worker is busy or blocked.
 */
import { Socket } from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'
import { expose } from 'comlink'
import { nodeEndpoint } from '../../ports/comlink-endpoint.js'
import { FrameChannel } from '../../ports/frame-channel.js'
import { inspectMain } from '../evidence/inspect-main.js'
import { profileOf, snapshotOf, stackOf } from '../evidence/stack-and-profile.js'
import { BeatCell } from '../heartbeat/beats.js'
import { type ObserverControl, type ObserverReport, processWiring } from '../protocol/messages.js'

/** The `workerData` of the observer. */
export interface ObserverData {
  beats: { buffer: SharedArrayBuffer; index: number }
  /** Time between its looks at the beats. */
  everyMs: number
}

const { beats, everyMs } = workerData as ObserverData
const cell = new BeatCell(beats.buffer, beats.index)
const pipe = new Socket({ fd: processWiring.observerFd, readable: true, writable: true })
// The kernel closes the host's end for any death of the host.
pipe.on('close', () => process.kill(process.pid, 'SIGKILL'))
const host = new FrameChannel(pipe, (why) => {
  throw new Error(`the host sent an invalid message: ${why}`)
}).port(processWiring.observer)

const control: ObserverControl = {
  stack: () => stackOf(inspectMain),
  profile: (ms, options) => profileOf(inspectMain, ms, options),
  snapshot: (file, withinMs) => snapshotOf(inspectMain, file, withinMs),
}
expose(control, nodeEndpoint(host))

let told = ''
setInterval(() => {
  const report: ObserverReport = { beats: cell.copy() }
  const now = report.beats.join()
  if (now === told) return
  told = now
  host.postMessage(report)
}, everyMs)

parentPort?.postMessage('up')
