/**
 * A system with something of everything to be shown: annotators and questions, workers in most states, spent quotas, failures, dead tasks, labels,
 * log lines. The same each time, but for times and what is under way.
 */
import { readReviews } from '../../../../examples/demo/reviews.js'
import { type Drover, supervisor, type WorkerOptions } from '../../../../src/index.js'
import type { LabellingInput } from '../../../fixtures/labelling.worker.js'
import { open, state } from '../../../support/system.js'

const module = new URL('../../../fixtures/labelling.worker.js', import.meta.url)

const questions: Record<string, string[]> = {
  urgency: ['low', 'medium', 'high'],
  sentiment: ['negative', 'positive', 'neutral'],
  topic: ['product', 'food', 'film', 'service', 'price'],
  spam: ['ham', 'spam'],
  intent: ['statement', 'complaint', 'praise', 'question'],
  language: ['english', 'other'],
}

const done = { input: { everyMs: 5 }, target: 60 }

/** What is special about some of them. */
const special: Record<string, Partial<Omit<WorkerOptions, 'input'>> & { input?: Partial<LabellingInput> }> = {
  'annotator-1/urgency': { ...done, input: { everyMs: 5, at: { 'amazon-3': 'refuse', 'amazon-9': 'throw', 'amazon-14': 'refuse' } } },
  'annotator-2/urgency': done,
  'annotator-1/sentiment': { ...done, input: { everyMs: 5, at: { 'amazon-12': 'refuse' } } },
  'annotator-2/sentiment': done,
  'annotator-2/topic': { input: { at: { 'amazon-2': 'exit' } }, tasks: { poisonAfter: 9, maxAttempts: 9 }, restart: { maxRestarts: 2 } },
  'annotator-2/spam': {
    input: { at: { 'amazon-5': 'exit' } },
    restart: { backoff: { immediate: 0, initialMs: 900_000, factor: 1, maxMs: 900_000, jitter: 0 } },
  },
  'annotator-1/spam': { enabled: false },
}

/** @param spent whether the day's quota of its annotator soon is */
function lane(annotator: string, domain: string, spent: boolean): WorkerOptions {
  const id = `annotator-${annotator}/${domain}`
  const { input, ...more } = special[id] ?? {}
  return {
    id,
    module,
    dataset: 'messages',
    quota: `key-${annotator}`,
    group: annotator === '1' ? 'local' : 'remote',
    ...more,
    ...(spent && { target: 100 }),
    input: { labels: questions[domain] ?? [], everyMs: spent ? 100 : 400, apiKey: `sk-of-annotator-${annotator}`, ...input },
  }
}

/**
 * Started, and as far as it comes without somebody who does something. `whole`: five annotators and six questions, for pictures; otherwise four and
 * four, which start sooner. The last annotator's quota is spent.
 */
export async function openHerd({ whole = false } = {}): Promise<Drover> {
  const { reviews } = await readReviews({ quick: true })
  const annotators = whole ? ['1', '2', '3', '4', '5'] : ['1', '2', '3', '4']
  const domains = Object.keys(questions).slice(0, whole ? 6 : 4)
  const last = annotators.at(-1) as string
  const key = (perDay: number) => ({
    requests: [
      { limit: 6_000, per: 'minute' as const, burst: 300 },
      { limit: perDay, per: 'day' as const, timeZone: 'America/Los_Angeles' },
    ],
  })
  const system = await open({
    concurrency: 20,
    groups: { local: 10, remote: 16 },
    quotas: Object.fromEntries(annotators.map((annotator) => [`key-${annotator}`, key(annotator === last ? 60 : 1_500)])),
    heartbeat: { everyMs: 250, timeoutMs: 10_000, progressTimeoutMs: 20_000 },
    workers: annotators.map((annotator) =>
      supervisor({
        id: `annotator-${annotator}`,
        intensity: { restarts: 10, withinMs: 60_000 },
        children: domains.map((domain) => lane(annotator, domain, annotator === last)),
      }),
    ),
  })
  await system.load('messages', reviews)
  await system.start()
  await Promise.all([
    ...Object.keys(special).flatMap((id) => (special[id]?.target ? [state(system, id, 'completed')] : [])),
    ...domains.map((domain) => state(system, `annotator-${last}/${domain}`, 'parked')),
    state(system, 'annotator-2/topic', 'blacklisted'),
    state(system, 'annotator-2/spam', 'backoff'),
    state(system, 'annotator-1/topic', 'running'),
  ])
  await system.pause('annotator-1/topic')
  await state(system, 'annotator-1/topic', 'paused')
  return system
}
