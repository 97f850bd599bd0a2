/**
 * Reads beside the store thread, so that an export or a dashboard never keeps a worker waiting. Each read sees everything that
 * was committed before it was asked for.
 */
import { Piscina } from 'piscina'
import { DroverError, fromErrorRecord } from '../errors.js'
import type { EngineClient, EngineReply, EngineRequest, ReadOp } from './engine.js'
import type { ReadAnswer, ReadTask } from './reader-thread.js'

const threads = 2
/** Threads that nobody asks end after so long. */
const idleMs = 10_000

export interface ReaderOptions {
  /** Path of the SQLite file; `':memory:'` cannot be read from elsewhere and goes through the store thread. */
  file: string
  client: EngineClient
}

export class Reader {
  readonly #options: ReaderOptions
  #pool: Piscina<ReadTask, ReadAnswer> | null = null
  #closed: Promise<void> | null = null

  constructor(options: ReaderOptions) {
    this.#options = options
  }

  /** @throws DroverError CLOSED after {@link close}, ARGUMENT_INVALID for a page that cannot be */
  async read<Op extends ReadOp>(op: Op, request: EngineRequest<Op>): Promise<EngineReply<Op>> {
    if (this.#closed) throw new DroverError('CLOSED', 'the store is closed')
    const { file, client } = this.#options
    if (file === ':memory:') return client.call(op, request)
    let answer: ReadAnswer
    try {
      this.#pool ??= open(file)
      answer = await this.#pool.run({ op, request })
    } catch {
      // The pool failed, not the read: the store thread can answer it as well.
      return client.call(op, request)
    }
    if (answer.ok) return answer.value as EngineReply<Op>
    throw fromErrorRecord(answer.error)
  }

  /** Lets reads under way end, then ends the threads. */
  close(): Promise<void> {
    this.#closed ??= this.#pool?.close() ?? Promise.resolve()
    return this.#closed
  }
}

function open(file: string): Piscina<ReadTask, ReadAnswer> {
  const pool = new Piscina<ReadTask, ReadAnswer>({
    filename: new URL('./reader-thread.js', import.meta.url).href,
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
