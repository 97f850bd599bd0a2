// @ts-check
import { defineWorker } from 'drover/worker'

/** @type {import('drover/worker').WorkerDefinition<{ n: number }, { n: number }, null, { steps: number }>} */
const definition = {
  setup: () => null,
  // A fixed amount of work, not of time: two threads that share a core would both count the same time.
  process: (task, ctx) => {
    let sum = task.data.n
    for (let step = 0; step < ctx.input.steps; step++) sum = Math.sqrt(sum + step)
    return { n: sum < 0 ? 0 : task.data.n }
  },
}

export default defineWorker(definition)
