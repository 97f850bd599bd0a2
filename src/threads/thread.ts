/**
 * One worker thread as the main thread sees it. However it ends, it ends once: `error` followed by `exit` is one end, what was
 * asked of it settles, and an end that was asked for is no failure.
 */
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import { type Remote, transfer, wrap } from 'comlink'
import { DroverError, type ErrorRecord, toErrorRecord } from '../errors.js'
import type { Failure, FailureKind } from '../machines/failure.js'
import { isOverdue } from '../machines/watch.js'
import type { ResourceLimits } from '../options.js'
import { patientTimeout } from '../patient-timer.js'
import type { Abandoned } from '../store/engine.js'
import type { BeatSlot } from './beats.js'
import { nodeEndpoint } from './endpoint.js'
import { type CpuProfile, profileOf, stackOf } from './evidence.js'
import { Hands, maxHeld } from './hands.js'
import { endDespite } from './last-resort.js'
import type { ThreadBoot, ThreadControl, ThreadReport } from './protocol.js'
import { waitedMs } from './starvation.js'

/** What is known of a failure from the thread alone. */
export type ThreadFailure = Pick<Failure, 'kind' | 'message' | 'error' | 'exitCode' | 'hungAt'> & {
  /** 0 to 1; null for a thread that was gone. */
  eventLoopUtilization: number | null
}

/** How a thread ended. */
export interface ThreadEnd {
  /** null: it was asked to. */
  failure: ThreadFailure | null
  /** What it had in its hands. Empty lists for a thread that may still be alive (`unkillable`). */
  abandoned: Abandoned
  /** The thread did not end; its memory must not be used again. */
  alive: boolean
}

export interface ThreadOptions {
  boot: Omit<ThreadBoot, 'control' | 'beats' | 'hands'>
  slot: BeatSlot
  resourceLimits: ResourceLimits
  /** How long a terminated thread may take to end. */
  killMs: number
  onReport: (report: ThreadReport) => void
  onEnd: (end: ThreadEnd) => void
  /** A thread that was called `unkillable` has ended after all. */
  onLateExit: () => void
}

/** A thread that got no core while it was to end is looked at again after so long at least. */
const leastWaitMs = 20

/** After the drain deadline: how long the tasks in hand get to notice that their signal is aborted. */
const abortGraceMs = 250

const entry = new URL('./thread-entry.js', import.meta.url)

export class Thread {
  readonly #worker: Worker
  readonly #options: ThreadOptions
  readonly #control: Remote<ThreadControl>
  readonly #port: MessagePort
  readonly #hands: Hands
  readonly #exited: Promise<void>
  #markExited = (): void => {}
  /** Its own account of why it ends, if it gave one. */
  #lastWords: { kind: FailureKind; error: ErrorRecord } | null = null
  #error: unknown = null
  /** The end somebody asked for; the first one counts. */
  #asked: { failure: ThreadFailure | null } | null = null
  #over = false
  #drain: { until: number; callOff: () => void } | null = null
  #terminating = false

  /** @throws if the boot data cannot be cloned */
  constructor(options: ThreadOptions) {
    this.#options = options
    this.#hands = Hands.allocate(options.boot.concurrency + maxHeld)
    const { port1, port2 } = new MessageChannel()
    this.#port = port1
    this.#exited = new Promise((resolve) => {
      this.#markExited = resolve
    })
    const boot: ThreadBoot = {
      ...options.boot,
      control: port2,
      beats: { buffer: options.slot.buffer, index: options.slot.index },
      hands: this.#hands.buffer,
    }
    this.#worker = new Worker(entry, {
      workerData: boot,
      transferList: [port2, options.boot.store],
      resourceLimits: options.resourceLimits,
      name: options.boot.id,
    })
    this.#control = wrap<ThreadControl>(nodeEndpoint(port1))
    this.#worker.on('message', (report: ThreadReport) => {
      if (report.type === 'failed') this.#lastWords = { kind: report.kind, error: report.error }
      else if (!this.#over) options.onReport(report)
    })
    this.#worker.on('error', (error) => {
      this.#error = error
    })
    this.#worker.on('exit', (code) => this.#onExit(code))
  }

  get threadId(): number {
    return this.#worker.threadId
  }

  pause(): void {
    this.#call((control) => control.pause())
  }

  resume(): void {
    this.#call((control) => control.resume())
  }

  poke(): void {
    this.#call((control) => control.poke())
  }

  reconnect(port: MessagePort): void {
    this.#call((control) => control.reconnect(transfer(port as never, [port as never]) as never))
  }

  /**
   * What its CPU time goes into, over so many ms.
   *
   * @throws DroverError THREAD_GONE if it ends meanwhile
   */
  profile(ms: number): Promise<CpuProfile> {
    return this.#unlessGone(profileOf(this.threadId, ms))
  }

  /**
   * Lets it finish what it has in hand, then ends it. At the deadline the tasks in hand are aborted, and shortly after the thread is
   * ended all the same. Asked again, the earlier deadline holds.
   */
  finish(drainMs: number): void {
    if (this.#over || this.#asked?.failure) return
    const until = performance.now() + drainMs
    if (this.#drain && this.#drain.until <= until) return
    this.#drain?.callOff()
    this.#drain = { until, callOff: patientTimeout(() => this.#cutOff(drainMs), drainMs) }
    if (this.#asked) return
    this.#asked = { failure: null }
    const end = (): void => this.#terminate()
    this.#settled((control) => control.finish()).then(end, end)
  }

  #cutOff(drainMs: number): void {
    this.#call((control) => control.abort(`stopped: not done within ${drainMs} ms`))
    patientTimeout(() => this.#terminate(), abortGraceMs)
  }

  /** Ends it now. With `evidence`, first takes the stack of where it hangs. */
  async kill(failure: Pick<Failure, 'kind' | 'message'>, evidence: boolean): Promise<void> {
    if (this.#over || this.#asked?.failure) return
    const { utilization } = this.#worker.performance.eventLoopUtilization()
    const asked: ThreadFailure = { ...failure, error: null, exitCode: null, hungAt: null, eventLoopUtilization: utilization }
    this.#asked = { failure: asked }
    if (evidence) asked.hungAt = await Promise.race([stackOf(this.threadId), this.#exited.then(() => null)])
    this.#terminate()
  }

  #terminate(): void {
    if (this.#over || this.#terminating) return
    this.#terminating = true
    const { tid } = this.#options.slot.read()
    const starvedBefore = waitedMs(tid)
    let passed = 0
    let callOff = (): void => {}
    const wait = (ms: number): void => {
      passed += ms
      callOff = patientTimeout(() => {
        const starved = waitedMs(tid) - starvedBefore
        if (isOverdue(passed + 1, starved, this.#options.killMs)) this.#giveUp()
        else wait(Math.max(leastWaitMs, starved - (passed - this.#options.killMs)))
      }, ms)
    }
    wait(this.#options.killMs)
    void this.#exited.then(() => callOff())
    void this.#worker.terminate()
  }

  /** It does not end. */
  #giveUp(): void {
    const message = `its thread did not end within ${this.#options.killMs} ms of being terminated`
    const { hungAt = null, eventLoopUtilization = null } = this.#asked?.failure ?? {}
    this.#end({
      failure: { kind: 'unkillable', message, error: null, exitCode: null, hungAt, eventLoopUtilization },
      abandoned: { working: [], finished: [] },
      alive: true,
    })
    // Nothing of it may keep the process from ending.
    this.#port.close()
    this.#worker.unref()
    void this.#exited.then(endDespite())
  }

  #onExit(code: number): void {
    this.#markExited()
    this.#port.close()
    this.#drain?.callOff()
    if (this.#over) {
      this.#options.onLateExit()
      return
    }
    const abandoned = this.#hands.read()
    const own = this.#classify(code)
    const failure = this.#asked ? this.#asked.failure : own
    if (this.#asked && this.#asked.failure === null && !this.#lastWords && !this.#error) {
      // An end that was asked for is not the fault of what it cut off.
      abandoned.finished.push(...abandoned.working.splice(0))
    }
    this.#end({ failure, abandoned, alive: false })
  }

  #classify(exitCode: number): ThreadFailure {
    const gone = { exitCode, hungAt: null, eventLoopUtilization: null }
    if (this.#lastWords) {
      const { kind, error } = this.#lastWords
      return { kind, message: error.message, error, ...gone }
    }
    if (this.#error) {
      const error = toErrorRecord(this.#error)
      const kind = error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'out-of-memory' : 'uncaught-error'
      return { kind, message: error.message, error, ...gone }
    }
    return { kind: 'exit', message: `the thread exited with code ${exitCode}`, error: null, ...gone }
  }

  #end(end: ThreadEnd): void {
    if (this.#over) return
    this.#over = true
    this.#options.onEnd(end)
  }

  /** A call whose answer nobody waits for. */
  #call(make: (control: Remote<ThreadControl>) => Promise<unknown>): void {
    if (!this.#over) make(this.#control).catch(() => {})
  }

  /** A call that settles also if the thread ends first (comlink's own would wait for ever). */
  #settled(make: (control: Remote<ThreadControl>) => Promise<unknown>): Promise<unknown> {
    return this.#unlessGone(make(this.#control))
  }

  #unlessGone<T>(answer: Promise<T>): Promise<T> {
    const gone = this.#exited.then(() => {
      throw new DroverError('THREAD_GONE', `the thread of ${this.#options.boot.id} is gone`)
    })
    const call = Promise.race([answer, gone])
    call.catch(() => {})
    return call
  }
}
