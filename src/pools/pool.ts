/**
 * One pool under supervision: threads between `min` and `max`, restarts, and its state. All tasks of a thread
 * that ends are settled by its end, and a pool that is given up settles those that wait.
 */
import { DroverError, fromErrorRecord, toErrorRecord } from '../errors.js'
import type { Failure } from '../failure.js'
import { missingResourceOf } from '../machines/lifecycle/missing-resource.js'
import type { CompiledPool } from '../options/pool.js'
import type { PoolState } from '../pool-state.js'
import { patientTimeout } from '../time/patient-timer.js'
import { duration } from '../values/duration.js'
import { Changes } from './changes.js'
import type { Answer, PoolRunOptions, PoolStatus } from './contract.js'
import { IdleThreads } from './idle-threads.js'
import type { PoolMeans } from './means.js'
import type { PoolJob } from './pool-job.js'
import { PoolRestarts } from './pool-restarts.js'
import { PoolTasks } from './pool-tasks.js'
import { type PoolThread, type PoolThreadEnd, PoolThreads } from './pool-threads.js'

/** Wait until the next try to make a thread while the machine lacks resources. */
const shortMs = 1_000
const cannotStart = (why: string): string => `no thread can be started now: ${why}`

export class Pool {
  readonly config: CompiledPool
  readonly #means: PoolMeans
  readonly #threads: PoolThreads
  readonly #tasks: PoolTasks
  readonly #restarts: PoolRestarts
  readonly #idle: IdleThreads
  readonly #changes = new Changes()
  #state: PoolState = 'idle'
  #reason = 'not used yet'
  #since: number
  #restartCount = 0
  #lastFailure: Failure | null = null
  /** Whether `min` threads are kept. */
  #wanted = false
  #backoff: { until: number; callOff: () => void } | null = null
  #closing: Promise<void> | null = null

  /** @throws DroverError BUNDLED */
  constructor(config: CompiledPool, means: PoolMeans) {
    this.config = config
    this.#means = means
    this.#since = means.now()
    this.#restarts = new PoolRestarts(config.restart)
    this.#threads = new PoolThreads({
      config,
      killMs: means.killMs,
      secrets: means.secrets,
      onReady: (thread) => this.#ready(thread),
      onAnswer: (thread, job, answer) => this.#answered(thread, job, answer),
      onEnd: (thread, end) => this.#ended(thread, end),
    })
    this.#idle = new IdleThreads(config, this.#threads)
    this.#tasks = new PoolTasks({ config, threads: this.#threads, redact: means.redact, changed: () => this.#changes.tell() })
  }

  /** Options must have been checked. @throws DroverError; see `PoolHandle.run` */
  run(value: unknown, options: PoolRunOptions): Promise<unknown> {
    const { signal, priority = 0 } = options
    if (signal?.aborted) return Promise.reject(signal.reason)
    const refusal = this.#refusal(priority)
    if (refusal) {
      this.#tasks.counts.failed++
      return Promise.reject(refusal)
    }
    return new Promise((resolve, reject) => {
      const job = this.#tasks.make(value, options, resolve, reject)
      const thread = this.#idle.take()
      if (thread) this.#tasks.give(thread, job)
      else {
        this.#tasks.wait(job)
        this.#wanted = true
        this.#grow()
      }
    })
  }

  /** Keeps `min` threads from now on. */
  start(): void {
    this.#wanted = true
    this.#grow()
  }

  /** Forgets failures; a blacklisted pool takes tasks again. */
  reset(): void {
    if (this.#closing) return
    this.#restarts.forget()
    this.#endBackoff()
    if (this.#state === 'blacklisted') this.#enter('idle', 'reset')
    this.#grow()
    this.#review('reset')
  }

  status(): PoolStatus {
    const { size, queue, id } = this.config
    const threads = [...this.#threads.live]
    return {
      id,
      state: this.#state,
      reason: this.#reason,
      since: this.#since,
      threads: {
        min: size.min,
        max: size.max,
        live: threads.length,
        ready: threads.filter(({ readyAt }) => readyAt !== null).length,
        busy: this.#tasks.busy,
      },
      queue: { length: this.#tasks.waiting, max: queue.max },
      done: this.#tasks.counts.done,
      failed: this.#tasks.counts.failed,
      runsPerSecond: this.#tasks.counts.runsPerSecond(performance.now()),
      wait: this.#tasks.counts.wait,
      run: this.#tasks.counts.run,
      restarts: this.#restartCount,
      lastFailure: this.#lastFailure,
      until: this.#backoff?.until ?? null,
    }
  }

  /** Lets the tasks that it has finish, for at most `drainMs`; then they are aborted. Memoised. */
  close(drainMs = this.config.drainMs): Promise<void> {
    this.#closing ??= this.#close(drainMs)
    return this.#closing
  }

  async #close(drainMs: number): Promise<void> {
    this.#enter('closing', 'the pool is closing')
    // Those that wait need threads, even now.
    this.#grow()
    await this.#changes.until(() => this.#tasks.busy === 0 && this.#tasks.waiting === 0, drainMs)
    this.#endBackoff()
    this.#idle.stop()
    const late = new DroverError('CLOSED', `the pool ${this.config.id} was closed: not done within ${duration(drainMs)}`)
    this.#tasks.refuseWaiting(late)
    for (const thread of this.#threads.live) this.#tasks.cutShort(thread, late)
    await this.#changes.until(() => this.#tasks.busy === 0, this.config.graceMs)
    for (const thread of this.#threads.live) this.#threads.end(thread)
    // One that cannot be ended is given up after `killMs`.
    await this.#changes.until(() => this.#threads.live.size === 0, Number.POSITIVE_INFINITY)
    this.#threads.close()
    this.#enter('closed', 'closed')
  }

  /** Why one more task cannot be taken, if so. */
  #refusal(priority: number): DroverError | null {
    if (this.#closing) return new DroverError('CLOSED', `the pool ${this.config.id} is ${this.#state}`)
    if (this.#state === 'blacklisted') return this.#givenUp()
    return this.#idle.some ? null : this.#tasks.refusal(priority)
  }

  #givenUp(): DroverError {
    const { id } = this.config
    const reason = this.#reason
    const { error } = this.#lastFailure ?? {}
    const message = `the pool ${id} is blacklisted (${reason}): reset it first`
    return new DroverError('POOL_BLACKLISTED', message, { details: { reason }, ...(error && { cause: fromErrorRecord(error) }) })
  }

  #answered(thread: PoolThread, job: PoolJob, answer: Answer | { refused: unknown }): void {
    const now = performance.now()
    this.#tasks.answered(thread, job, answer, now)
    this.#free(thread, now)
  }

  /** A ready thread has no task. */
  #free(thread: PoolThread, now: number): void {
    if (thread.asked || thread.over) return
    if (this.#state === 'blacklisted') {
      this.#threads.end(thread)
      return
    }
    const job = this.#tasks.next()
    if (job) this.#tasks.give(thread, job)
    else this.#idle.add(thread, now)
    this.#changes.tell()
  }

  #ready(thread: PoolThread): void {
    this.#review('a thread is ready')
    this.#free(thread, performance.now())
  }

  /** Makes the threads that tasks need, and those that are kept. */
  #grow(): void {
    if (this.#backoff || this.#state === 'blacklisted' || this.#state === 'closed') return
    const { min, max } = this.config.size
    const kept = this.#wanted && this.#state !== 'closing' ? min : 0
    const needed = Math.max(kept, Math.min(max, this.#tasks.busy + this.#tasks.waiting))
    if (this.#threads.live.size >= needed) return
    while (this.#threads.live.size < needed) {
      try {
        this.#threads.start()
      } catch (error) {
        this.#waitFor(shortMs, cannotStart(toErrorRecord(error).message))
        break
      }
    }
    this.#review('its threads load the module')
  }

  #ended(thread: PoolThread, end: PoolThreadEnd | null): void {
    const { job } = thread
    const now = performance.now()
    this.#idle.remove(thread)
    if (job) this.#tasks.left(thread, job, now)
    if (end?.unsendable && job) this.#tasks.fail(job, fromErrorRecord(this.#means.redact(end.error as never)))
    else if (end) this.#failed(thread, job, end, now)
    else if (job) this.#tasks.fail(job, new DroverError('CLOSED', `the pool ${this.config.id} was closed`))
    this.#grow()
    this.#review('no task is left')
    this.#changes.tell()
  }

  #failed({ readyAt }: PoolThread, job: PoolJob | null, end: PoolThreadEnd, now: number): void {
    const { id } = this.config
    const { unsendable: _, ...seen } = end
    if (readyAt === null && missingResourceOf(end.error)) {
      this.#waitFor(shortMs, cannotStart(end.message))
      return
    }
    const uptimeMs = readyAt === null ? null : now - readyAt
    const failure = this.#means.redact<Failure>({ ...seen, evidence: null, tasks: [], uptimeMs, at: this.#means.now() })
    this.#lastFailure = failure
    this.#means.publish('pool:failure:recorded', { pool: id, failure })
    if (job) {
      const { kind, error } = failure
      const message = `the thread ended while it ran a task of the pool ${id}: ${kind}: ${failure.message}`
      const why = new DroverError('POOL_CRASHED', message, { details: { kind }, ...(error && { cause: fromErrorRecord(error) }) })
      this.#tasks.fail(job, why)
    }
    // A task that ends its thread harms no other one, so the pool is not judged by it.
    if (job && failure.kind !== 'unkillable') this.#restartCount++
    else this.#judge(failure, now)
  }

  #judge(failure: Failure, now: number): void {
    const verdict = this.#restarts.judge(failure, now)
    if ('why' in verdict) this.#blacklist(verdict.why)
    if ('why' in verdict) return
    this.#restartCount++
    this.#means.log.warn(`pool ${this.config.id}: ${failure.kind}: ${failure.message}; next start in ${duration(verdict.delayMs)}`)
    if (verdict.delayMs > 0) this.#waitFor(verdict.delayMs, `${failure.kind}: ${failure.message}`)
  }

  #waitFor(ms: number, why: string): void {
    this.#backoff?.callOff()
    const go = (): void => {
      this.#backoff = null
      this.#restarts.waited(ms)
      this.#grow()
      this.#review('no task is left')
    }
    this.#backoff = { until: this.#means.now() + ms, callOff: patientTimeout(go, ms, { ref: false }) }
    this.#review(why)
  }

  #endBackoff(): void {
    this.#backoff?.callOff()
    this.#backoff = null
  }

  #blacklist(why: string): void {
    this.#endBackoff()
    if (this.#closing) {
      this.#reason = why
      this.#tasks.refuseWaiting(this.#givenUp())
      return
    }
    if (this.#state === 'blacklisted') return
    this.#enter('blacklisted', why)
    this.#means.log.warn(`pool ${this.config.id} is blacklisted: ${why}`)
    this.#tasks.refuseWaiting(this.#givenUp())
    this.#idle.endAll()
    for (const thread of this.#threads.live) if (!thread.job) this.#threads.end(thread)
  }

  /** Enters the state that its threads are in. */
  #review(reason: string): void {
    if (this.#closing || this.#state === 'blacklisted') return
    const threads = [...this.#threads.live]
    if (threads.some(({ readyAt }) => readyAt !== null)) this.#enter('running', 'a thread is ready')
    else if (this.#backoff) this.#enter('backoff', reason)
    else if (threads.length > 0) this.#enter('starting', 'its threads load the module')
    else this.#enter('idle', reason)
  }

  #enter(to: PoolState, reason: string): void {
    const from = this.#state
    if (from === to) return
    this.#state = to
    this.#reason = this.#means.redact(reason)
    this.#since = this.#means.now()
    this.#means.publish('pool:state:changed', { pool: this.config.id, from, to, reason: this.#reason, at: this.#since })
  }
}
