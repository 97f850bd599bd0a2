/**
 * The loop of a worker with tasks: holds leased tasks ready, runs them, and trades outcomes for more in one round trip to the
 * store. What is finished is sent while the next tasks run; a thread that dies leaves in shared memory what it had in hand.
 */

import { DroverError, type ErrorKind, toErrorRecord } from '../../../errors.js'
import { TaskBreaker } from '../../../machines/task-breaker.js'
import type { QuotaClient, QuotaLease, QuotaSpent } from '../../../quotas/client.js'
import type { Token } from '../../../store/contract/basics.js'
import type { EngineClient } from '../../../store/contract/engine.js'
import type { Amounts } from '../../../store/contract/quotas.js'
import type { ExchangeReply, Outcome } from '../../../store/contract/tasks.js'
import { backoffDelay } from '../../../time/backoff.js'
import { checkFlag, duration } from '../../../validation/arguments.js'
import { deepestJson, isTooDeep } from '../../../values/json-depth.js'
import { messageOf, read } from '../../../values/plain.js'
import { withSources } from '../../evidence/source-maps.js'
import type { BeatCell } from '../../heartbeat/beats.js'
import type { ThreadReport, WorkerBoot } from '../../protocol/messages.js'
import { maxHeld, type TasksInHand } from '../../protocol/tasks-in-hand.js'
import { TaskContext } from '../context/task-context.js'
import type { Context } from '../context/worker-context.js'
import type { DefinedWorker } from '../define-worker.js'
import { TaskError } from '../task-error.js'
import { FailingReports } from './failing.js'
import { fits } from './fit-schema.js'
import { Granting } from './grants.js'
import type { Lease } from './lease.js'
import { Prefetch, prefetchMs } from './prefetch.js'

/** The event loop gets a turn after so many ms of tasks. */
const turnMs = 10
/** A wait for quota is told of after so long. */
const tellWaitMs = 100
/** After an exchange the store could not carry out (a full disk, say). */
const exchangeRetryMs = 1_000
/** That it cannot is said at once, and so often while that lasts. */
const saidEveryMs = 60_000

interface LoopDeps {
  boot: WorkerBoot
  definition: DefinedWorker
  store: EngineClient
  quotas: QuotaClient
  beats: BeatCell
  inHand: TasksInHand
  context: Context
  report: (report: ThreadReport) => void
  redact: (text: string) => string
  crash: (reason: unknown) => never
  onTaskEnd: () => void
}

interface Running {
  lease: Lease
  /** What it was granted. */
  quota: QuotaLease | null
  cell: number
  context: TaskContext
  startedAt: number
  timer: NodeJS.Timeout | null
}

export class TaskLoop {
  readonly #deps: LoopDeps
  readonly #process: NonNullable<DefinedWorker['process']>
  readonly #capacity: number
  /** Leased, not started; `#head` is the next one. */
  #queue: Lease[] = []
  #head = 0
  readonly #running = new Set<Running>()
  readonly #granting: Granting
  readonly #failing: FailingReports
  readonly #breaker: TaskBreaker
  #tellWait: NodeJS.Timeout | null = null
  /** Slots that wait out `delayMs`. */
  #cooling = 0
  /** Finished and not yet sent, with the cells of the shared memory that vouch for them (-1: none). */
  #outcomes: Outcome[] = []
  #cells: number[] = []
  #unsentSince = 0
  #unconfirmed = 0
  #exchanging = false
  #request = 0
  /** No claim before then (monotonic), unless poked. */
  #waitUntil = 0
  /** When it may be said again that the store takes nothing. */
  #sayRefusedAt = 0
  #waitTimer: NodeJS.Timeout | null = null
  readonly #prefetch: Prefetch
  #paused = false
  #finishing: (() => void) | null = null
  #aborted = false
  #stopped = false
  #toldWaiting = false
  #toldComplete = false
  #turnStart = 0
  #turning = false

  constructor(deps: LoopDeps) {
    this.#deps = deps
    this.#process = deps.definition.process as NonNullable<DefinedWorker['process']>
    this.#capacity = deps.boot.concurrency + maxHeld
    const { prefetch, delayMs, concurrency } = deps.boot
    this.#breaker = new TaskBreaker(deps.boot.tasks.breaker, deps.boot.breaker, () => performance.now())
    this.#failing = new FailingReports(deps.report, () => this.#breaker.streak)
    this.#granting = new Granting(deps, {
      granted: (lease, quota) => {
        this.#run(lease, quota)
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
    // A worker that waits anyway holds nothing ready.
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
    this.#waitUntil = 0
    this.#toldComplete = false
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

  /** Tells what is held back to be told together: the thread is about to go. */
  flush(): void {
    this.#failing.flush()
  }

  /** Tasks that end after this are not reported: the thread is about to go, and what is in its hands is read from outside. */
  abort(reason: unknown): void {
    this.#aborted = true
    for (const task of this.#running) task.context.abort(reason)
  }

  #waiting(): number {
    return this.#queue.length - this.#head
  }

  #held(): number {
    return this.#waiting() + this.#granting.size + this.#running.size + this.#outcomes.length + this.#unconfirmed
  }

  /** Starts what can be started, then sees whether the store has to be asked. */
  #pump = (): void => {
    if (this.#turning) return
    const { concurrency, quota } = this.#deps.boot
    while (!this.#paused && !this.#stopped && !this.#breaker.isOpen && this.#head < this.#queue.length && this.#busy() < concurrency) {
      // Also between tasks that are async and never wait: those go on from one microtask to the next, and from one message to the next.
      if (performance.now() - this.#turnStart > turnMs) {
        this.#giveTurn()
        return
      }
      const lease = this.#queue[this.#head++] as Lease
      if (this.#outcomes.length > 0 && performance.now() - this.#unsentSince > prefetchMs) this.#exchangeIfUseful(true)
      if (quota) this.#ask(lease, quota)
      else this.#run(lease, null)
    }
    this.#exchangeIfUseful()
  }

  /** Lets timers and messages have their turn, then goes on. */
  #giveTurn(): void {
    this.#turning = true
    setImmediate(() => {
      this.#turning = false
      this.#turnStart = performance.now()
      this.#pump()
    })
  }

  /** How many of the slots are taken. */
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
    if (ready) {
      this.#run(lease, ready)
      return
    }
    if (this.#running.size === 0) this.#deps.beats.phase('waiting')
    this.#tellWait ??= setTimeout(() => this.#tellWaiting(), tellWaitMs)
  }

  /** The quota is spent for long: nothing is held meanwhile. What runs may use less than it was granted: then it is asked once more. */
  #giveUp(spent: QuotaSpent & { amounts: Amounts }, lease: Lease): void {
    this.#outcome({ do: 'release', token: lease.token, inMs: 0 }, -1)
    this.#giveBackQueue()
    this.#waitUntil = Number.POSITIVE_INFINITY
    if (this.#running.size === 0) this.#deps.report({ type: 'spent', ...spent })
  }

  /** The quota cannot grant it at all. */
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
      this.#outcome({ do: 'release', token: lease.token, inMs: exchangeRetryMs }, -1)
    }
  }

  #tellWaiting(): void {
    this.#tellWait = null
    if (this.#granting.size === 0 || this.#running.size > 0 || this.#toldWaiting) return
    this.#toldWaiting = true
    this.#deps.report({ type: 'waiting' })
  }

  #run(lease: Lease, quota: QuotaLease | null): void {
    const { boot, beats, inHand, context, definition } = this.#deps
    if (this.#running.size === 0) this.#nowWorking()
    const task: Running = {
      lease,
      quota,
      cell: inHand.working(lease.token),
      context: new TaskContext(context, lease.attempt, quota),
      startedAt: performance.now(),
      timer: null,
    }
    this.#running.add(task)
    if (quota) beats.calls(this.#placeOf(quota), 1)
    if (boot.tasks.timeoutMs > 0) task.timer = setTimeout(() => this.#timeOut(task), boot.tasks.timeoutMs)
    try {
      const data: unknown = JSON.parse(lease.data)
      const returned =
        definition.input || definition.output
          ? this.#processFitted(task, data)
          : this.#process({ key: lease.key, dataset: boot.dataset as string, data, attempt: lease.attempt }, task.context)
      if (isPromise(returned)) {
        returned.then(
          (value) => {
            this.#complete(task, value)
            this.#pump()
          },
          (error: unknown) => {
            this.#fail(task, error)
            this.#pump()
          },
        )
      } else {
        this.#complete(task, returned)
      }
    } catch (error) {
      this.#fail(task, error)
    }
    beats.progress()
  }

  async #processFitted(task: Running, data: unknown): Promise<unknown> {
    const { boot, definition } = this.#deps
    const input = definition.input ? await fits(definition.input, data, 'TASK_INPUT_INVALID') : data
    const made = await this.#process(
      { key: task.lease.key, dataset: boot.dataset as string, data: input, attempt: task.lease.attempt },
      task.context,
    )
    return definition.output ? fits(definition.output, made, 'TASK_OUTPUT_INVALID') : made
  }

  #complete(task: Running, value: unknown): void {
    let json: string | undefined
    try {
      json = JSON.stringify(value === undefined ? null : value)
    } catch (cause) {
      this.#fail(task, new TaskError('RESULT_NOT_JSON', { retry: false, message: `the result cannot be JSON: ${messageOf(cause)}`, cause }))
      return
    }
    if (json === undefined) {
      this.#fail(task, new TaskError('RESULT_NOT_JSON', { retry: false, message: `the result cannot be JSON: a ${typeof value}` }))
      return
    }
    if (isTooDeep(json)) {
      this.#fail(task, new TaskError('RESULT_TOO_DEEP', { message: `the result is nested deeper than ${deepestJson} levels` }))
      return
    }
    if (!this.#ended(task)) return
    if (this.#breaker.succeeded()) this.#deps.report({ type: 'breaker-closed' })
    this.#outcome({ do: 'complete', token: task.lease.token, value: json }, task.cell, task.context.usage)
  }

  #fail(task: Running, thrown: unknown): void {
    if (this.#ended(task)) this.#failed(task.lease, task.cell, thrown, task.context.usage)
  }

  #failed(lease: Lease, cell: number, thrown: unknown, usage: Amounts | null): void {
    const { redact, boot } = this.#deps
    const { asked, wrong } = wishOf(thrown)
    if (asked?.release) {
      const inMs = asked.retryInMs ?? backoffDelay(boot.tasks.backoff, lease.releases)
      this.#outcome({ do: 'release', token: lease.token, inMs, later: true }, cell, usage)
      return
    }
    const error = withSources(toErrorRecord(wrong ?? thrown, redact))
    const last = lease.failures + 1 >= boot.tasks.maxAttempts || asked?.retry === false
    const kind = this.#failing.add(error, lease.key, last)
    const retryInMs = last ? null : (asked?.retryInMs ?? backoffDelay(boot.tasks.backoff, lease.failures))
    const raw = read(thrown, 'raw')
    const outcome: Outcome = { do: 'fail', token: lease.token, error, retryInMs }
    if (typeof raw === 'string') outcome.value = raw
    this.#outcome(outcome, cell, usage)
    const tried = this.#breaker.isTrying
    if (this.#breaker.failed(kind.id)) this.#open(kind, tried)
  }

  /** Attempts fail and fail: nothing is held and nothing begun. */
  #open(error: ErrorKind, tried: boolean): void {
    this.#giveBackQueue()
    this.flush()
    this.#deps.report({ type: 'breaker-opened', error, attempts: tried ? 1 : (this.#breaker.streak?.count ?? 1) })
  }

  #timeOut(task: Running): void {
    if (!this.#running.has(task)) return
    const error = new TaskError('TASK_TIMEOUT', { message: `not done after ${this.#deps.boot.tasks.timeoutMs} ms` })
    task.context.abort(error)
    this.#fail(task, error)
    this.#pump()
  }

  /** Takes a task off the running ones; false if it had ended before, or is to be left as it is. */
  #ended(task: Running): boolean {
    if (!this.#running.delete(task)) return false
    const { boot, beats, onTaskEnd } = this.#deps
    if (task.timer) clearTimeout(task.timer)
    if (task.quota) {
      beats.calls(this.#placeOf(task.quota), -1)
      task.context.end()
      const { quotas, context } = this.#deps
      if (quotas.isInFlight(task.quota)) {
        quotas.settle(task.quota, {}).catch((error: Error) => context.log.warn(`a call could not be settled: ${error.message}`))
      }
    }
    this.#prefetch.observe(performance.now() - task.startedAt, task.lease.data.length)
    beats.done()
    onTaskEnd()
    if (boot.delayMs > 0) {
      this.#cooling++
      setTimeout(() => {
        this.#cooling--
        this.#pump()
      }, boot.delayMs)
    }
    if (this.#running.size === 0 && this.#waiting() === 0 && !this.#paused) beats.phase('waiting')
    if (task.quota && this.#waitUntil === Number.POSITIVE_INFINITY) this.#waitUntil = 0
    if (this.#aborted) this.#settleFinish()
    return !this.#aborted
  }

  #placeOf({ quota }: QuotaLease): number {
    return this.#deps.boot.quota?.choices.indexOf(quota) ?? 0
  }

  #outcome(outcome: Outcome, cell: number, usage: Amounts | null = null): void {
    if (usage) outcome.usage = usage
    if (cell >= 0) this.#deps.inHand.finished(cell)
    if (this.#outcomes.length === 0) this.#unsentSince = performance.now()
    this.#outcomes.push(outcome)
    this.#cells.push(cell)
  }

  #giveBackQueue(): void {
    for (const lease of this.#queue.slice(this.#head)) this.#outcome({ do: 'release', token: lease.token, inMs: 0 }, -1)
    this.#queue = []
    this.#head = 0
    for (const lease of this.#granting.cancel()) this.#outcome({ do: 'release', token: lease.token, inMs: 0 }, -1)
  }

  /** How many tasks to claim now. */
  #want(): number {
    const { boot } = this.#deps
    if (this.#paused || this.#finishing || this.#stopped || this.#breaker.isOpen) return 0
    if (this.#breaker.isTrying) return this.#held() === 0 && this.#cooling === 0 ? 1 : 0
    const slots = boot.concurrency - this.#busy()
    return Math.max(0, Math.min(slots + this.#prefetch.target - this.#waiting(), this.#capacity - this.#held()))
  }

  #exchangeIfUseful(now = false): void {
    if (this.#exchanging || this.#stopped) return
    const low = this.#waiting() <= this.#prefetch.target / 2
    const want = low || now ? this.#want() : 0
    const finished = this.#outcomes.length
    const must = now || low || this.#paused || this.#breaker.isOpen || this.#finishing !== null || finished >= this.#prefetch.target / 2
    if (finished > 0 ? must : want > 0 && performance.now() >= this.#waitUntil) void this.#exchange(want)
    else if (finished === 0 && want > 0) this.#sleepUntilDue()
  }

  async #exchange(want: number): Promise<void> {
    const { boot, store, inHand, report } = this.#deps
    const outcomes = this.#outcomes
    const cells = this.#cells
    this.#outcomes = []
    this.#cells = []
    this.#unconfirmed = outcomes.length
    this.#exchanging = true
    let reply: ExchangeReply
    try {
      reply = await store.call('exchange', { worker: boot.id, fence: boot.fence, request: ++this.#request, outcomes, want })
    } catch (error) {
      const code = (error as { code?: unknown }).code
      this.#exchanging = false
      this.#unconfirmed = 0
      if (code === 'FENCED') {
        this.#stopped = true
        report({ type: 'fenced' })
      } else if (code !== 'CLOSED') {
        this.#sayRefused(outcomes.length, error as Error)
        this.#outcomes = [...outcomes, ...this.#outcomes]
        this.#cells = [...cells, ...this.#cells]
        setTimeout(() => this.#exchangeIfUseful(true), exchangeRetryMs)
      }
      return
    }
    for (const cell of cells) if (cell >= 0) inHand.confirmed(cell)
    this.#sayRefusedAt = 0
    this.#exchanging = false
    this.#unconfirmed = 0
    this.#take(reply)
    this.#noteShortage(reply, want)
    this.#settleFinish()
    this.#pump()
  }

  #sayRefused(outcomes: number, { message }: Error): void {
    const now = performance.now()
    if (now < this.#sayRefusedAt) return
    this.#sayRefusedAt = now + saidEveryMs
    this.#deps.context.log.warn(`the store could not take ${outcomes} outcomes; tried again until it can: ${message}`)
  }

  #take({ leases }: ExchangeReply): void {
    const count = leases.tokens.length
    if (this.#head > 0) {
      this.#queue = this.#queue.slice(this.#head)
      this.#head = 0
    }
    for (let i = 0; i < count; i++) {
      this.#queue.push({
        token: leases.tokens[i] as Token,
        key: leases.keys[i] as string,
        data: leases.data[i] as string,
        attempt: leases.attempts[i] as number,
        failures: leases.failures[i] as number,
        releases: leases.releases[i] as number,
      })
    }
    if (this.#paused || this.#finishing || this.#breaker.isOpen) this.#giveBackQueue()
    if (count > 0) this.#prefetch.adapt()
  }

  #noteShortage({ shortage, counts }: ExchangeReply, want: number): void {
    const { report } = this.#deps
    if (!shortage || want === 0) {
      if (want > 0) this.#waitUntil = 0
      return
    }
    const empty = this.#held() === 0 && !this.#paused && !this.#finishing
    if (shortage.kind === 'complete') {
      this.#waitUntil = Number.POSITIVE_INFINITY
      if (empty && !this.#toldComplete) {
        this.#toldComplete = true
        this.#toldWaiting = true
        report({ type: 'complete', counts })
      }
      return
    }
    this.#waitUntil = shortage.inMs === null ? Number.POSITIVE_INFINITY : performance.now() + shortage.inMs
    if (!empty || this.#toldWaiting) return
    this.#toldWaiting = true
    report({ type: 'waiting' })
  }

  #nowWorking(): void {
    this.#deps.beats.phase('working')
    if (!this.#toldWaiting) return
    this.#toldWaiting = false
    this.#deps.report({ type: 'working' })
  }

  #sleepUntilDue(): void {
    if (this.#waitTimer) clearTimeout(this.#waitTimer)
    this.#waitTimer = null
    if (!Number.isFinite(this.#waitUntil)) return
    const ms = Math.min(Math.max(1, this.#waitUntil - performance.now()), 60_000)
    this.#waitTimer = setTimeout(() => this.#exchangeIfUseful(), ms)
  }

  #settleFinish(): void {
    if (!this.#finishing || this.#running.size > 0) return
    if (this.#outcomes.length > 0) this.#exchangeIfUseful()
    else if (!this.#exchanging) this.#finishing()
  }
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}

interface Wish {
  retry: boolean
  release: boolean
  retryInMs: number | null
}

/**
 * What a thrown TaskError asks for; null for anything else, and for one that cannot be read. One that was changed since it was made, or comes of
 * another copy of drover, may ask for what makes no sense: `wrong` says so, and takes its place.
 */
function wishOf(thrown: unknown): { asked: Wish | null; wrong: unknown } {
  try {
    if (!TaskError.is(thrown)) return { asked: null, wrong: null }
    const { retry, release, retryInMs } = thrown
    checkFlag('TaskError: retry', retry)
    checkFlag('TaskError: release', release)
    if (retryInMs !== null) duration('TaskError: retryInMs', retryInMs)
    return { asked: { retry, release, retryInMs }, wrong: null }
  } catch (error) {
    return { asked: null, wrong: DroverError.is(error) ? error : null }
  }
}
