/**
 * Lets calls wait for a store that cannot be written (its disk is full, another process holds its lock): tries again until it
 * can, and logs this. A failed try has no effect, because transactions are atomic.
 */
import { setMaxListeners } from 'node:events'
import { DroverError } from '../errors.js'
import type { Log } from '../logs/logs.js'
import { backoffDelay } from '../time/backoff.js'
import type { EngineClient } from './contract/engine.js'
import { Interruption } from './interrupted-by-signal.js'

const waits = { initialMs: 250, factor: 2, maxMs: 2_000, jitter: 0.2 }
/** Time between log lines while calls wait. */
const saidEveryMs = 60_000

export interface WriteRetryOptions {
  /** Aborts with the reason when waiting makes no more sense. */
  ending: AbortSignal
  /** Whether the store is gone for good. */
  isFinal: () => boolean
  log: Pick<Log, 'warn' | 'info'>
}

export class WriteRetry {
  readonly #options: WriteRetryOptions
  /** Calls that wait. */
  #waiting = 0
  /** Since when, and what the latest try said. */
  #wait: { since: number; why: string } | null = null
  #sayAt = 0

  constructor(options: WriteRetryOptions) {
    this.#options = options
    // Every waiting call listens to it.
    setMaxListeners(0, options.ending)
  }

  /** Since when (ms since the epoch) calls wait, and why; null: none does. */
  get wait(): { since: number; why: string } | null {
    return this.#wait
  }

  /**
   * @param what the call's name in the log
   * @param signal cancels the wait with its reason
   * @throws errors of `attempt` with other causes; CLOSED if the system ends before the store could take the call
   */
  async through<T>(what: string, attempt: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const { ending, isFinal, log } = this.#options
    const ends = signal ? [ending, signal] : [ending]
    let isWaiting = false
    try {
      for (let tries = 0; ; tries++) {
        try {
          const value = await attempt()
          if (isWaiting && this.#waiting === 1) {
            this.#sayAt = 0
            log.info('the store takes calls again')
          }
          return value
        } catch (error) {
          if (!isShortOfStore(error) || isFinal()) throw error
          if (!ends.some(({ aborted }) => aborted)) {
            if (!isWaiting) this.#waiting++
            isWaiting = true
            this.#wait = { since: this.#wait?.since ?? Date.now(), why: (error as Error).message }
            this.#say(what, error as Error)
            await passed(backoffDelay(waits, tries), ends)
          }
          // Both may come while it waits, and while it tries.
          if (ending.aborted) throw ended(what, ending.reason, error)
          signal?.throwIfAborted()
        }
      }
    } finally {
      if (isWaiting) this.#waiting--
      if (this.#waiting === 0) this.#wait = null
    }
  }

  /** The same for each call of a client. */
  client(client: EngineClient, signal?: AbortSignal): EngineClient {
    return { call: (op, request) => this.through(op, () => client.call(op, request), signal) }
  }

  #say(what: string, { message }: Error): void {
    const now = performance.now()
    if (now < this.#sayAt) return
    this.#sayAt = now + saidEveryMs
    this.#options.log.warn(`a call (${what}) waits for the store, and is tried again until it can be done: ${message}`)
  }
}

function isShortOfStore(error: unknown): boolean {
  return DroverError.is(error) && error.code === 'STORE_FAILED'
}

function ended(what: string, reason: unknown, cause: unknown): unknown {
  if (DroverError.is(reason) && reason.code !== 'CLOSED') return reason
  const why = reason instanceof Interruption || DroverError.is(reason) ? reason.message : 'the system is closing'
  return new DroverError('CLOSED', `${why}: the store could not take the call (${what}) before`, { cause })
}

/** Settles after `ms`, or when one of the signals aborts. */
function passed(ms: number, signals: readonly AbortSignal[]): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      for (const signal of signals) signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    for (const signal of signals) signal.addEventListener('abort', end)
  })
}
