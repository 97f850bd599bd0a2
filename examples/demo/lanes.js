// @ts-check
/** Who labels what: three annotators read the same sentences, a fourth sorts mails. */

const moduleOf = (/** @type {string} */ annotator) => new URL(`./annotators/${annotator}.worker.js`, import.meta.url).href

/** @param {{ model: string }} files */
export function calmLanes({ model }) {
  const sentiment = ['wink', 'vader', 'afinn'].map((annotator) => ({
    id: `${annotator}/sentiment`,
    module: moduleOf(annotator),
    input: {},
    dataset: 'reviews',
  }))
  return [...sentiment, { id: 'naive-bayes/spam', module: moduleOf('naive-bayes'), input: { model }, dataset: 'mails' }]
}

/** The same lanes in threads that are struck by chaos, small of memory and watched closely. */
export function chaosLanes(/** @type {{ model: string }} */ files, /** @type {import('./chaos.js').Chaos} */ chaos) {
  return calmLanes(files).map((lane) => ({
    ...lane,
    module: new URL('./chaos.worker.js', import.meta.url).href,
    input: { ...lane.input, module: lane.module, chaos },
    heartbeat: { everyMs: 100, timeoutMs: 1_500, progressTimeoutMs: 3_000 },
    resourceLimits: { maxOldGenerationSizeMb: 96 },
  }))
}
