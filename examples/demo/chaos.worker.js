// @ts-check
/** Any of the annotators, in a thread that is struck by what the plan of chaos has for it. */
import { defineWorker } from 'drover/worker'

/** @typedef {import('drover/worker').WorkerDefinition<unknown, unknown, unknown, ChaosInput>} Annotator */

/**
 * @typedef {object} ChaosInput
 * @property {string} module the annotator's own module
 * @property {import('./chaos.js').Chaos} chaos
 */

export default defineWorker({
  setup: async (/** @type {import('drover/worker').WorkerContext<undefined, ChaosInput>} */ ctx) => {
    /** @type {{ default: Annotator }} */
    const { default: annotator } = await import(ctx.input.module)
    return { annotator, state: await annotator.setup?.(ctx) }
  },
  process: async (task, ctx) => {
    const { strikes, struckAt } = ctx.input.chaos
    const strike = strikes.find(({ worker, item }) => worker === ctx.id && item === task.key)
    const now = BigInt(Date.now())
    if (strike && Atomics.compareExchange(struckAt, strike.index, 0n, now) === 0n) await happenings[strike.fault](ctx)
    return ctx.state.annotator.process?.(task, withState(ctx, ctx.state.state))
  },
})

/** A promise that settles never: what was started ends the thread, or the system does. */
const never = () => new Promise(() => {})

/** @type {Record<import('./chaos.js').Fault, (ctx: import('drover/worker').WorkerContext) => unknown>} */
const happenings = {
  exit: () => process.exit(3),
  throw: () => {
    setTimeout(() => {
      throw new Error('thrown in a timer')
    })
    return never()
  },
  reject: () => {
    Promise.reject(new Error('rejected, and nobody looks'))
    return never()
  },
  spin: function spinForEver() {
    for (let turns = 0; ; turns++) Math.sqrt(turns)
  },
  block: function blockForEver() {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  },
  stall: never,
  hoard: (ctx) => {
    // Its loop lets no beat through; without patience it would be seen as hanging before its memory runs out.
    ctx.extend(30_000)
    /** @type {unknown} */
    let hoard = null
    // Small pieces only: at the limit, a large one can take the whole process down (seen on Node 24).
    for (let size = 0; ; size++) hoard = { hoard, size }
  },
}

/**
 * The context as the annotator expects it: with what its own `setup` returned.
 *
 * @template {import('drover/worker').WorkerContext<unknown, ChaosInput>} Context
 * @param {Context} ctx
 * @param {unknown} state
 * @returns {Context}
 */
function withState(ctx, state) {
  return new Proxy(ctx, {
    get: (target, name) => {
      if (name === 'state') return state
      const value = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
