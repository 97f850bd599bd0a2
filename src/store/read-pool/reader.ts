/**
 * Reads beside the store thread, so that an export or a dashboard never delays a worker. Each read sees everything that was
 * committed before its request. A read that fails here is not tried on the store thread, because it could crash the only writer.
 */
import { createRequire } from 'node:module'
import type { Piscina } from 'piscina'
import { DroverError, fromErrorRecord, toErrorRecord } from '../../errors.js'
import { checkOwnFile } from '../../own-file.js'
import { nextTurn } from '../../time/turns.js'
import type { EngineClient, EngineReply, EngineRequest, ReadOp } from '../contract/engine.js'
import { ReadQueue, type ReadRank } from './read-queue.js'
import type { ReadAnswer, ReadTask } from './reader-thread.js'

const threads = 2
/** Idle threads end after this time. */
const idleMs = 10_000

const ranks: Record<ReadOp, ReadRank> = {
  task: 'quick',
  pastResults: 'quick',
  tasks: 'quick',
  taskNames: 'bulk',
  taskCounts: 'bulk',
  datasets: 'quick',
  events: 'quick',
  latestEvents: 'quick',
  quotaHistory: 'quick',
  history: 'quick',
  hosts: 'quick',
  usage: 'quick',
  results: 'bulk',
  dead: 'bulk',
  ended: 'bulk',
  latestEnded: 'long',
  taskUsage: 'bulk',
  deadErrors: 'bulk',
  labels: 'long',
  check: 'long',
}

export interface ReaderOptions {
  /** Path of the SQLite file; `':memory:'` cannot be read from elsewhere and goes through the store thread. */
  file: string
  client: EngineClient
  /** The threads' entry. @defaultValue `reader-thread.js` beside this module */
  entry?: URL
}

interface Job {
  task: ReadTask
  resolve: (value: unknown) => void
  reject: (error: unknown) => void
}

export class Reader {
  readonly #options: ReaderOptions
  readonly #queue = new ReadQueue<Job>(threads, () => performance.now())
  #pool: Piscina<ReadTask, ReadAnswer> | null = null
  #opening: Promise<void> | null = null
  #closed: Promise<void> | null = null

  constructor(options: ReaderOptions) {
    this.#options = options
  }

  /**
   * @param signal cancels the read; a waiting read is dropped
   * @throws DroverError CLOSED after {@link close}, ARGUMENT_INVALID for an invalid page, READ_FAILED; the reason of the signal
   */
  async read<Op extends ReadOp>(op: Op, request: EngineRequest<Op>, signal?: AbortSignal): Promise<EngineReply<Op>> {
    if (this.#closed) throw closed()
    signal?.throwIfAborted()
    if (this.#options.file === ':memory:') return this.#options.client.call(op, request)
    let abort = (): void => {}
    const answered = new Promise((resolve, reject) => {
      const job: Job = { task: { op, request }, resolve, reject }
      abort = () => {
        this.#queue.drop(job)
        reject(signal?.reason)
      }
      this.#queue.add(job, ranks[op])
      signal?.addEventListener('abort', abort)
      this.#next()
    })
    try {
      return (await answered) as EngineReply<Op>
    } finally {
      signal?.removeEventListener('abort', abort)
    }
  }

  /** Opens the pool, in a turn of the event loop of its own: loading its code takes longer than most turns. */
  prepare(): Promise<void> {
    if (this.#closed) return Promise.resolve()
    this.#opening ??= nextTurn()
      .then(() => {
        if (this.#options.file !== ':memory:') this.#pool = open(this.#options)
      })
      .catch((error) => {
        // The next read tries again.
        this.#opening = null
        throw error
      })
    return this.#opening
  }

  /** Lets running reads end, then ends the threads; waiting reads are refused. */
  close(): Promise<void> {
    this.#closed ??= this.#shut()
    for (const { reject } of this.#queue.clear()) reject(closed())
    return this.#closed
  }

  async #shut(): Promise<void> {
    await this.#opening?.catch(() => {})
    await this.#pool?.close()
  }

  #next(): void {
    for (let next = this.#queue.take(); next; next = this.#queue.take()) {
      const { job, rank } = next
      this.#run(job.task)
        .then(job.resolve, job.reject)
        .finally(() => {
          this.#queue.done(rank)
          this.#next()
        })
    }
  }

  async #run(task: ReadTask, isRepeat = false): Promise<unknown> {
    let answer: ReadAnswer
    try {
      await this.prepare()
      if (!this.#pool) throw closed()
      answer = await this.#pool.run(task)
    } catch (cause) {
      if (this.#closed) throw closed()
      // Tried once more on another thread, because the crash may be an accident. A read that ran out of memory is not repeated.
      if (!isRepeat && (cause as { code?: unknown } | null)?.code !== 'ERR_WORKER_OUT_OF_MEMORY') return this.#run(task, true)
      throw new DroverError('READ_FAILED', `${task.op} could not be read: ${toErrorRecord(cause).message}`, { cause })
    }
    if (answer.ok) return answer.value
    throw fromErrorRecord(answer.error)
  }
}

const closed = (): DroverError => new DroverError('CLOSED', 'the store is closed')

function open({ file, entry = checkOwnFile('./reader-thread.js', import.meta.url) }: ReaderOptions): Piscina<ReadTask, ReadAnswer> {
  // Not imported: it is CommonJS, and in a bundle it throws before anybody can be told why.
  const { Piscina } = createRequire(import.meta.url)('piscina') as typeof import('piscina')
  const pool = new Piscina<ReadTask, ReadAnswer>({
    filename: entry.href,
    workerData: { file },
    minThreads: 0,
    maxThreads: threads,
    idleTimeout: idleMs,
    // Waiting in Atomics would keep a thread's own event loop from turning.
    atomics: 'disabled',
  })
  // Without a listener a thread that dies while idle would end the process.
  pool.on('error', () => {})
  return pool
}
