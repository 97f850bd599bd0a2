/**
 * The threads of a pool, made and fed by piscina. Piscina loses threads that die before they are ready, rejects tasks without codes and
 * replaces threads by rules of its own; so it gets each thread as a task that only this thread can take, and at most one more task for each
 * thread, and the end of a thread is read off the thread itself.
 */
import { createRequire } from 'node:module'
import { MessageChannel, type MessagePort, receiveMessageOnPort, type Worker } from 'node:worker_threads'
import type { Piscina } from 'piscina'
import { type ErrorRecord, toErrorRecord } from '../errors.js'
import type { FailureKind } from '../failure.js'
import type { CompiledPool } from '../options/pool.js'
import { checkOwnFile } from '../own-file.js'
import { inspectThread } from '../threads/evidence/inspect-thread.js'
import { stackOf } from '../threads/evidence/stack-and-profile.js'
import { endDespite } from '../threads/isolation/unkillable.js'
import { patientTimeout } from '../time/patient-timer.js'
import { duration } from '../values/duration.js'
import type { Answer, RunMessage, StartMessage, ThreadWords } from './contract.js'
import type { PoolJob } from './pool-job.js'

/** How a thread ended. */
export interface PoolThreadEnd {
  kind: FailureKind
  message: string
  error: ErrorRecord | null
  exitCode: number | null
  hungAt: string[] | null
  /** The result of its task could not be cloned. */
  unsendable: boolean
}

export interface PoolThreadsMeans {
  config: CompiledPool
  killMs: number
  secrets: readonly string[]
  onReady: (thread: PoolThread) => void
  /** A task was answered, or (an error) could not be sent. */
  onAnswer: (thread: PoolThread, job: PoolJob, answer: Answer | { refused: unknown }) => void
  /** Called once for each thread. null: it was ended on request. */
  onEnd: (thread: PoolThread, end: PoolThreadEnd | null) => void
}

export class PoolThread {
  job: PoolJob | null = null
  readyAt: number | null = null
  idleSince = 0
  /** Why it is being ended; null as kind: on request. */
  asked: { kind: FailureKind | null; message: string; hungAt: string[] | null } | null = null
  /** The number of the task whose abort it has heard. */
  heard = -1
  words: Extract<ThreadWords, { failed: string }> | null = null
  /** It threw, and its exit follows. */
  failing = false
  over = false
  /** The module's failure to load. */
  startError: ErrorRecord | null = null

  constructor(
    readonly worker: Worker,
    readonly threadId: number,
    readonly control: MessagePort,
  ) {}
}

/** Piscina gives the task's symbol-keyed property to the balancer, and structured cloning leaves it out. */
interface Target {
  thread: PoolThread | null
}

export class PoolThreads {
  readonly #means: PoolThreadsMeans
  readonly #piscina: Piscina<unknown, unknown>
  readonly #target: symbol
  readonly live = new Set<PoolThread>()
  #closed = false

  /** @throws DroverError BUNDLED */
  constructor(means: PoolThreadsMeans) {
    this.#means = means
    const { config } = means
    const entry = checkOwnFile('./pool-thread.js', import.meta.url)
    // Not imported: it is CommonJS, and in a bundle it throws before anybody can be told why.
    const { Piscina, queueOptionsSymbol } = createRequire(import.meta.url)('piscina') as typeof import('piscina')
    this.#target = queueOptionsSymbol as never
    this.#piscina = new Piscina<unknown, unknown>({
      filename: entry.href,
      minThreads: 0,
      maxThreads: config.size.max,
      idleTimeout: Number.POSITIVE_INFINITY,
      // Waiting in Atomics would keep a thread's own timers and sockets from turning.
      atomics: 'disabled',
      // The pool has its own.
      recordTiming: false,
      resourceLimits: config.resourceLimits,
      loadBalancer: (task, workers) => {
        const { thread } = (task as unknown as Record<symbol, Target>)[this.#target] as Target
        return (thread && workers.find(({ id }) => id === thread.threadId)) ?? null
      },
    })
    // Without a listener a thread that dies while idle would end the process.
    this.#piscina.on('error', () => {})
  }

  /** Makes a thread. @throws what keeps this process from making one */
  start(): void {
    const { config, secrets } = this.#means
    const known = new Set(this.#piscina.threads)
    const { port1, port2 } = new MessageChannel()
    const target: Target = { thread: null }
    const message: StartMessage = {
      start: { pool: config.id, module: config.module, name: config.name, input: config.input, secrets, control: port2 },
    }
    // A task of a thread that died before it was ready would wait in piscina for ever.
    const cancel = new AbortController()
    const answered = this.#piscina.run(Object.assign(message, { [this.#target]: target }), {
      transferList: [port2],
      signal: cancel.signal,
    }) as Promise<Answer>
    answered.catch(() => {})
    const worker = this.#piscina.threads.find((one) => !known.has(one))
    if (!worker) throw new Error('piscina made no thread')
    const thread = new PoolThread(worker, worker.threadId, port1)
    target.thread = thread
    this.live.add(thread)
    this.#watch(thread, cancel)
    const late = patientTimeout(
      () => void this.kill(thread, 'start-timeout', `not ready within ${duration(config.startTimeoutMs)}`),
      config.startTimeoutMs,
      { ref: false },
    )
    answered
      .then(
        (answer) => this.#started(thread, answer),
        () => {},
      )
      .finally(late)
  }

  /** Sends a task to an idle thread. */
  run(thread: PoolThread, job: PoolJob): void {
    thread.job = job
    const message: RunMessage = { n: job.n, name: job.name, value: job.value }
    const task = Object.assign(message, { [this.#target]: { thread } satisfies Target })
    const { onAnswer } = this.#means
    const answered = job.transfer ? this.#piscina.run(task, { transferList: job.transfer as never }) : this.#piscina.run(task)
    answered.then(
      (answer) => onAnswer(thread, job, answer as Answer),
      // The end of the thread is told by the thread.
      (refused) => !thread.failing && !thread.over && onAnswer(thread, job, { refused }),
    )
  }

  /** Aborts the task in hand through its signal. */
  abort(thread: PoolThread, reason: unknown): void {
    thread.control.postMessage({ abort: thread.job?.n ?? -1, reason: toErrorRecord(reason) })
  }

  /** Ends a thread that failed; takes its stack first, if it may hang. */
  async kill(thread: PoolThread, kind: FailureKind, message: string): Promise<void> {
    if (thread.over || thread.asked) return
    thread.asked = { kind, message, hungAt: null }
    thread.asked.hungAt = await stackOf(inspectThread(thread.threadId))
    this.#terminate(thread)
  }

  /** Ends a thread on request. */
  end(thread: PoolThread): void {
    if (thread.over || thread.asked) return
    thread.asked = { kind: null, message: '', hungAt: null }
    this.#terminate(thread)
  }

  /** All threads must have ended, or have been given up. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    void this.#piscina.destroy()
  }

  #started(thread: PoolThread, answer: Answer): void {
    if (thread.over) return
    if (answer.ok) {
      thread.readyAt = performance.now()
      this.#means.onReady(thread)
    } else {
      thread.startError = answer.error
      this.#terminate(thread)
    }
  }

  #terminate(thread: PoolThread): void {
    if (thread.over) return
    const { killMs } = this.#means
    const callOff = patientTimeout(() => this.#giveUp(thread, killMs), killMs, { ref: false })
    thread.worker.once('exit', callOff)
    void thread.worker.terminate()
  }

  #giveUp(thread: PoolThread, killMs: number): void {
    if (thread.over) return
    thread.worker.unref()
    thread.control.close()
    thread.worker.once('exit', endDespite())
    this.#over(thread, {
      kind: 'unkillable',
      message: `its thread did not end within ${duration(killMs)} of being terminated`,
      error: null,
      exitCode: null,
      hungAt: thread.asked?.hungAt ?? null,
      unsendable: false,
    })
  }

  #watch(thread: PoolThread, cancel: AbortController): void {
    const { worker, control } = thread
    const hear = (words: ThreadWords): void => {
      if ('heard' in words) thread.heard = words.heard
      else thread.words = words
    }
    control.on('message', hear)
    control.unref()
    let thrown: { error: unknown } | null = null
    worker.on('error', (error) => {
      thrown = { error }
      thread.failing = true
      cancel.abort()
    })
    worker.on('exit', (code) => {
      cancel.abort()
      // Its last message may arrive after its exit event.
      for (let left = receiveMessageOnPort(control); left; left = receiveMessageOnPort(control)) hear(left.message)
      control.close()
      this.#over(thread, endOf(thread, thrown, code))
    })
  }

  #over(thread: PoolThread, end: PoolThreadEnd | null): void {
    if (thread.over) return
    thread.over = true
    this.live.delete(thread)
    this.#means.onEnd(thread, end)
  }
}

function endOf({ asked, words, startError }: PoolThread, thrown: { error: unknown } | null, exitCode: number): PoolThreadEnd | null {
  const plain = { error: null, exitCode: null, hungAt: null, unsendable: false }
  if (asked) return asked.kind === null ? null : { ...plain, kind: asked.kind, message: asked.message, hungAt: asked.hungAt }
  if (startError) return { ...plain, kind: 'start-error', message: startError.message, error: startError }
  if (words)
    return { ...plain, kind: words.failed, message: words.error.message, error: words.error, exitCode, unsendable: words.unsendable }
  if (!thrown) return { ...plain, kind: 'exit', message: `the thread exited with code ${exitCode}`, exitCode }
  const error = toErrorRecord(thrown.error)
  const kind = error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'out-of-memory' : 'uncaught-error'
  return { ...plain, kind, message: error.message, error, exitCode }
}
