// @ts-check
/** Keeps a core busy, and gives its event loop a turn every 20 ms. */
import { setImmediate as turn } from 'node:timers/promises'
import { defineWorker } from 'drover/worker'

/** @type {import('drover/worker').WorkerDefinition<never, never, null>} */
const definition = {
  setup: () => null,
  async run(ctx) {
    while (!ctx.signal.aborted) {
      for (const until = performance.now() + 20; performance.now() < until; ) Math.sqrt(2)
      ctx.progress()
      await turn()
    }
  },
}

export default defineWorker(definition)
