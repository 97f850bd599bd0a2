// @ts-check
/** Whether two runs came to the same labels, each exactly once. */
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'

/**
 * @param {string} expected a file of labels
 * @param {string} actual another one
 */
export async function compareLabels(expected, actual) {
  const left = await readLabels(expected)
  const right = await readLabels(actual)
  let same = 0
  let different = 0
  for (const [item, label] of left.labels) {
    const other = right.labels.get(item)
    if (other === label) same++
    else if (other !== undefined) different++
  }
  const missing = left.labels.size - same - different
  const extra = right.labels.size - same - different
  const doubled = left.doubled + right.doubled
  return { all: same === left.labels.size && extra === 0 && doubled === 0, same, different, missing, extra, doubled, of: left.labels.size }
}

async function readLabels(/** @type {string} */ file) {
  /** @type {Map<string, string>} */
  const labels = new Map()
  let doubled = 0
  for await (const line of createInterface({ input: createReadStream(file) })) {
    /** @type {import('drover').Result} */
    const { annotator, domain, key, value } = JSON.parse(line)
    const item = `${annotator}/${domain} ${key}`
    if (labels.has(item)) doubled++
    labels.set(item, JSON.stringify(value))
  }
  return { labels, doubled }
}
