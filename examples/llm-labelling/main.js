// @ts-check
/**
 * Thirty workers label sentences through the real client of OpenAI: five annotators with a key each, six questions. Every key may be used
 * 15 times a minute and no more, and every one is used that often. The provider runs here too: no network, no account.
 * `node examples/llm-labelling/main.js`
 */
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createDrover, matrix } from 'drover'
import { fakeProvider, simulatedClock } from 'drover/testing'
import { readReviews } from '../demo/reviews.js'
import { readArguments, usage } from './arguments.js'
import { classify, domains } from './classifier.js'
import { apiKeys, providerLimits, quotas, speed, start } from './limits.js'
import { accountTable, labelText, quotaLines, quotaTable, usageTable } from './report.js'

/** So long a model thinks, in ms of the provider's clock. */
const latencyMs = 600
/** How often it is looked at whether the machine gives this process its time, in ms. */
const resolution = 5
const annotators = Object.keys(apiKeys).map((_, index) => `${index + 1}`)

async function main() {
  /** @type {import('./arguments.js').Options} */
  let options
  try {
    options = readArguments(process.argv.slice(2))
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${usage}`)
    process.exitCode = 2
    return
  }
  await label(options)
}

async function label(/** @type {import('./arguments.js').Options} */ options) {
  const provider = await fakeProvider({
    answer: classify,
    keys: Object.values(apiKeys),
    limits: providerLimits,
    clock: simulatedClock({ start, speed }),
    latencyMs,
  })
  try {
    await run(provider, options)
  } finally {
    await provider.close()
  }
}

async function run(
  /** @type {import('drover/testing').FakeProvider} */ provider,
  /** @type {import('./arguments.js').Options} */ { items, questions, rotate, data },
) {
  const asked = domains.slice(0, questions)
  const drover = await createDrover({
    store: await freshStore(data),
    log: { console: false },
    // An fsync for each grant is nothing in the four seconds between two requests, and much in the 67 ms that are left of them here.
    durability: 'process',
    concurrency: annotators.length * asked.length,
    quotas,
    workers: matrix({
      annotators,
      domains: asked,
      worker: (annotator) => ({
        module: new URL('./annotate.worker.js', import.meta.url),
        dataset: 'sentences',
        quota: rotate ? { rotate: Object.keys(quotas) } : `key-${annotator}`,
        input: { baseURL: provider.baseUrl, apiKeys: rotate ? apiKeys : { [`key-${annotator}`]: apiKeys[`key-${annotator}`] } },
        // Thirty threads import the client at once, on however few cores.
        heartbeat: { startTimeoutMs: 300_000 },
      }),
    }),
  })
  try {
    drover.stopOnSignals()
    const { reviews, gold } = await readReviews({ quick: false })
    const every = Math.floor(reviews.length / items)
    await drover.load('sentences', reviews.filter((_, index) => index % every === 0).slice(0, items))

    await startTogether(drover)
    drover.once('quota:key:retired', ({ quota, reason }) => console.log(`${quota} is retired: ${reason}.`))
    whenDone(drover, drover.status().total / 2, async () => {
      if (rotate) provider.retire(String(apiKeys['key-3']))
      console.log(`Half is done.\n${quotaLines(await drover.quotas())}`)
    })
    const lateness = monitorEventLoopDelay({ resolution })
    lateness.enable()
    const { results, dead, interrupted } = await drover.done()
    lateness.disable()

    /** @type {import('./report.js').Labelled[]} */
    const labels = []
    for await (const result of drover.results()) labels.push(/** @type {import('./report.js').Labelled} */ (result))
    await drover.export(join(data, 'labels.jsonl'))
    console.log(
      `${interrupted ? 'Interrupted' : 'All is done'}: ${results} labels, ${dead} dead tasks.\n${quotaTable(await drover.quotas())}`,
    )
    console.log(accountTable(provider.account))
    console.log(usageTable(await drover.usage({ by: 'annotator' })))
    console.log(labelText(labels, gold))
    const late = (/** @type {number} */ ns) => `${Math.max(0, Math.round(ns / 1e6 - resolution))} ms`
    console.log(`The machine was late by ${late(lateness.percentile(99))} once in a hundred times, by ${late(lateness.max)} at most.`)
  } finally {
    await drover.close()
  }
}

/** @returns {Promise<string>} where a store can be made: an earlier one is gone */
async function freshStore(/** @type {string} */ data) {
  await mkdir(data, { recursive: true })
  const store = join(data, 'drover.db')
  for (const file of [store, `${store}-wal`, `${store}-shm`]) await rm(file, { force: true })
  return store
}

/**
 * Starts all workers and lets them go when the last one is ready. At a minute a second the import of a client by thirty threads takes
 * as long as some minutes of quota, and would be counted as time in which nobody asked.
 */
async function startTogether(/** @type {import('drover').Drover} */ drover) {
  const ready = new Promise((resolve) => {
    drover.on('worker:state:changed', () => {
      if (drover.status().workers.every(({ state }) => state === 'paused')) resolve(undefined)
    })
  })
  await drover.start()
  await drover.pause()
  await ready
  await drover.resume()
}

/** Calls back once, when so many labels are there. */
function whenDone(/** @type {import('drover').Drover} */ drover, /** @type {number} */ count, /** @type {() => Promise<void>} */ callback) {
  const look = () => {
    if (drover.status().done < count) return
    drover.off('lane:counts:changed', look)
    void callback()
  }
  drover.on('lane:counts:changed', look)
}

await main()
