/** The tasks of a pool: those that wait, in a bounded line, and those in a thread, with their deadlines. Each settles exactly once. */
import { DroverError, fromErrorRecord } from '../errors.js'
import type { CompiledPool } from '../options/pool.js'
import { patientTimeout } from '../time/patient-timer.js'
import { duration } from '../values/duration.js'
import type { Answer, PoolRunOptions } from './contract.js'
import { PoolCounts } from './pool-counts.js'
import { PoolJob } from './pool-job.js'
import { PoolQueue } from './pool-queue.js'
import type { PoolThread, PoolThreads } from './pool-threads.js'

export interface PoolTasksMeans {
  config: CompiledPool
  threads: PoolThreads
  redact: <T>(data: T) => T
  /** A task was taken back by its caller. */
  changed: () => void
}

export class PoolTasks {
  readonly counts = new PoolCounts(performance.now())
  readonly #means: PoolTasksMeans
  readonly #queue = new PoolQueue<PoolJob>()
  #lastN = 0
  /** Tasks in a thread. */
  busy = 0

  constructor(means: PoolTasksMeans) {
    this.#means = means
  }

  /** How many wait. */
  get waiting(): number {
    return this.#queue.length
  }

  /** Why no more can wait, if so. Makes room if the pool is to. */
  refusal(priority: number): DroverError | null {
    const { id, queue, size } = this.#means.config
    const { length } = this.#queue
    if (length < queue.max) return null
    // A line of no length: the task goes to a thread that is about to be ready.
    if (queue.max === 0 && length < size.max - this.busy) return null
    const full = new DroverError('POOL_FULL', `${length} tasks wait for the pool ${id}, and queue.max is ${queue.max}`)
    const { least } = this.#queue
    if (queue.whenFull === 'reject' || !least || least.priority > priority) return full
    this.#queue.remove(least)
    this.fail(least, full)
    return null
  }

  make(value: unknown, options: PoolRunOptions, resolve: PoolJob['resolve'], reject: PoolJob['reject']): PoolJob {
    const { config } = this.#means
    const { signal, priority = 0, deadlineMs = config.deadlineMs, transfer, name = config.name } = options
    const limit = deadlineMs === Number.POSITIVE_INFINITY ? null : deadlineMs
    const job = new PoolJob(++this.#lastN, value, name, priority, limit, transfer, resolve, reject)
    if (signal) this.#listen(job, signal)
    return job
  }

  wait(job: PoolJob): void {
    this.#queue.add(job)
  }

  /** The next one that waited. */
  next(): PoolJob | null {
    return this.#queue.take()
  }

  refuseWaiting(error: DroverError): void {
    for (let job = this.#queue.take(); job; job = this.#queue.take()) this.fail(job, error)
  }

  /** Gives a task to a ready thread without one. */
  give(thread: PoolThread, job: PoolJob): void {
    const now = performance.now()
    job.startedAt = now
    this.busy++
    this.counts.waited(now - job.at)
    const { deadlineMs } = job
    if (deadlineMs !== null) job.callOff = patientTimeout(() => this.#overdue(thread, deadlineMs), deadlineMs, { ref: false })
    this.#means.threads.run(thread, job)
  }

  answered(thread: PoolThread, job: PoolJob, answer: Answer | { refused: unknown }, now: number): void {
    this.left(thread, job, now)
    if ('refused' in answer) this.fail(job, answer.refused)
    else if (!answer.ok) this.fail(job, fromErrorRecord(this.#means.redact(answer.error)))
    else if (job.settle()) {
      this.counts.done++
      job.resolve(answer.value)
    }
  }

  /** It is no longer in its thread. */
  left(thread: PoolThread, job: PoolJob, now: number): void {
    thread.job = null
    job.callOff?.()
    this.busy--
    this.counts.ran(now - job.startedAt, now)
  }

  fail(job: PoolJob, error: unknown): void {
    if (!job.settle()) return
    this.counts.failed++
    job.reject(error)
  }

  /** Aborts the task in hand, whose caller waits no longer; if it goes on, its thread is ended. */
  cutShort(thread: PoolThread, reason: unknown): void {
    const { job } = thread
    if (!job) return
    this.fail(job, reason)
    const { threads, config } = this.#means
    threads.abort(thread, reason)
    const kill = (): void => {
      if (thread.job !== job) return
      const heard = thread.heard === job.n
      const what = heard ? 'its event loop turned, but the task did not end' : 'its event loop did not turn'
      const message = `the thread of an aborted task was still busy after ${duration(config.graceMs)}: ${what}`
      void threads.kill(thread, heard ? 'progress-stalled' : 'heartbeat-lost', message)
    }
    job.callOff = patientTimeout(kill, config.graceMs, { ref: false })
  }

  #overdue(thread: PoolThread, deadlineMs: number): void {
    const message = `a task of the pool ${this.#means.config.id} was not done within ${duration(deadlineMs)}`
    this.cutShort(thread, new DroverError('POOL_DEADLINE', message, { details: { deadlineMs } }))
  }

  #listen(job: PoolJob, signal: AbortSignal): void {
    const abort = (): void => {
      const running = [...this.#means.threads.live].find((thread) => thread.job === job)
      if (running) this.cutShort(running, signal.reason)
      else {
        this.#queue.remove(job)
        this.fail(job, signal.reason)
      }
      this.#means.changed()
    }
    signal.addEventListener('abort', abort, { once: true })
    job.release = () => signal.removeEventListener('abort', abort)
  }
}
