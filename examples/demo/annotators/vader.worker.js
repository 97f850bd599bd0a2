// @ts-check
/** Sentiment by VADER, a rule-based model made for short informal texts. */
import { defineWorker } from 'drover/worker'
import vader from 'vader-sentiment'
import { toLabel } from '../sentiment-label.js'

export default defineWorker({
  process: (/** @type {import('../sentiment-label.js').ReviewTask} */ task) =>
    toLabel(vader.SentimentIntensityAnalyzer.polarity_scores(task.data.text).compound),
})
