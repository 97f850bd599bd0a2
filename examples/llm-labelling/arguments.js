// @ts-check
/** What the example can be told on the command line. */
import { parseArgs } from 'node:util'

export const usage = `node examples/llm-labelling/main.js [options]
  --items N      how many sentences each of the 30 workers labels, 1 to 240 (default 60: half a minute)
  --questions N  how many of the six questions are asked, each by five workers, 1 to 6 (default 6)
  --keys MODE    own: each annotator has a key; rotate: all share all keys, and one is retired in the middle (default own)
  --data DIR     where the store and the labels are kept; an earlier run there is forgotten (default data/llm-labelling)`

/**
 * @typedef {object} Options
 * @property {number} items
 * @property {number} questions
 * @property {boolean} rotate
 * @property {string} data
 */

/**
 * @param {string[]} args
 * @returns {Options}
 */
export function readArguments(args) {
  const { values } = parseArgs({
    args,
    options: {
      items: { type: 'string', default: '60' },
      questions: { type: 'string', default: '6' },
      keys: { type: 'string', default: 'own' },
      data: { type: 'string', default: 'data/llm-labelling' },
    },
  })
  const items = Number(values.items)
  // Six workers share 1,500 requests a day; rotating, what a retired key does not do is left to the others.
  if (!Number.isSafeInteger(items) || items < 1 || items > 240) throw new TypeError(`--items must be 1 to 240, got ${values.items}`)
  const questions = Number(values.questions)
  if (!(Number.isInteger(questions) && questions >= 1 && questions <= 6))
    throw new TypeError(`--questions must be 1 to 6, got ${values.questions}`)
  if (values.keys !== 'own' && values.keys !== 'rotate') throw new TypeError(`--keys must be own or rotate, got ${values.keys}`)
  return { items, questions, rotate: values.keys === 'rotate', data: values.data }
}
