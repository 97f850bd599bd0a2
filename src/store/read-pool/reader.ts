/**
 * Reads beside the store thread, so that an export or a dashboard never keeps a worker waiting. Each read sees everything that
 * was committed before it was asked for. What cannot be read here fails: on the store thread it would take the only writer along.
 */
import { Piscina } from 'piscina'
import { DroverError, fromErrorRecord, toErrorRecord } from '../../errors.js'
import type { EngineClient, EngineReply, EngineRequest, ReadOp } from '../contract/engine.js'
import { ReadQueue, type ReadRank } from './read-queue.js'
import type { ReadAnswer, ReadTask } from './reader-thread.js'

const threads = 2
/** Threads that nobody asks end after so long. */
const idleMs = 10_000

const ranks: Record<ReadOp, ReadRank> = {
  task: 'quick',
  tasks: 'quick',
  datasets: 'quick',
  events: 'quick',
  latestEvents: 'quick',
  quotaHistory: 'quick',
  usage: 'quick',
  results: 'bulk',
  dead: 'bulk',
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
  #closed: Promise<void> | null = null

  constructor(options: ReaderOptions) {
    this.#options = options
  }

  /**
   * @param signal nobody wants the answer any more: a read that waits is dropped
   * @throws DroverError CLOSED after {@link close}, ARGUMENT_INVALID for a page that cannot be, READ_FAILED; the reason of the signal
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

  /** Lets reads under way end, then ends the threads; those that wait are refused. */
  close(): Promise<void> {
    this.#closed ??= this.#pool?.close() ?? Promise.resolve()
    for (const { reject } of this.#queue.clear()) reject(closed())
    return this.#closed
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
      this.#pool ??= open(this.#options)
      answer = await this.#pool.run(task)
    } catch (cause) {
      if (this.#closed) throw closed()
      // Once more, on another thread: this one may have met with an accident. One that ran out of memory would do so again.
      if (!isRepeat && (cause as { code?: unknown } | null)?.code !== 'ERR_WORKER_OUT_OF_MEMORY') return this.#run(task, true)
      throw new DroverError('READ_FAILED', `${task.op} could not be read: ${toErrorRecord(cause).message}`, { cause })
    }
    if (answer.ok) return answer.value
    throw fromErrorRecord(answer.error)
  }
}

const closed = (): DroverError => new DroverError('CLOSED', 'the store is closed')

function open({ file, entry = new URL('./reader-thread.js', import.meta.url) }: ReaderOptions): Piscina<ReadTask, ReadAnswer> {
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
