import { test } from 'uvu'
import type { CreateQuotaOptions } from '../../src/quotas/create-quota.js'
import type { QuotaHostOrders } from '../fixtures/quota-host.js'
import { inFolder } from '../store/support/folders.js'
import type { ProviderLimit } from '../support/quota-checker.js'
import { callFor, endQuotaHosts, judge, notesIn, startHosts } from '../support/quota-processes.js'

const minute = 60_000
type Limits = Omit<CreateQuotaOptions, 'store' | 'name'> & Pick<CreateQuotaOptions, 'quotas'>

interface Run {
  /** @defaultValue two: which limit is meant decides nothing about who asks, and each process costs a second of a core */
  processes?: number
  /** In each process. @defaultValue 2 */
  threads?: number
  /** @defaultValue 10_000 */
  ms?: number
  weigh?: QuotaHostOrders['weigh']
}

/** Processes with threads; `limits` may differ from process to process. */
const hostsOf = (
  folder: string,
  limits: { name: string; options: Limits }[],
  { processes = 2, threads = 2, weigh = null }: Run,
): QuotaHostOrders[] =>
  Array.from({ length: processes }, (_, process) => {
    const { name, options } = limits[process % limits.length] as { name: string; options: Limits }
    const quota = { ...options, store: `${folder}/quota.db`, name } as CreateQuotaOptions
    return { quota, threads, folder: `${folder}/notes`, weigh, name: `process-${process}` }
  })

async function check(
  limits: { name: string; options: Limits }[],
  expected: { limits?: Record<string, ProviderLimit[]>; together: ProviderLimit[] },
  run: Run = {},
): Promise<void> {
  await inFolder(async (folder) => {
    const hosts = await startHosts(hostsOf(folder, limits, run))
    const { span, worstLagMs } = await callFor(hosts, run.ms ?? 10_000)
    judge({ ...expected, notes: notesIn(`${folder}/notes`), spans: [span], worstLagMs })
  })
}

test.after.each(endQuotaHosts)

test('sixteen threads in four processes share a bucket: never one too many, and all of it is used', () =>
  check(
    [{ name: 'key', options: { requests: { limit: 600, per: 'minute' }, burst: 5 } }],
    { together: [{ limit: 600, per: minute, burst: 5 }] },
    { processes: 4, threads: 4 },
  ))

test('they share strict windows of two lengths: no span holds more, and all of it is used', () =>
  check(
    [
      {
        name: 'key',
        options: {
          requests: [
            { limit: 20, per: 'second' },
            { limit: 50, per: 2_500 },
          ],
        },
      },
    ],
    {
      together: [
        { limit: 20, per: 1_000, burst: null },
        { limit: 50, per: 2_500, burst: null },
      ],
    },
    // What goes at the very end of a window cannot be told from what does not: the run ends before one does.
    { ms: 9_900 },
  ))

test('calls of different weight share a bucket of tokens', () =>
  check(
    [{ name: 'key', options: { tokens: { limit: 6_000, per: 'minute', burst: 20 } } }],
    { together: [{ limit: 6_000, per: minute, burst: 20 }] },
    { weigh: { unit: 'tokens', most: 5 } },
  ))

test('two keys within a project: neither takes more than its own, and both together no more than the project', () => {
  const project = { requests: { limit: 900, per: 'minute' as const }, burst: 6 }
  const key = { requests: { limit: 600, per: 'minute' as const }, burst: 4, within: 'project', quotas: { project } }
  const own: ProviderLimit = { limit: 600, per: minute, burst: 4 }
  return check(
    [
      { name: 'first', options: key },
      { name: 'second', options: key },
    ],
    { limits: { first: [own], second: [own] }, together: [{ limit: 900, per: minute, burst: 6 }] },
    { processes: 4 },
  )
})

test.run()
