// @ts-check
/** A naive Bayes classifier over the words of a mail: learnt once, kept as a file, loaded by the worker. */
import createClassifier from 'wink-naive-bayes-text-classifier'

/** Long mails say what they are at the beginning; all of a long one would outvote the prior. */
const readAtMost = 4_000

/** The different words of a text. */
function wordsOf(/** @type {string} */ text) {
  return [
    ...new Set(
      text
        .slice(0, readAtMost)
        .toLowerCase()
        .match(/[a-z][a-z'-]{2,19}/g) ?? [],
    ),
  ]
}

/** A classifier that has learnt nothing. */
export function newClassifier() {
  const classifier = createClassifier()
  classifier.definePrepTasks([wordsOf])
  classifier.defineConfig({ considerOnlyPresence: true, smoothingFactor: 0.5 })
  return classifier
}

/** The classifier that another one was written out from by `exportJSON`. */
export function loadClassifier(/** @type {string} */ json) {
  const classifier = createClassifier()
  classifier.importJSON(json)
  // What the words are is not part of what is written out.
  classifier.definePrepTasks([wordsOf])
  classifier.consolidate()
  return classifier
}
