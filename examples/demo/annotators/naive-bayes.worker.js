// @ts-check
/** Spam or ham, by the classifier that was trained before the run. */
import { readFile } from 'node:fs/promises'
import { defineWorker } from 'drover/worker'
import { loadClassifier } from '../spam-classifier.js'

export default defineWorker({
  setup: async (/** @type {import('drover/worker').WorkerContext<undefined, { model: string }>} */ ctx) =>
    loadClassifier(await readFile(ctx.input.model, 'utf8')),
  process: (/** @type {import('drover/worker').Task<import('../mails.js').Mail>} */ task, ctx) => ({
    label: ctx.state.predict(task.data.text),
  }),
})
