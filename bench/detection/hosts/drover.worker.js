// @ts-check
/** The work as drover's worker. */
import { defineWorker } from 'drover/worker'
import { setUp, work } from '../work.js'

/** @type {import('drover/worker').WorkerDefinition<{ task: string }, unknown, null>} */
const definition = {
  async setup() {
    await setUp()
    return null
  },
  process: (task) => work(task.data.task),
}

export default defineWorker(definition)
