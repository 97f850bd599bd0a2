/** A worker in a thread of this process (`node:worker_threads`). */
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads'
import { type Remote, transfer, wrap } from 'comlink'
import { toErrorRecord } from '../../errors.js'
import { nodeEndpoint } from '../../ports/comlink-endpoint.js'
import { messageOf } from '../../values/plain.js'
import { inspectThread } from '../evidence/inspect-thread.js'
import { type CpuProfile, profileOf, snapshotOf, stackOf } from '../evidence/stack-and-profile.js'
import type { PeerNews } from '../messages/wire.js'
import { checkReport } from '../protocol/check-report.js'
import type { ThreadBoot, ThreadControl, ThreadReport } from '../protocol/messages.js'
import { maxHeld, TasksInHand } from '../protocol/tasks-in-hand.js'
import type { Isolation, IsolationExit, IsolationOptions } from './contract.js'

/** Logged once if code in the thread posts to its parent. */
const notOurs: ThreadReport = {
  type: 'log',
  level: 'debug',
  message: 'a message was posted to parentPort, which drover does not read',
  fields: null,
}

export class ThreadIsolation implements Isolation {
  readonly pid = process.pid
  readonly control: Remote<ThreadControl>
  readonly #worker: Worker
  readonly #ports: MessagePort[]

  /** @throws if the boot data cannot be cloned */
  constructor({ boot, store, beats, resourceLimits, onReport, onFault, onExit }: IsolationOptions) {
    const inHand = TasksInHand.allocate(boot.concurrency + maxHeld)
    const { port1, port2 } = new MessageChannel()
    const reports = new MessageChannel()
    this.#ports = [port1, reports.port1]
    const workerData: ThreadBoot = {
      boot,
      store,
      control: port2,
      reports: reports.port2,
      beats: { buffer: beats.buffer, index: beats.index },
      inHand: inHand.buffer,
    }
    this.#worker = new Worker(new URL('./thread-entry.js', import.meta.url), {
      workerData,
      transferList: [port2, reports.port2, store],
      resourceLimits,
      name: boot.id,
    })
    this.control = wrap<ThreadControl>(nodeEndpoint(port1))
    let thrown: { error: unknown } | null = null
    const receive = (message: unknown): void => {
      let report: ThreadReport
      try {
        report = checkReport(message)
      } catch (error) {
        onFault(messageOf(error))
        return
      }
      onReport(report)
    }
    reports.port1.on('message', receive)
    this.#worker.once('message', () => onReport(notOurs))
    this.#worker.on('error', (error) => {
      thrown = { error }
    })
    this.#worker.on('exit', (code) => {
      // Its last messages may arrive after its exit event.
      for (let left = receiveMessageOnPort(reports.port1); left; left = receiveMessageOnPort(reports.port1)) receive(left.message)
      for (const port of this.#ports) port.close()
      onExit({ failure: failureOf(thrown, code), fault: thrown !== null, abandoned: inHand.read() })
    })
  }

  get threadId(): number {
    return this.#worker.threadId
  }

  async reconnect(port: MessagePort): Promise<void> {
    await this.control.reconnect(transfer(port as never, [port as never]) as never)
  }

  peer(news: PeerNews, link: MessagePort | null): void {
    const moved = link && (transfer(link as never, [link as never]) as never)
    this.control.peer(news, moved).catch(() => {})
  }

  accept(from: string | null, link: MessagePort, begun: SharedArrayBuffer | null): void {
    this.control.accept(from, transfer(link as never, [link as never]) as never, begun).catch(() => {})
  }

  eventLoopUtilization(): number {
    return this.#worker.performance.eventLoopUtilization().utilization
  }

  stack(): Promise<string[] | null> {
    return stackOf(inspectThread(this.threadId))
  }

  profile(ms: number, options?: { stuck?: boolean }): Promise<CpuProfile> {
    return profileOf(inspectThread(this.threadId), ms, options)
  }

  snapshot(file: string, withinMs: number): Promise<void> {
    return snapshotOf(inspectThread(this.threadId), file, withinMs)
  }

  terminate(): void {
    void this.#worker.terminate()
  }

  unref(): void {
    // Open ports would keep the process alive.
    for (const port of this.#ports) port.close()
    this.#worker.unref()
  }
}

function failureOf(thrown: { error: unknown } | null, exitCode: number): IsolationExit['failure'] {
  if (!thrown) return { kind: 'exit', message: `the thread exited with code ${exitCode}`, error: null, exitCode }
  const error = toErrorRecord(thrown.error)
  const kind = error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'out-of-memory' : 'uncaught-error'
  return { kind, message: error.message, error, exitCode }
}
