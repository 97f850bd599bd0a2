// @ts-check
/** Notes when its thread is ready, and waits to be stopped. */
import { once } from 'node:events'
import { defineWorker } from 'drover/worker'

/** @type {import('drover/worker').WorkerDefinition<unknown, unknown, void, { stamps: SharedArrayBuffer }>} */
const definition = {
  setup: ({ input }) => {
    new BigInt64Array(input.stamps)[0] = process.hrtime.bigint()
  },
  run: async ({ signal }) => {
    if (!signal.aborted) await once(signal, 'abort')
  },
}

export default defineWorker(definition)
