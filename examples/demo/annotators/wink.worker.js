// @ts-check
/** Sentiment by wink-nlp, which knows negation. */
import { defineWorker } from 'drover/worker'
import model from 'wink-eng-lite-web-model'
import winkNLP from 'wink-nlp'
import { toLabel } from '../sentiment-label.js'

export default defineWorker({
  setup: () => winkNLP(model, ['sbd', 'negation', 'sentiment']),
  process: (/** @type {import('../sentiment-label.js').ReviewTask} */ task, ctx) =>
    toLabel(Number(ctx.state.readDoc(task.data.text).out(ctx.state.its.sentiment))),
})
