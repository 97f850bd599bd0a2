/** Options that are constants keep the literals that they need. Compiled, never run. */
import { createDrover, createQuota, type DroverOptions, type InputOf, matrix, type QuotaOptions, supervisor } from 'drover'
import type { configured } from './workers.js'

// As constants, with lists in them.
const limits = {
  'key-1': {
    requests: [
      { limit: 15, per: 'minute' },
      { limit: 1_500, per: 'day', timeZone: 'Europe/Berlin' },
    ],
    burst: 5,
    within: ['project'],
  },
  project: { requests: { limit: 30, per: 'minute' }, tokens: [{ limit: 90_000, per: 60_000 }], adapt: true },
} as const
const workers = [
  {
    id: 'all',
    strategy: 'rest-for-one',
    children: [{ id: 'a/x', module: new URL('./a.js', import.meta.url), isolation: 'process', quota: { rotate: ['key-1'] } }],
  },
] as const
const drover = await createDrover({ store: ':memory:', quotas: limits, workers, secrets: ['a secret'] as const, onFull: 'reject' })
await drover.quota('key-1').set(limits['key-1'])
await drover.add(workers[0])
supervisor(workers[0])
const quota = await createQuota({ store: ':memory:', name: 'key-1', ...limits['key-1'], quotas: limits })
await quota.set(limits.project)
matrix({ annotators: ['ann'], domains: ['x'], worker: () => workers[0].children[0] })

// As checked constants.
const checked = { 'key-1': { requests: [{ limit: 15, per: 'minute' }] } } satisfies Record<string, QuotaOptions>
const options = {
  store: ':memory:',
  quotas: checked,
  workers: [{ id: 'a/x', module: './a.js', quota: 'key-1', input: { model: 'small' } satisfies InputOf<typeof configured> }],
} satisfies DroverOptions
await createDrover(options)
await createDrover({ ...options, concurrency: 3 })

// What is wrong stays wrong.
// @ts-expect-error there is no such window
await createDrover({ store: ':memory:', workers: [], quotas: { 'key-1': { requests: { limit: 15, per: 'week' } } } as const })
// @ts-expect-error there is no such option
await createDrover({ store: ':memory:', workers: [], concurency: 3 })
// @ts-expect-error there is no such strategy
supervisor({ id: 'group', strategy: 'one-for-two', children: [] })
// @ts-expect-error a number is no name
await createDrover({ store: ':memory:', workers: [{ id: 'a/x', module: './a.js', dataset: 5 }] })
// @ts-expect-error the model is missing
export const input: InputOf<typeof configured> = { temperature: 1 }
