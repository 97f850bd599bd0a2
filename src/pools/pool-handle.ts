import { argumentError, checkName, checkSignal, longestWaitMs, wholeNumber } from '../validation/arguments.js'
import { checkOptions } from '../validation/filters.js'
import { type PoolRunOptions, type PoolStatus, runOptionNames } from './contract.js'
import type { Pool } from './pool.js'
import type { Pools } from './pools.js'

/** Most tasks have none. */
const noOptions: PoolRunOptions = {}

/** A pool of threads. Made by `drover.pool`. */
export class PoolHandle {
  readonly id: string
  readonly #pool: Pool
  readonly #pools: Pools

  /** @internal */
  constructor(pool: Pool, pools: Pools) {
    this.id = pool.config.id
    this.#pool = pool
    this.#pools = pools
  }

  /**
   * Calls a function of the pool's module in one of its threads. The value and the result are copied, as `postMessage` does it.
   *
   * @typeParam Result what the function returns; taken on trust
   * @throws the function's error, with its name, message, code, stack and cause. DroverError POOL_FULL, POOL_DEADLINE, POOL_CRASHED,
   * POOL_BLACKLISTED; ARGUMENT_INVALID, also for a function that the module does not export; CLOSED; the reason of `signal`; a
   * DataCloneError if the value or the result cannot be copied
   * @example
   * const pool = drover.pool({ id: 'parse', module: './parse.js', deadlineMs: 2_000 })
   * const words = await pool.run<string[]>('where is my order?', { priority: 1 })
   */
  async run<Result = unknown>(value: unknown, options: PoolRunOptions = noOptions): Promise<Result> {
    return this.#pool.run(value, checkRunOptions(options)) as Promise<Result>
  }

  /** Its state, from memory. */
  status(): PoolStatus {
    return this.#pool.status()
  }

  /**
   * Forgets its failures. A blacklisted pool takes tasks again; one that waits for its next start goes on at once.
   *
   * @example
   * drover.pool('parse').reset()
   */
  reset(): void {
    this.#pool.reset()
  }

  /**
   * Takes no new tasks, lets those it has finish (for at most `drainMs`), and ends its threads. A second call returns the same
   * end. Then the id is free for another pool.
   *
   * @param options.drainMs in ms. @defaultValue the pool's `drainMs`
   * @throws DroverError ARGUMENT_INVALID, and nothing is closed
   */
  async close(options: { drainMs?: number } = {}): Promise<void> {
    const { drainMs } = checkOptions('the options of close', options, ['drainMs'])
    if (drainMs !== undefined) wholeNumber('drainMs', drainMs, 0, longestWaitMs)
    await this.#pools.closeOne(this.#pool, drainMs)
  }
}

/** @throws DroverError ARGUMENT_INVALID */
function checkRunOptions(options: PoolRunOptions): PoolRunOptions {
  if (options === noOptions) return noOptions
  const checked = checkOptions('the options of run', options, runOptionNames)
  const { signal, priority, deadlineMs, transfer, name } = checked
  checkSignal('signal', signal)
  if (priority !== undefined) wholeNumber('priority', priority, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
  if (deadlineMs !== undefined && deadlineMs !== Number.POSITIVE_INFINITY) wholeNumber('deadlineMs', deadlineMs, 1, longestWaitMs)
  if (transfer !== undefined && !Array.isArray(transfer)) throw argumentError('transfer', 'a list of what can be transferred', transfer)
  if (name !== undefined) checkName('name', name)
  return checked
}
