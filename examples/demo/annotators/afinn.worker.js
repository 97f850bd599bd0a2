// @ts-check
/** Sentiment by AFINN, a list of words with scores. */
import { defineWorker } from 'drover/worker'
import Sentiment from 'sentiment'
import { toLabel } from '../sentiment-label.js'

export default defineWorker({
  setup: () => new Sentiment(),
  process: (/** @type {import('../sentiment-label.js').ReviewTask} */ task, ctx) => toLabel(ctx.state.analyze(task.data.text).score),
})
