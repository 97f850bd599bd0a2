// @ts-check
/** What came of a run, as tables: by drover's word, and by the provider's. */
import Table from 'cli-table3'
import { apiKeys } from './limits.js'

/** @typedef {import('drover').Result<{ label: string, key?: string }>} Labelled */

const count = (/** @type {number} */ number) => number.toLocaleString('en-US')
const percent = (/** @type {number} */ share) => `${(100 * share).toFixed(1)} %`

/**
 * @param {string[]} head
 * @param {(string | number)[][]} rows
 */
function tableOf(head, rows) {
  /** @type {import('cli-table3').HorizontalAlignment[]} */
  const colAligns = head.map((_, index) => (index === 0 ? 'left' : 'right'))
  const table = new Table({ head, colAligns, style: { head: [], border: [] } })
  table.push(...rows)
  return table.toString()
}

/** Where drover's quotas stand, in the middle of a run: a table takes longer to draw than there is between two requests. */
export function quotaLines(/** @type {import('drover').QuotaReport[]} */ reports) {
  const lines = reports.map(
    ({ name, granted, waiting, waitMs, backlog, retired }) =>
      `${name}: ${granted} granted, ${waiting} waiting, the next in ${waitMs} ms; ${backlog.tasks} left, done in ${timeTo(backlog.doneAt)}${retired ? '; retired' : ''}`,
  )
  return lines.join('\n')
}

const timeTo = (/** @type {number | null} */ at) => (at === null ? '-' : `${((at - Date.now()) / 1_000).toFixed(1)} s`)

/** Where drover's quotas stand. */
export function quotaTable(/** @type {import('drover').QuotaReport[]} */ reports) {
  return tableOf(
    ['quota', 'granted', 'of the day', 'left', 'retired'],
    reports.map(({ name, granted, percentageUsed, backlog, retired }) => [
      name,
      granted,
      `${percentageUsed} %`,
      backlog.tasks,
      retired?.reason ?? '-',
    ]),
  )
}

/** What the provider admitted and refused, and how much of what it would have admitted at all was used, from a key's first request to its last. */
export function accountTable(/** @type {import('drover/testing').Account} */ account) {
  const { requests } = account
  return tableOf(
    ['key', 'admitted', 'refused', 'turned away', 'used', 'most a minute'],
    Object.entries(apiKeys).map(([name, key]) => {
      const own = requests.filter((request) => request.key === key)
      const admitted = own.filter((request) => request.admitted)
      const from = admitted[0]?.at ?? 0
      const to = (admitted.at(-1)?.at ?? 0) + 1
      const turnedAway = own.filter(({ status }) => status === 403).length
      const refused = own.length - admitted.length - turnedAway
      const used = percent(account.utilisation({ key, from, to }))
      return [name, admitted.length, refused, turnedAway, used, account.peak({ per: 'minute', key })]
    }),
  )
}

/** What each annotator used. */
export function usageTable(/** @type {import('drover').Usage[]} */ rows) {
  return tableOf(
    ['annotator', 'requests', 'input tokens', 'output tokens'],
    rows.map(({ of, usage }) => [of, ...['requests', 'inputTokens', 'outputTokens'].map((unit) => count(usage[unit] ?? 0))]),
  )
}

/** The labels, and how many of those that people gave too are the same. */
export function labelText(/** @type {Labelled[]} */ labels, /** @type {Map<string, string>} */ gold) {
  /** @type {Map<string, Map<string, number>>} */
  const byDomain = new Map()
  for (const { domain, value } of labels) {
    const counts = byDomain.get(domain) ?? new Map()
    byDomain.set(domain, counts.set(value.label, (counts.get(value.label) ?? 0) + 1))
  }
  const lines = [...byDomain].map(([domain, counts]) => {
    const most = [...counts].sort(([, a], [, b]) => b - a).slice(0, 3)
    return `${domain}: ${most.map(([label, times]) => `${label} ${count(times)}`).join(', ')}${counts.size > 3 ? ', ...' : ''}`
  })
  const judged = labels.filter(({ domain, key }) => domain === 'sentiment' && gold.has(key))
  const right = judged.filter(({ key, value }) => gold.get(key) === value.label)
  return `${lines.join('\n')}\nOf the sentiments ${percent(right.length / judged.length)} are as people see them.`
}
