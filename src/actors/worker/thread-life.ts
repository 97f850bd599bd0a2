/** The one thread that a worker may have: made, ready, ended, with its beats and its slot. */
import { type ErrorRecord, toErrorRecord } from '../../errors.js'
import type { Failure, FailureKind } from '../../failure.js'
import { isOwnModuleMissing } from '../../failures/error-groups.js'
import { missingResourceOf } from '../../machines/lifecycle/missing-resource.js'
import type { BeatCell } from '../../threads/heartbeat/beats.js'
import { crashFolders } from '../../threads/isolation/crash-file.js'
import { Thread, type ThreadEnd, type ThreadFailure } from '../../threads/isolation/worker-thread.js'
import type { ThreadReport } from '../../threads/protocol/messages.js'
import { bootOf } from './boot-data.js'
import type { BreakerMemory } from './breaker-memory.js'
import type { WorkerCore } from './core.js'
import type { Registration } from './registration.js'
import { abandonTasks, collectFiles, evidenceOf, failureOf, publishFailure } from './thread-end.js'

export function cannotStart({ name, code = name, message }: ErrorRecord): string {
  return `cannot be started now: ${code}: ${message}`
}

export interface ThreadLifeMeans {
  registration: Registration
  breaker: BreakerMemory
  onReport: (report: ThreadReport) => void
}

export class ThreadLife {
  readonly #worker: WorkerCore
  readonly #means: ThreadLifeMeans
  #thread: Thread | null = null
  #beats: BeatCell | null = null
  #readyAt: number | null = null
  #isActor = false
  /** When the thread was made. */
  #bootedAt = 0
  /** Slots lost to threads that could not be ended, oldest first. */
  readonly #lostSlots: string[] = []

  constructor(worker: WorkerCore, means: ThreadLifeMeans) {
    this.#worker = worker
    this.#means = means
  }

  get thread(): Thread | null {
    return this.#thread
  }
  /** Bytes of heap in use at the last beat; null without a thread. */
  get heapUsed(): number | null {
    return this.#beats?.read().heapUsed || null
  }

  /** Whether its last thread only received messages. */
  get isActor(): boolean {
    return this.#isActor
  }

  /** Number of its calls in flight on one of its quotas. */
  callsOn(quota: string): number {
    if (this.#beats === null) return 0
    const choice = this.#worker.config.quota?.choices.indexOf(quota) ?? -1
    return choice === -1 ? 0 : this.#beats.callsOn(choice)
  }

  /** A new thread is being made: none is ready. */
  expect(): void {
    this.#readyAt = null
  }

  boot(): void {
    const worker = this.#worker
    const { registration, breaker, onReport } = this.#means
    const { beatMemory, store, config, monitor, evidence, slots } = worker.parts
    const { id, isolation, resourceLimits } = worker.config
    const beats = beatMemory.take()
    const fence = registration.useFence()
    this.#beats = beats
    this.#bootedAt = worker.now()
    try {
      this.#thread = new Thread({
        isolation,
        store: store.connect(id),
        boot: bootOf(worker, fence, breaker),
        beats,
        crashFolders: crashFolders(config.store),
        resourceLimits: { ...resourceLimits, ...worker.memory.resourceLimits },
        evidence,
        killMs: config.killMs,
        onReport,
        onEnd: (end) => this.#onEnd(end),
        onLateExit: () => {
          beatMemory.giveBack(beats)
          const lost = this.#lostSlots.shift()
          if (lost !== undefined) slots.release(lost)
        },
      })
    } catch (error) {
      beatMemory.giveBack(beats)
      this.#beats = null
      this.#thread = null
      const record = toErrorRecord(error)
      if (missingResourceOf(record)) this.#short(cannotStart(record))
      else this.failed('start-error', record)
      return
    }
    monitor.send({ type: 'UNWATCH', worker: id })
    worker.send({ type: 'SPAWNED' })
  }

  /** From now on its beats count. @param actor it only receives messages */
  ready(actor: boolean): void {
    const { parts, id, config, ref } = this.#worker
    this.#readyAt = this.#worker.now()
    this.#isActor = actor
    parts.monitor.send({ type: 'WATCH', worker: id, cell: this.#beats as BeatCell, limits: config.heartbeat, ref })
    this.#worker.send({ type: 'READY' })
    parts.introductions.ready(id)
  }

  /** The thread has ended; null: on request. */
  ended(failure: Failure | null): void {
    this.#worker.send({ type: 'ENDED', failure })
  }

  /** There is no thread, because of this error. */
  failed(kind: FailureKind, error: ErrorRecord): void {
    const failure = this.#failure(kind, error)
    this.ended(failure)
    publishFailure(this.#worker, failure)
  }

  /** A thread that cannot be ended keeps its slot until it ends after all. */
  loseSlot(): void {
    this.#lostSlots.push(this.#worker.parts.slots.lose(this.#worker.id))
  }

  #onEnd({ failure, abandoned, alive }: ThreadEnd): void {
    const worker = this.#worker
    const { beatMemory, monitor } = worker.parts
    const evidence = failure && evidenceOf(worker, failure, this.heapUsed)
    const thread = this.#thread
    monitor.send({ type: 'UNWATCH', worker: worker.id })
    if (this.#beats && !alive) beatMemory.giveBack(this.#beats)
    this.#beats = null
    this.#thread = null
    const missing = failure && this.#missing(failure)
    const full = failure && !missing ? this.#fullFailure(failure, evidence) : null
    const settled = Promise.all([
      abandonTasks(worker, this.#means.registration, abandoned, full),
      thread !== null && !alive && collectFiles(worker, thread, full),
    ])
    if (full) void settled.then(() => publishFailure(worker, full))
    worker.parts.introductions.ended(worker.id, full)
    if (missing) this.#short(missing)
    else this.ended(full)
  }

  #fullFailure({ kind, error, message, exitCode, hungAt }: ThreadFailure, evidence: Failure['evidence']): Failure {
    return this.#failure(kind, error, { message, exitCode, hungAt, evidence })
  }

  /** The missing resource that kept it from starting, if any. */
  #missing({ kind, error }: ThreadFailure): string | null {
    const isShort = error !== null && (missingResourceOf(error) !== null || isOwnModuleMissing(error))
    if (this.#worker.state === 'starting' && isShort) return cannotStart(error)
    return kind === 'start-timeout' ? this.#worker.parts.startGate.shortSince(this.#bootedAt) : null
  }

  /** The machine lacks resources for a thread or process now. */
  #short(why: string): void {
    const worker = this.#worker
    worker.parts.startGate.short(worker.id, why, worker.now())
    worker.send({ type: 'SHORT', why })
  }

  #failure(kind: FailureKind, error: ErrorRecord | null, more: Partial<Failure> = {}): Failure {
    const uptimeMs = this.#readyAt === null ? null : this.#worker.now() - this.#readyAt
    return failureOf(this.#worker, kind, error, uptimeMs, more)
  }
}
