/**
 * The loop of a worker with tasks: holds leased tasks ready, runs them, and exchanges outcomes for more in one round trip to the
 * store. Outcomes are sent while the next tasks run; if the thread dies, its tasks in hand are in shared memory.
 */

import type { ErrorKind } from '../../../errors.js'
import { TaskBreaker } from '../../../machines/task-breaker.js'
import type { QuotaLease, QuotaSpent } from '../../../quotas/client.js'
import type { Amounts } from '../../../store/contract/quotas.js'
import type { ExchangeReply } from '../../../store/contract/tasks.js'
import type { WorkerBoot } from '../../protocol/messages.js'
import { maxHeld } from '../../protocol/tasks-in-hand.js'
import { TaskError } from '../task-error.js'
import { Exchange, type ExchangeDeps, exchangeRetryMs } from './exchange.js'
import { failedAttempt } from './failed-attempt.js'
import { FailedAttemptReports } from './failed-attempt-reports.js'
import { Granting } from './grants.js'
import type { Lease } from './lease.js'
import { LeaseQueue } from './lease-queue.js'
import { Prefetch, prefetchMs } from './prefetch.js'
import { type RunDeps, type Running, RunningTasks } from './run-task.js'
import { Waiting } from './waiting.js'

/** The event loop gets a turn after this time of tasks. */
const turnMs = 10
/** A wait for quota is reported after this time. */
const tellWaitMs = 100

interface LoopDeps extends RunDeps, ExchangeDeps {
  redact: (text: string) => string
  crash: (reason: unknown) => never
  onTaskEnd: () => void
}

export class TaskLoop {
  readonly #deps: LoopDeps
  readonly #capacity: number
  readonly #queue = new LeaseQueue()
  readonly #running: RunningTasks
  readonly #exchange: Exchange
  readonly #granting: Granting
  readonly #failing: FailedAttemptReports
  readonly #breaker: TaskBreaker
  readonly #waiting: Waiting
  #tellWait: NodeJS.Timeout | null = null
  /** How many tasks have ended and wait out `delayMs`: each keeps its place until then. */
  #cooling = 0
  readonly #prefetch: Prefetch
  #paused = false
  #finishing: (() => void) | null = null
  #turnStart = 0
  #turning = false

  constructor(deps: LoopDeps) {
    this.#deps = deps
    this.#capacity = deps.boot.concurrency + maxHeld
    const { prefetch, delayMs, concurrency } = deps.boot
    this.#breaker = new TaskBreaker(deps.boot.tasks.breaker, deps.boot.breaker, () => performance.now())
    this.#failing = new FailedAttemptReports(deps.report, () => this.#breaker.streak)
    this.#waiting = new Waiting(deps.report, () => this.#exchangeIfUseful())
    this.#running = new RunningTasks(deps, {
      begins: () => {
        deps.beats.phase('working')
        this.#waiting.end()
      },
      ended: (task) => this.#ended(task),
      completed: (task, json) => {
        if (this.#breaker.succeeded()) deps.report({ type: 'breaker-closed' })
        this.#exchange.add({ do: 'complete', token: task.lease.token, value: json }, task.cell, task.context.usage)
      },
      failed: (task, thrown) => this.#failed(task.lease, task.cell, thrown, task.context.usage),
      free: this.#pump,
    })
    this.#exchange = new Exchange(deps, {
      answered: (reply, want) => {
        this.#take(reply)
        this.#waiting.note(reply, want, this.#held() === 0 && !this.#paused && !this.#finishing)
        this.#settleFinish()
        this.#pump()
      },
      again: () => this.#exchangeIfUseful(true),
    })
    this.#granting = new Granting(deps, {
      granted: (lease, quota) => {
        this.#running.run(lease, quota)
        this.#pump()
      },
      spent: (lease, spent) => {
        this.#giveUp(spent, lease)
        this.#pump()
      },
      refused: (lease, error, amounts) => {
        this.#refused(lease, amounts, error)
        this.#pump()
      },
    })
    // A worker with a delay between tasks holds no tasks ready.
    this.#prefetch = new Prefetch(prefetch === 'auto' && delayMs > 0 ? 0 : prefetch, concurrency)
  }

  start(): void {
    this.#deps.beats.phase('waiting')
    this.#exchangeIfUseful()
  }

  pause(): void {
    this.#paused = true
    this.#giveBackQueue()
    this.#deps.beats.phase('paused')
    this.#exchangeIfUseful()
  }

  resume(): void {
    this.#paused = false
    this.#breaker.tryAgain()
    this.#deps.beats.phase(this.#running.size > 0 ? 'working' : 'waiting')
    this.poke()
  }

  poke(): void {
    this.#waiting.poke()
    this.#pump()
  }

  /** Settles when nothing is in hand and the store has everything that was finished. */
  finish(): Promise<void> {
    return new Promise((resolve) => {
      this.#finishing = resolve
      this.#giveBackQueue()
      this.#exchangeIfUseful()
      this.#settleFinish()
    })
  }

  /** Sends pending reports, because the thread is about to end. */
  flush(): void {
    this.#failing.flush()
  }

  /** Tasks that end after this are not reported: the thread is about to end, and its tasks in hand are read from outside. */
  abort(reason: unknown): void {
    this.#running.abort(reason)
  }

  #held(): number {
    return this.#queue.size + this.#granting.size + this.#running.size + this.#exchange.unsettled
  }

  /** Starts all tasks that can start, then asks the store for more if needed. */
  #pump = (): void => {
    if (this.#turning) return
    const { concurrency, quota } = this.#deps.boot
    while (!this.#paused && !this.#exchange.isFenced && !this.#breaker.isOpen && this.#queue.size > 0 && this.#busy() < concurrency) {
      // Needed also for async tasks that never wait: they continue from microtask to microtask, and from message to message.
      if (performance.now() - this.#turnStart > turnMs) {
        this.#giveTurn()
        return
      }
      const lease = this.#queue.next()
      if (this.#exchange.unsent > 0 && performance.now() - this.#exchange.unsentSince > prefetchMs) this.#exchangeIfUseful(true)
      if (quota) this.#ask(lease, quota)
      else this.#running.run(lease, null)
    }
    this.#exchangeIfUseful()
  }

  /** Lets timers and messages run, then continues. */
  #giveTurn(): void {
    this.#turning = true
    setImmediate(() => {
      this.#turning = false
      this.#turnStart = performance.now()
      this.#pump()
    })
  }

  /** How many of the worker's `concurrency` places are taken. */
  #busy(): number {
    return this.#running.size + this.#granting.size + this.#cooling
  }

  /** Runs a task once its quota grants it. */
  #ask(lease: Lease, quota: NonNullable<WorkerBoot['quota']>): void {
    let ready: QuotaLease | null
    try {
      ready = this.#granting.ask(lease, quota)
    } catch (error) {
      this.#failed(lease, -1, error, null)
      return
    }
    if (ready) this.#running.run(lease, ready)
    else {
      if (this.#running.size === 0) this.#deps.beats.phase('waiting')
      this.#tellWait ??= setTimeout(() => {
        this.#tellWait = null
        if (this.#granting.size > 0 && this.#running.size === 0) this.#waiting.tell()
      }, tellWaitMs)
    }
  }

  /**
   * The quota is spent for a long time: all held tasks go back. If a running task uses less than it was granted, the quota is
   * asked once more.
   */
  #giveUp(spent: QuotaSpent & { amounts: Amounts }, lease: Lease): void {
    this.#exchange.giveBack(lease)
    this.#giveBackQueue()
    this.#waiting.begin()
    if (this.#running.size === 0) this.#deps.report({ type: 'spent', ...spent })
  }

  /** The quota can never grant the task. */
  #refused(lease: Lease, amounts: Amounts, error: unknown): void {
    const { definition, crash, context } = this.#deps
    const code = (error as { code?: unknown }).code
    if (code === 'QUOTA_INVALID' && definition.estimate) {
      const cause = error as Error
      this.#failed(lease, -1, new TaskError('QUOTA_INVALID', { retry: false, message: cause.message, cause }), null)
    } else if (code === 'QUOTA_RETIRED') {
      const [quota = ''] = this.#deps.boot.quota?.choices ?? []
      this.#giveUp({ quota, window: 'retired', inMs: Number.POSITIVE_INFINITY, amounts }, lease)
    } else if (code === 'QUOTA_INVALID') {
      crash(error)
    } else if (code !== 'CLOSED') {
      context.log.warn(`the store could not be asked for quota, trying again: ${(error as Error).message}`)
      this.#exchange.giveBack(lease, exchangeRetryMs)
    }
  }

  #failed(lease: Lease, cell: number, thrown: unknown, usage: Amounts | null): void {
    const { redact, boot } = this.#deps
    const { outcome, error, last } = failedAttempt(thrown, lease, boot.tasks, redact)
    const kind = error && this.#failing.add(error, lease.key, last)
    this.#exchange.add(outcome, cell, usage)
    if (!kind) return
    const tried = this.#breaker.isTrying
    if (this.#breaker.failed(kind.id)) this.#open(kind, tried)
  }

  /** Opens the breaker: all held tasks go back, and none begins. */
  #open(error: ErrorKind, tried: boolean): void {
    this.#giveBackQueue()
    this.flush()
    this.#deps.report({ type: 'breaker-opened', error, attempts: tried ? 1 : (this.#breaker.streak?.count ?? 1) })
  }

  /** Frees the task's place, after `delayMs`. */
  #ended({ startedAt, lease, quota }: Running): void {
    const { boot, beats, onTaskEnd } = this.#deps
    this.#prefetch.observe(performance.now() - startedAt, lease.data.length)
    beats.done()
    onTaskEnd()
    if (boot.delayMs > 0) {
      this.#cooling++
      setTimeout(() => {
        this.#cooling--
        this.#pump()
      }, boot.delayMs)
    }
    if (this.#running.size === 0 && this.#queue.size === 0 && !this.#paused) beats.phase('waiting')
    if (quota) this.#waiting.callEnded()
    if (this.#running.isAborted) this.#settleFinish()
  }

  #giveBackQueue(): void {
    for (const lease of this.#queue.clear()) this.#exchange.giveBack(lease)
    for (const lease of this.#granting.cancel()) this.#exchange.giveBack(lease)
  }

  /** How many tasks to claim now. */
  #want(): number {
    const { boot } = this.#deps
    if (this.#paused || this.#finishing || this.#exchange.isFenced || this.#breaker.isOpen) return 0
    if (this.#breaker.isTrying) return this.#held() === 0 && this.#cooling === 0 ? 1 : 0
    const free = boot.concurrency - this.#busy()
    return Math.max(0, Math.min(free + this.#prefetch.target - this.#queue.size, this.#capacity - this.#held()))
  }

  #exchangeIfUseful(now = false): void {
    if (this.#exchange.isUnderWay || this.#exchange.isFenced) return
    const low = this.#queue.size <= this.#prefetch.target / 2
    const want = low || now ? this.#want() : 0
    const finished = this.#exchange.unsent
    const must = now || low || this.#paused || this.#breaker.isOpen || this.#finishing !== null || finished >= this.#prefetch.target / 2
    if (finished > 0 ? must : want > 0 && this.#waiting.isOver) void this.#exchange.send(want)
    else if (finished === 0 && want > 0) this.#waiting.sleep()
  }

  #take({ leases }: ExchangeReply): void {
    this.#queue.add(leases)
    if (this.#paused || this.#finishing || this.#breaker.isOpen) this.#giveBackQueue()
    if (leases.tokens.length > 0) this.#prefetch.adapt()
  }

  #settleFinish(): void {
    if (!this.#finishing || this.#running.size > 0) return
    if (this.#exchange.unsent > 0) this.#exchangeIfUseful()
    else if (!this.#exchange.isUnderWay) this.#finishing()
  }
}
