// @ts-check
/** What came of a run, as tables and sentences. */
import Table from 'cli-table3'
import { fleissKappa, unanimity } from './agreement.js'
import { faults } from './chaos.js'

/** @typedef {import('./run.js').Outcome} Outcome */
/** @typedef {import('./run.js').Labelled} Labelled */

const count = (/** @type {number} */ number) => number.toLocaleString('en-US')
const percent = (/** @type {number} */ share) => `${(100 * share).toFixed(1)} %`

/** Each lane: how much, how good, how fast, how often restarted. */
export function laneTable(/** @type {Outcome} */ { lanes, results, gold, before, watch }) {
  const table = new Table({
    head: ['lane', 'labels', 'right', 'judged on', 'labels/s', 'restarts'],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [] },
  })
  for (const { id, progress, restarts } of lanes) {
    const judged = results.filter(({ worker, key }) => worker === id && gold.has(key))
    const right = judged.filter(({ key, value }) => gold.get(key) === value.label)
    const made = (progress?.done ?? 0) - (before.get(id) ?? 0)
    const seconds = watch.secondsOf(id)
    const rate = made > 0 && seconds ? count(Math.round(made / seconds)) : '-'
    table.push([id, count(progress?.done ?? 0), percent(right.length / judged.length), count(judged.length), rate, restarts])
  }
  return table.toString()
}

/** What the annotators of one domain think of the same items. */
export function agreementOf(/** @type {Outcome} */ { results, gold }, /** @type {string} */ domain) {
  /** @type {Map<string, string[]>} */
  const ratings = new Map()
  for (const { key, value } of results.filter((result) => result.domain === domain)) {
    ratings.set(key, [...(ratings.get(key) ?? []), value.label])
  }
  const raters = Math.max(0, ...[...ratings.values()].map((each) => each.length))
  const complete = [...ratings].filter(([, each]) => each.length === raters)
  const { share, right } = unanimity(
    complete.map(([key, each]) => ({ ratings: each, gold: gold.get(key) ?? '' })),
    'neutral',
  )
  return { raters, kappa: fleissKappa(complete.map(([, each]) => each)), share, right }
}

export function agreementText(/** @type {ReturnType<typeof agreementOf>} */ { raters, kappa, share, right }) {
  return (
    `The ${raters} sentiment annotators agree with a Fleiss kappa of ${kappa.toFixed(3)}. ` +
    `On ${percent(share)} of the sentences they all take the same side, and are right on ${percent(right)} of those.`
  )
}

/** What struck, how it was seen, and how long it took: to see it, and to be back at work. */
export function chaosTable(/** @type {Outcome} */ { watch }, /** @type {import('./chaos.js').Chaos} */ { strikes, struckAt }) {
  const table = new Table({
    head: ['lane', 'the worker ...', 'seen as', 'after', 'back after', 'where it hung'],
    colAligns: ['left', 'left', 'left', 'right', 'right', 'left'],
    style: { head: [], border: [] },
  })
  const ms = (/** @type {number} */ from, /** @type {number | null | undefined} */ to) =>
    to ? `${count(Math.max(0, Math.round(to - from)))} ms` : '-'
  const unplanned = new Set(watch.failures)
  for (const { worker, item, fault, index } of strikes) {
    const at = Number(struckAt[index])
    const seen = watch.failures.find(({ worker: struck, failure }) => struck === worker && failure.tasks.includes(item))
    if (seen) unplanned.delete(seen)
    const kind = seen
      ? `${seen.failure.kind}${seen.failure.kind === faults[fault].seenAs ? '' : ' (!)'}`
      : at > 0
        ? 'not seen'
        : 'did not strike'
    const hungAt = (seen?.failure.kind === 'heartbeat-lost' && seen.failure.hungAt?.[0]?.replace(/\(.*[/\\]/, '(')) || ''
    table.push([worker, faults[fault].does, kind, ms(at, seen?.failure.at), seen ? ms(seen.failure.at, seen.backAt) : '-', hungAt])
  }
  for (const { worker, failure, backAt } of unplanned) table.push([worker, '(unplanned)', failure.kind, '-', ms(failure.at, backAt), ''])
  return table.toString()
}
