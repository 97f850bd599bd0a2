// @ts-check
/** Runs on a pool of threads: reads a few mails and makes of each the text that a person would see. */
import { readFile } from 'node:fs/promises'
import PostalMime from 'postal-mime'

/**
 * @param {string[]} files paths of the dataset's JSON files
 * @returns {Promise<{ group: string, text: string }[]>}
 */
export default function parseMails(files) {
  return Promise.all(files.map(parseMail))
}

async function parseMail(/** @type {string} */ file) {
  /** @type {{ group: string, text: string }} */
  const { group, text } = JSON.parse(await readFile(file, 'utf8'))
  const mail = await PostalMime.parse(text)
  const body = mail.text?.trim() || textOf(mail.html ?? '')
  return { group, text: `${mail.subject ?? ''}\n${body}`.replace(/\s+/g, ' ').trim() }
}

function textOf(/** @type {string} */ html) {
  return html
    .replace(/<(style|script)[\s\S]*?<\/\1>/gi, ' ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&[a-z#0-9]+;/gi, ' ')
}
