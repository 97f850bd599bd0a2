// @ts-check
/**
 * What stands in for the language model: six questions about a sentence, answered by VADER and wink-nlp, so that the labels mean
 * something.
 */
import vader from 'vader-sentiment'
import model from 'wink-eng-lite-web-model'
import winkNLP from 'wink-nlp'

const nlp = winkNLP(model, ['sbd', 'negation', 'pos', 'ner'])
const { its } = nlp

const compound = (/** @type {string} */ text) => vader.SentimentIntensityAnalyzer.polarity_scores(text).compound

/** @type {Record<string, (text: string) => string>} */
const classifiers = {
  sentiment: (text) => (compound(text) > 0 ? 'positive' : compound(text) < 0 ? 'negative' : 'neutral'),
  strength: (text) => (Math.abs(compound(text)) > 0.5 ? 'strong' : 'mild'),
  negation: (text) => (outOf(text, its.negationFlag).includes(true) ? 'negated' : 'plain'),
  speaker: (text) => (/\b(I|me|my|we|us|our)\b/i.test(text) ? 'personal' : 'impersonal'),
  figures: (text) => String(nlp.readDoc(text).entities().out(its.type)[0] ?? 'none').toLowerCase(),
  topic: (text) => String(nouns(text)[0] ?? 'none').toLowerCase(),
}

export const domains = Object.keys(classifiers)

/** Answers a request that names the domain as its system message. */
export function classify(/** @type {import('drover/testing').AnswerRequest} */ { prompt, messages }) {
  const domain = messages.find(({ role }) => role === 'system')?.text ?? ''
  const classifier = classifiers[domain]
  if (!classifier) throw new TypeError(`no such domain: ${domain}`)
  return classifier(prompt)
}

/** @returns {unknown[]} a property of each token */
function outOf(/** @type {string} */ text, /** @type {any} */ property) {
  return nlp.readDoc(text).tokens().out(property)
}

function nouns(/** @type {string} */ text) {
  const kinds = outOf(text, its.pos)
  return outOf(text, its.lemma).filter((_, index) => kinds[index] === 'NOUN')
}
