/** Pools by hand: makes or finds one. */
import type { OpenSystem } from '../actors/system/contract.js'
import type { PoolOptions } from '../options/pool.js'
import { compileWith } from '../options/validate.js'
import { PoolHandle } from '../pools/pool-handle.js'
import type { ReadonlyDeep } from '../readonly-deep.js'
import { checkName } from '../validation/arguments.js'
import { invalidConfig } from '../validation/issues.js'

/** @throws DroverError POOL_UNKNOWN, CONFIG_INVALID, ARGUMENT_INVALID */
export function poolOf({ parts, options }: OpenSystem, given: string | ReadonlyDeep<PoolOptions>): PoolHandle {
  const { pools } = parts
  if (typeof given !== 'object' || given === null) return new PoolHandle(pools.get(checkName('the argument of pool', given)), pools)
  const { drainMs, secrets } = options
  const alone = {
    store: ':memory:',
    workers: [],
    pools: [given as PoolOptions],
    ...(drainMs !== undefined && { drainMs }),
    ...(secrets && { secrets }),
  }
  const [pool] = compileWith(alone, 'pools[0]', 'the pool').pools
  if (!pool) throw new Error('no pool was compiled')
  if (pools.has(pool.id)) {
    const [expected, received] = ['another id, because there is a pool of this one', JSON.stringify(pool.id)]
    throw invalidConfig([{ path: 'id', message: `expected ${expected}, received ${received}`, expected, received }], 'the pool')
  }
  return new PoolHandle(pools.add(pool), pools)
}
