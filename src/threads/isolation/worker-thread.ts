/**
 * One thread of a worker, in this process or in its own, as the main thread sees it. It ends exactly once: `error` followed by
 * `exit` is one end, pending calls settle, and an end on request is no failure.
 */
import type { MessagePort } from 'node:worker_threads'
import type { Remote } from 'comlink'
import { DroverError, toErrorRecord } from '../../errors.js'
import type { Failure } from '../../failure.js'
import type { LogLevel } from '../../log-levels.js'
import type { Abandoned } from '../../store/contract/tasks.js'
import { patientTimeout } from '../../time/patient-timer.js'
import { duration } from '../../values/duration.js'
import type { EvidenceFiles } from '../evidence/files.js'
import type { CpuProfile } from '../evidence/stack-and-profile.js'
import { isOverdue } from '../heartbeat/hang-verdict.js'
import { waitedMs } from '../heartbeat/starvation.js'
import type { PeerNews } from '../messages/wire.js'
import type { ThreadControl, ThreadReport } from '../protocol/messages.js'
import type { Isolation, IsolationExit, IsolationOptions } from './contract.js'
import { ProcessIsolation } from './in-process.js'
import { ThreadIsolation } from './in-thread.js'
import { endDespite } from './unkillable.js'

/** The part of a failure that the thread alone determines. */
export type ThreadFailure = Pick<Failure, 'kind' | 'message' | 'error' | 'exitCode' | 'hungAt'> & {
  /** 0 to 1; null for a thread that was gone. */
  eventLoopUtilization: number | null
  /** Evidence that was written before it was killed. */
  files: string[]
}

/** How a thread ended. */
export interface ThreadEnd {
  /** null: it ended on request. */
  failure: ThreadFailure | null
  /** Its tasks in hand. Empty lists for a thread that may still be alive (`unkillable`). */
  abandoned: Abandoned
  /** The thread did not end; its memory must not be used again. */
  alive: boolean
}

export interface ThreadOptions extends Omit<IsolationOptions, 'onExit' | 'onFault'> {
  isolation: 'thread' | 'process'
  /** null: no evidence files. */
  evidence: EvidenceFiles | null
  /** How long a terminated thread may take to end. */
  killMs: number
  onEnd: (end: ThreadEnd) => void
  /** A thread that was called `unkillable` has ended after all. */
  onLateExit: () => void
}

/** Least time until the next look at a thread that got no core while it should end. */
const leastWaitMs = 20

/** Time after the drain deadline for tasks in hand to notice their aborted signal. */
const abortGraceMs = 250

/** Profiles that may run at once in this process. */
const mostProfiles = 4
let profiles = 0

const isolations = { thread: ThreadIsolation, process: ProcessIsolation }

export class Thread {
  /** The process that it runs in. */
  readonly pid: number
  /** Also once it has ended. null: the main thread of a process of its own. */
  readonly threadId: number | null
  readonly #isolation: Isolation
  readonly #options: ThreadOptions
  readonly #exited: Promise<void>
  #markExited = (): void => {}
  /** Its own reason for its end, if it sent one. */
  #lastWords: Extract<ThreadReport, { type: 'failed' }> | null = null
  /** The requested end; the first request counts. */
  #asked: { failure: ThreadFailure | null } | null = null
  #over = false
  #drain: { until: number; callOff: () => void } | null = null
  #terminating = false
  #profiling = false

  /** @throws if the boot data cannot be cloned */
  constructor(options: ThreadOptions) {
    this.#options = options
    this.#exited = new Promise((resolve) => {
      this.#markExited = resolve
    })
    this.#isolation = new isolations[options.isolation]({
      ...options,
      onReport: (report) => {
        if (report.type === 'failed') this.#lastWords = report
        else if (!this.#over) options.onReport(report)
      },
      onFault: (what) => void this.#fault(what),
      onExit: (exit) => this.#onExit(exit),
    })
    this.pid = this.#isolation.pid
    this.threadId = this.#isolation.threadId
  }

  /** As it was started; the worker's option may be another by now. */
  get isolation(): ThreadOptions['isolation'] {
    return this.#options.isolation
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

  setLogLevel(level: LogLevel): void {
    this.#call((control) => control.setLogLevel(level))
  }

  reconnect(port: MessagePort): void {
    if (!this.#over) this.#isolation.reconnect(port).catch(() => {})
  }

  peer(news: PeerNews, link: MessagePort | null): void {
    if (!this.#over) this.#isolation.peer(news, link)
    else link?.close()
  }

  accept(from: string | null, link: MessagePort, begun: SharedArrayBuffer | null): void {
    if (!this.#over) this.#isolation.accept(from, link, begun)
    else link.close()
  }

  /**
   * Takes a CPU profile for `ms`.
   *
   * @throws DroverError THREAD_GONE if it ends meanwhile; PROFILE_RUNNING, PROFILES_FULL
   */
  async profile(ms: number): Promise<CpuProfile> {
    const { id } = this.#options.boot
    if (this.#profiling) throw new DroverError('PROFILE_RUNNING', `a profile of ${id} is already running`)
    if (profiles >= mostProfiles) throw new DroverError('PROFILES_FULL', `${profiles} profiles are already running: try again later`)
    this.#profiling = true
    profiles++
    try {
      return await this.#unlessGone(this.#isolation.profile(ms))
    } finally {
      this.#profiling = false
      profiles--
    }
  }

  /**
   * Lets tasks in hand finish, then ends the thread. At the deadline the tasks are aborted, and shortly after the thread is
   * terminated. Of several calls the earliest deadline holds. If the thread is being killed, no more evidence is taken.
   */
  finish(drainMs: number): void {
    if (this.#over) return
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
    this.#call((control) => control.abort(`stopped: not done within ${duration(drainMs)}`))
    patientTimeout(() => this.#terminate(), abortGraceMs)
  }

  /** It sent an invalid message. */
  #fault(what: string): Promise<void> {
    const { isolation, boot } = this.#options
    const error = new DroverError('PROTOCOL_BROKEN', `the ${isolation} of ${boot.id} sent an invalid message: ${what}`)
    return this.kill({ kind: 'uncaught-error', message: error.message, error: toErrorRecord(error) }, false)
  }

  /** Ends it now. With `evidence`, first takes its stack and writes the evidence files. */
  async kill(failure: Pick<Failure, 'kind' | 'message'> & Partial<Pick<Failure, 'error'>>, evidence: boolean): Promise<void> {
    if (this.#over || this.#asked?.failure) return
    const eventLoopUtilization = this.#isolation.eventLoopUtilization()
    const asked: ThreadFailure = { error: null, ...failure, exitCode: null, hungAt: null, eventLoopUtilization, files: [] }
    this.#asked = { failure: asked }
    if (evidence) {
      asked.hungAt = await Promise.race([this.#isolation.stack(), this.#exited.then(() => null)])
      const { boot, evidence: files } = this.#options
      if (files && !this.#over && !this.#terminating) {
        await Promise.race([files.takeOf(this.#isolation, boot.id, failure.kind, asked.files), this.#exited])
      }
    }
    this.#terminate()
  }

  #terminate(): void {
    if (this.#over || this.#terminating) return
    this.#terminating = true
    const killMs = this.#options.killMs + (this.#options.evidence?.lingerMs(this.#isolation) ?? 0)
    const { tid } = this.#options.beats.read()
    const starvedBefore = waitedMs(tid)
    let passed = 0
    let callOff = (): void => {}
    const wait = (ms: number): void => {
      passed += ms
      callOff = patientTimeout(() => {
        const starved = waitedMs(tid) - starvedBefore
        if (isOverdue(passed + 1, starved, killMs)) this.#giveUp(killMs)
        else wait(Math.max(leastWaitMs, starved - (passed - killMs)))
      }, ms)
    }
    wait(killMs)
    void this.#exited.then(() => callOff())
    this.#isolation.terminate()
  }

  /** Gives up waiting: the thread is unkillable. */
  #giveUp(killMs: number): void {
    const { isolation } = this.#options
    const message = `its ${isolation} did not end within ${duration(killMs)} of being terminated`
    const { hungAt = null, eventLoopUtilization = null, files = [] } = this.#asked?.failure ?? {}
    this.#end({
      failure: { kind: 'unkillable', message, error: null, exitCode: null, hungAt, eventLoopUtilization, files },
      abandoned: { working: [], finished: [] },
      alive: true,
    })
    this.#isolation.unref()
    if (isolation === 'thread') void this.#exited.then(endDespite())
  }

  #onExit({ failure, fault, abandoned }: IsolationExit): void {
    this.#markExited()
    this.#drain?.callOff()
    if (this.#over) {
      this.#options.onLateExit()
      return
    }
    const words = this.#lastWords
    const own = words ? { ...failure, kind: words.kind, message: words.error.message, error: words.error } : failure
    if (this.#asked?.failure === null && !words && !fault) {
      // At a requested end, the interrupted tasks are not to blame.
      abandoned.finished.push(...abandoned.working.splice(0))
    }
    this.#end({
      failure: this.#asked ? this.#asked.failure : { ...own, hungAt: null, eventLoopUtilization: null, files: [] },
      abandoned,
      alive: false,
    })
  }

  #end(end: ThreadEnd): void {
    if (this.#over) return
    this.#over = true
    this.#options.onEnd(end)
  }

  /** A call whose result is ignored. */
  #call(make: (control: Remote<ThreadControl>) => Promise<unknown>): void {
    if (!this.#over) make(this.#isolation.control).catch(() => {})
  }

  /** A call that settles also if the thread ends first (comlink's own would wait for ever). */
  #settled(make: (control: Remote<ThreadControl>) => Promise<unknown>): Promise<unknown> {
    return this.#unlessGone(make(this.#isolation.control))
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
