// A user's program, type-checked against the packed package. Never run.
import { createDrover, DroverError, type DroverOptions, matrix, policies, validateConfig, type WorkerStatus } from 'drover'

const options: DroverOptions = {
  store: 'data/drover.db',
  quotas: {
    'key-1': {
      requests: [
        { limit: 15, per: 'minute' },
        { limit: 1_500, per: 'day', timeZone: 'America/Los_Angeles' },
      ],
      burst: 5,
    },
  },
  restart: policies.default,
  workers: matrix({
    annotators: [1, 2],
    domains: ['urgency'],
    worker: (annotator) => ({ module: new URL('./annotate.worker.js', import.meta.url), dataset: 'messages', quota: `key-${annotator}` }),
  }),
}

// @ts-expect-error a misspelt option is a compile error
export const misspelt: DroverOptions = { ...options, concurency: 3 }

const checked = validateConfig(options)
if (!checked.ok) throw new Error(checked.issues.map(({ path, message }) => `${path}: ${message}`).join('\n'))

const drover = await createDrover(options)
drover.on('worker:state:changed', ({ worker, from, to, reason }) => console.log(worker, from, to, reason))
await drover.load('messages', [{ id: 'a', text: 'hello' }], { key: (message) => message.id })
await drover.start()
const report = await drover.done()
const statuses: WorkerStatus[] = drover.status().workers
for await (const row of drover.results({ domain: 'urgency' })) console.log(row.key, row.annotator, row.value)
await drover.close()
console.log(report.completed.length, statuses.length, DroverError.is(report))
