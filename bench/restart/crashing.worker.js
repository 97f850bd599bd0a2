// @ts-check
/**
 * Ends its thread whenever it is told to, and leaves in shared memory when: `process.hrtime` is one clock for all threads of a
 * process. It is read before the end begins, so that ending the thread is part of what is measured.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { defineWorker } from 'drover/worker'

/** @typedef {{ orders: SharedArrayBuffer, how: 'exit' | 'throw' }} Orders */

/** @type {import('drover/worker').WorkerDefinition<never, never, null, Orders>} */
const definition = {
  setup: () => null,
  async run(ctx) {
    // [0]: 1 is the order to go; [1]: when it went.
    const orders = new BigInt64Array(ctx.input.orders)
    while (Atomics.load(orders, 0) === 0n) await sleep(2, undefined, { signal: ctx.signal })
    Atomics.store(orders, 0, 0n)
    if (ctx.input.how === 'throw') {
      setTimeout(() => {
        Atomics.store(orders, 1, process.hrtime.bigint())
        throw new Error('on order')
      })
      return sleep(60_000)
    }
    Atomics.store(orders, 1, process.hrtime.bigint())
    process.exit(3)
  },
}

export default defineWorker(definition)
