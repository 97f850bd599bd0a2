// @ts-check
/** One run: what is there is loaded, what is missing is labelled. Started again after any end, it goes on where it was. */
import { createDrover, showProgress } from 'drover'
import { openDashboard, stayOpen } from './dashboard.js'
import { calmLanes, chaosLanes } from './lanes.js'
import { goldOf, isJudged, prepareMails, readMails } from './mails.js'
import { readReviews } from './reviews.js'
import { Watch } from './watch.js'

/** @typedef {import('drover').Result<{ label: string }>} Labelled */

/**
 * @typedef {object} Outcome
 * @property {Map<string, number>} before how many labels each lane had when the run began
 * @property {import('drover').RunReport} report
 * @property {import('drover').WorkerStatus[]} lanes
 * @property {Watch} watch
 * @property {Map<string, string>} gold what is right, by item; only of items that are judged on
 * @property {Labelled[]} results
 */

/**
 * @template Answer
 * @param {{ mails: string, model: string, store: string, labels: string }} files
 * @param {{ quick: boolean, chaos: import('./chaos.js').Chaos | null, port: number, stay: boolean }} options
 * @param {(outcome: Outcome) => Answer | Promise<Answer>} tell called when the run is over, while its dashboard is still there
 * @returns {Promise<Answer | null>} what it answered; null if the run was interrupted
 */
export async function run(files, { quick, chaos, port, stay }, tell) {
  const { reviews, gold: sentiments } = await readReviews({ quick })
  /** @type {Map<string, string>} */
  const gold = new Map(sentiments)
  const drover = await createDrover({
    store: files.store,
    log: { console: false },
    // All is loaded before: a lane that is through needs its thread no more.
    idleMs: 0,
    workers: chaos ? chaosLanes(files, chaos) : calmLanes(files),
  })
  const watch = new Watch(drover)
  let dashboard = null
  try {
    drover.stopOnSignals()
    dashboard = await openDashboard(drover, port)
    const before = new Map(drover.status().workers.map(({ id, progress }) => [id, progress?.done ?? 0]))

    await drover.load('reviews', reviews)
    const progress = showProgress(drover)
    await drover.start({ domain: 'sentiment' })
    // The sentences are being labelled while the mails are decoded.
    await prepareMails(files, { quick })
    await drover.load('mails', mailsFrom(files.mails, gold))
    await drover.start({ domain: 'spam' })

    const report = await drover.done()
    if (report.interrupted) return null
    /** @type {Labelled[]} */
    const results = []
    for await (const result of drover.results()) results.push(/** @type {Labelled} */ (result))
    await drover.export(files.labels)
    progress.stop()
    const answer = await tell({ before, report, lanes: drover.status().workers, watch, gold, results })
    if (stay) await stayOpen(drover)
    return answer
  } catch (error) {
    if (drover.status().state === 'open') throw error
    return null
  } finally {
    await drover.close()
    await dashboard?.close()
  }
}

/**
 * The mails as the annotator gets them; what they are is kept from it.
 *
 * @param {string} file
 * @param {Map<string, string>} gold
 */
async function* mailsFrom(file, gold) {
  for await (const { id, group, text } of readMails(file)) {
    if (isJudged(group)) gold.set(id, goldOf(group))
    yield { id, text }
  }
}
