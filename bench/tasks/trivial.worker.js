// @ts-check
/** Does as little as a task can; `input.how` says whether it answers at once, after a turn of the microtasks, or after a wait. */
import { setTimeout as sleep } from 'node:timers/promises'
import { defineWorker } from 'drover/worker'

/** @typedef {'sync' | 'async' | 'wait'} How */

/** @type {import('drover/worker').WorkerDefinition<{ n: number }, { n: number }, null, { how: How }>} */
const definition = {
  setup: () => null,
  process: (task, ctx) => {
    const label = { n: task.data.n }
    switch (ctx.input.how) {
      case 'sync':
        return label
      case 'async':
        return Promise.resolve(label)
      case 'wait':
        return sleep(1, label)
    }
  },
}

export default defineWorker(definition)
