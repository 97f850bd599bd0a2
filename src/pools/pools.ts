/** The pools of a system, by id. */
import { DroverError } from '../errors.js'
import type { Logs } from '../logs/logs.js'
import type { CompiledPool } from '../options/pool.js'
import type { PoolStatus } from './contract.js'
import type { PoolMeans } from './means.js'
import { Pool } from './pool.js'

export interface PoolsMeans extends Omit<PoolMeans, 'log'> {
  logs: Pick<Logs, 'part'>
  /** The secrets in the input of a pool are hidden from now on. */
  hide: (pools: readonly CompiledPool[]) => void
}

export class Pools {
  readonly #means: PoolsMeans
  readonly #pools = new Map<string, Pool>()

  constructor(means: PoolsMeans, configured: readonly CompiledPool[]) {
    this.#means = means
    for (const pool of configured) this.add(pool)
  }

  has(id: string): boolean {
    return this.#pools.has(id)
  }

  /** The id must be free. It is free again once the pool is closed. */
  add(config: CompiledPool): Pool {
    this.#means.hide([config])
    const pool = new Pool(config, { ...this.#means, log: this.#means.logs.part('pools') })
    this.#pools.set(config.id, pool)
    return pool
  }

  /** @throws DroverError POOL_UNKNOWN */
  get(id: string): Pool {
    const pool = this.#pools.get(id)
    if (pool) return pool
    const known = [...this.#pools.keys()]
    throw new DroverError(
      'POOL_UNKNOWN',
      `there is no pool ${id}; ${known.length > 0 ? `there are ${known.join(', ')}` : 'there are none'}`,
    )
  }

  /** @returns the pools in the order in which they were made */
  status(): PoolStatus[] {
    return [...this.#pools.values()].map((pool) => pool.status())
  }

  /** Each pool keeps its least number of threads from now on. */
  start(): void {
    for (const pool of this.#pools.values()) pool.start()
  }

  async closeOne(pool: Pool, drainMs?: number): Promise<void> {
    await pool.close(drainMs)
    if (this.#pools.get(pool.config.id) === pool) this.#pools.delete(pool.config.id)
  }

  /** Closes all of them. Their status stays. */
  async close(drainMs?: number): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.close(drainMs)))
  }
}
