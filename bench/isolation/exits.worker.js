// @ts-check
/** Ends with each task's first attempt. */
import { defineWorker } from 'drover/worker'

/** @type {import('drover/worker').WorkerDefinition<object, null>} */
const definition = {
  process: ({ attempt }) => {
    if (attempt === 1) process.exit(3)
    return null
  },
}

export default defineWorker(definition)
