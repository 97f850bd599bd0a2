// @ts-check
/**
 * Real texts in, labels out: 3,000 sentences through three sentiment annotators, 5,916 mails through a spam filter, each annotator
 * a supervised worker thread. `npm run demo`; a second run goes on where the first ended.
 */
import { existsSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { filesOf, readArguments, usage } from './arguments.js'
import { planChaos } from './chaos.js'
import { compareLabels } from './compare.js'
import { calmLanes } from './lanes.js'
import { forgetMails, readMails } from './mails.js'
import { agreementOf, agreementText, chaosTable, laneTable } from './report.js'
import { readReviews } from './reviews.js'
import { run } from './run.js'

/** @typedef {ReturnType<typeof filesOf>} Files */
/** @typedef {import('./arguments.js').DemoOptions} DemoOptions */

async function main() {
  /** @type {DemoOptions} */
  let options
  try {
    options = readArguments(process.argv.slice(2))
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${usage}`)
    process.exitCode = 2
    return
  }
  const files = filesOf(options)
  await mkdir(options.data, { recursive: true })
  if (options.fresh) {
    await Promise.all([forgetMails(files), forgetRun(files.calm), forgetRun(files.chaos)])
  }
  const calm = !options.chaos || !existsSync(files.calm.labels) ? await calmRun(files, options) : true
  if (calm && options.chaos) await chaosRun(files, options)
}

/** @returns {Promise<boolean>} whether every label is there */
async function calmRun(/** @type {Files} */ files, /** @type {DemoOptions} */ { quick, port, stay, chaos }) {
  if (chaos) console.log('First a calm run, to compare with.')
  const complete = await run({ ...files, ...files.calm }, { quick, port, stay: stay && !chaos, chaos: null }, (outcome) => {
    const before = [...outcome.before.values()].reduce((sum, each) => sum + each, 0)
    if (before === outcome.report.results) console.log(`All is done: all ${before.toLocaleString('en-US')} labels were there already.`)
    else if (before > 0) console.log(`Resumed: ${before.toLocaleString('en-US')} labels were there already.`)
    return tell(outcome, files.calm.labels)
  })
  return complete ?? interrupted()
}

/** A run with chaos is always a new one, so that the same seed strikes the same items. */
async function chaosRun(/** @type {Files} */ files, /** @type {DemoOptions} */ options) {
  console.log(`\nNow with chaos, seed ${options.seed}.`)
  await forgetRun(files.chaos)
  const chaos = planChaos(await keysByLane(files, options), options.seed)
  const told = await run({ ...files, ...files.chaos }, { ...options, chaos }, async (outcome) => {
    tell(outcome, files.chaos.labels)
    console.log(chaosTable(outcome, chaos))
    const { all, same, of, ...wrong } = await compareLabels(files.calm.labels, files.chaos.labels)
    console.log(`same labels: ${all ? 'yes' : 'no'} (${same.toLocaleString('en-US')} of ${of.toLocaleString('en-US')})`)
    if (!all) {
      console.log(wrong)
      process.exitCode = 1
    }
    return all
  })
  if (told === null) interrupted()
}

async function keysByLane(/** @type {Files} */ files, /** @type {DemoOptions} */ options) {
  const { reviews } = await readReviews(options)
  /** @type {Record<string, string[]>} */
  const keys = { reviews: reviews.map(({ id }) => id), mails: [] }
  for await (const { id } of readMails(files.mails)) keys.mails?.push(id)
  return calmLanes(files).map(({ id, dataset }) => ({ worker: id, keys: keys[dataset] ?? [] }))
}

/** @returns {boolean} whether every label is there */
function tell(/** @type {import('./run.js').Outcome} */ outcome, /** @type {string} */ labels) {
  console.log(laneTable(outcome))
  console.log(agreementText(agreementOf(outcome, 'sentiment')))
  console.log(`Labels: ${labels}`)
  const { report, lanes } = outcome
  const complete = report.completed.length === lanes.length && report.dead === 0
  if (!complete) {
    console.log(
      `Not complete: ${lanes.filter(({ state }) => state !== 'completed').map(({ id, state }) => `${id} is ${state}`)}, ${report.dead} dead tasks`,
    )
    process.exitCode = 1
  }
  return complete
}

function interrupted() {
  console.log('Interrupted. The same command goes on from here.')
  return false
}

/** Deletes what a run left behind. */
function forgetRun(/** @type {{ store: string, labels: string }} */ { store, labels }) {
  return Promise.all([store, `${store}-wal`, `${store}-shm`, labels].map((file) => rm(file, { force: true })))
}

await main()
