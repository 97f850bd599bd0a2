// @ts-check
/** 3,000 sentences out of reviews of products, films and restaurants, each marked by people as positive or negative. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'

const { resolve } = createRequire(import.meta.url)
const sources = ['amazon', 'imdb', 'yelp']

/**
 * @typedef {object} Review
 * @property {string} id
 * @property {string} text
 */

/**
 * What the annotators get, and apart from it what people said.
 *
 * @param {{ quick: boolean }} options
 */
export async function readReviews({ quick }) {
  /** @type {Review[]} */
  const reviews = []
  /** @type {Map<string, 'positive' | 'negative'>} */
  const gold = new Map()
  for (const source of sources) {
    /** @type {{ text: string, class: 0 | 1 | null }[]} */
    const rows = JSON.parse(await readFile(resolve(`sentiment/test/fixtures/${source}.json`), 'utf8'))
    // The last row of each file is empty.
    const marked = rows.filter((row) => row.class !== null).slice(0, quick ? 100 : undefined)
    for (const [index, row] of marked.entries()) {
      const id = `${source}-${index + 1}`
      reviews.push({ id, text: row.text })
      gold.set(id, row.class === 1 ? 'positive' : 'negative')
    }
  }
  return { reviews, gold }
}
