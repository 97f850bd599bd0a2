// A user's program, type-checked against the packed package. Never run.
import {
  createDrover,
  DroverError,
  type DroverOptions,
  matrix,
  policies,
  supervisor,
  type Task,
  type TaskRecord,
  validateConfig,
  type WorkerStatus,
} from 'drover'
import { type Client, ClientError, connect } from 'drover/client'
import { type Clock, fakeProvider, type RequestRecord, simulatedClock } from 'drover/testing'
import type { Task as WorkerTask } from 'drover/worker'

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

const workers = [supervisor({ id: 'group', strategy: 'rest-for-one', children: [...options.workers, { id: 'a', module: './a.js' }] })]

// @ts-expect-error a misspelt strategy is a compile error
supervisor({ id: 'group', strategy: 'one-for-two', children: [] })

// @ts-expect-error a misspelt option is a compile error
export const misspelt: DroverOptions = { ...options, concurency: 3 }

const checked = validateConfig(options)
if (!checked.ok) throw new Error(checked.issues.map(({ path, message }) => `${path}: ${message}`).join('\n'))

const drover = await createDrover({ ...options, workers })
drover.on('worker:state:changed', ({ worker, from, to, reason }) => console.log(worker, from, to, reason))
await drover.load('messages', [{ id: 'a', text: 'hello' }], { key: (message) => message.id })
await drover.add({ id: 'b', module: './b.js' }, { under: 'group', persist: true })
await drover.update('b', { priority: 1, target: undefined })
await drover.remove('b')
drover.inspect(({ type }) => console.log(type))()
for (const node of drover.tree()) console.log('supervisor' in node ? node.children.length : node.state)
await drover.start('group')
const report = await drover.done()
const statuses: WorkerStatus[] = drover.status().workers
for await (const row of drover.results({ domain: 'urgency' })) console.log(row.key, row.annotator, row.value)
const { items }: { items: TaskRecord[] } = await drover.tasks.list({ state: 'dead' })
// The old name of the record, which existing programs import.
const deadKeys = items.map((task: Task) => task.key)
// What a worker is given is no record of the store.
// @ts-expect-error it has no data
items.map((task): WorkerTask => task)
await drover.close()
console.log(report.completed.length, statuses.length, deadKeys, DroverError.is(report))

const clock: Clock = simulatedClock({ speed: 600 })
const provider = await fakeProvider({
  answer: async ({ prompt, attempt }) => ({ text: `${prompt} ${attempt}` }),
  limits: { requests: { limit: 15, per: 'minute', kind: 'bucket', burst: 5 }, concurrency: 4, scope: 'project' },
  keys: { 'key-1': { project: 'a' } },
  flavor: 'gemini',
  clock,
})
provider.inject({ kind: 'timeout', rate: 0.1 })()
const records: RequestRecord[] = provider.account.requests
console.log(provider.baseUrl, records.length, provider.account.utilisation(), provider.account.violations())
await provider.close()

const client: Client = connect('http://127.0.0.1:8000', { token: 'a token of 16 or more', topics: ['workers', 'events'] })
const stopSelecting = client.select(
  ({ workers }) => workers?.['annotator-1/urgency']?.state,
  (now, before) => console.log(now, before),
)
client.on('event', ({ id, type, worker }) => console.log(id, type, worker))
client.on('log', ({ message }) => console.log(message.length))
// @ts-expect-error a misspelt topic is a compile error
client.setTopics(['worker'])
const { overview } = await client.until((state) => state.overview?.done === 1, { timeoutMs: 1_000 })
const outcomes = await client.request<{ ok: boolean }[]>('POST', '/control/start', {}).catch((error: unknown) => error)
console.log(overview?.total, client.status === 'live', outcomes instanceof ClientError && outcomes.status)
stopSelecting()
await client.close()
