/** Whether the ground is well: hosts, store, main thread. Real hosts are killed, a real store is locked, the real main thread is blocked. */
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { waitsOf } from '../../src/drover/health.js'
import type { Health } from '../../src/drover/health-report.js'
import { troublesOf } from '../../src/drover/health-troubles.js'
import type { Drover } from '../../src/index.js'
import { migrations } from '../../src/store/sqlite/schema.js'
import { drive, endHosts } from '../support/driven-hosts.js'
import { hangMs } from '../support/hang.js'
import { refused } from '../support/refused.js'
import { cleanUp, items, open, openWithParts, temporaryFolder, until, worker } from '../support/system.js'

test.after.each(async () => {
  await endHosts()
  await cleanUp()
})

/** Asks until something holds. */
async function health(system: Drover, condition: (health: Health) => boolean, what: string): Promise<Health> {
  for (const deadline = performance.now() + hangMs; ; await sleep(20)) {
    const found = await system.health()
    if (condition(found)) return found
    if (performance.now() > deadline) throw new Error(`not within ${hangMs} ms: ${what}; found ${JSON.stringify(found)}`)
  }
}

const kinds = ({ troubles }: Pick<Health, 'troubles'>): string[] => troubles.map(({ kind }) => kind)

test('of two hosts on one file, the one killed with -9 counts as gone, and is told for an hour', async () => {
  const store = join(temporaryFolder(), 'shared.db')
  const other = drive({ store, workers: [{ id: 'a/x', dataset: 'data' }], load: { data: [{ id: '1', do: 'sleep', ms: hangMs }] } })
  const started = new Promise<void>((resolve) => other.on('message', ({ at }: { at: string }) => at === 'a/x running' && resolve()))
  await started
  const { system, parts } = await openWithParts({ store, workers: [worker('b/x')] })
  const before = (await system.health()).hosts ?? []
  assert.equal(
    before.map(({ pid, here, gone, diedAt, workers }) => ({ pid, here, gone, diedAt, workers })),
    [
      { pid: other.pid, here: false, gone: false, diedAt: null, workers: 1 },
      { pid: process.pid, here: true, gone: false, diedAt: null, workers: 0 },
    ],
  )
  for (const { joinedAt, renewedAt } of before)
    assert.ok(joinedAt !== null && renewedAt !== null && joinedAt <= renewedAt && renewedAt <= Date.now())
  other.kill('SIGKILL')
  await once(other, 'exit')
  const gone = await health(system, ({ hosts }) => hosts?.[0]?.gone === true, 'it counts as gone')
  assert.ok(kinds(gone).includes('host-gone') && !gone.ok)
  await parts.store.client.call('sweep', { host: parts.host.id })
  const swept = await system.health()
  const [dead] = swept.hosts ?? []
  assert.ok(dead?.gone && dead.workers === 0 && dead.diedAt !== null && dead.diedAt <= Date.now())
  const told = swept.troubles.find(({ kind }) => kind === 'host-gone')
  assert.match(told?.message ?? '', new RegExp(`^Host ${other.pid} on .* died without leaving; its workers were taken back$`))
  assert.is(told?.since, dead.diedAt)
})

test('a host that cannot renew itself for half a minute does not count as gone to itself: it answers', async () => {
  const { system, parts } = await openWithParts({ workers: [worker('a/x')] })
  const other = new Database(parts.config.store)
  other.exec('UPDATE host SET alive_until = 0')
  other.close()
  const { hosts, troubles } = await system.health()
  assert.equal([hosts?.map(({ here, gone }) => [here, gone]), troubles], [[[true, false]], []])
})

test('a store tells its file, sizes, version, commits and its last check', async () => {
  const store = join(temporaryFolder(), 'well.db')
  const system = await open({ store, workers: [worker('a/x')] })
  await system.load('data', items(20))
  await system.start()
  await system.done()
  const { store: of, process: own } = await system.health()
  assert.equal([of.file, of.version, of.waits, of.lastCheck], [store, migrations.length, null, null])
  assert.ok(of.space && of.space.fileBytes > 0 && of.space.logBytes > 0 && of.space.logLimitBytes > 0 && of.space.disk !== null)
  const { count, p50Ms, p99Ms, perSecond } = of.commits
  assert.ok(count > 3 && perSecond > 0 && p50Ms !== null && p99Ms !== null && p50Ms <= p99Ms, JSON.stringify(of.commits))
  assert.ok(own.pid === process.pid && own.rssBytes > own.heapUsedBytes && own.heapLimitBytes > own.heapUsedBytes)
  const began = Date.now()
  await system.check()
  const { lastCheck } = (await system.health()).store
  assert.ok(lastCheck && lastCheck.at >= began)
  assert.equal([lastCheck.ok, lastCheck.problems], [true, 0])
  await system.close()
  await refused(system.health(), 'CLOSED', /closed/)
})

test('while another process holds the lock, the transaction that waits for it is seen from outside of the store thread', async () => {
  const store = join(temporaryFolder(), 'locked.db')
  const { system, parts } = await openWithParts({ store, workers: [worker('a/x')] })
  const other = new Database(store)
  other.exec('BEGIN IMMEDIATE')
  const loading = system.load('data', items(1))
  const { meter } = parts.store
  await until(() => meter.read().busySince !== null, 'a transaction has begun')
  const { store: of } = await system.health()
  assert.ok(of.pending > 0 && meter.read().inHand > 0, 'the load is pending')
  other.exec('ROLLBACK')
  other.close()
  await loading
  assert.is(meter.read().busySince, null)
})

test('a wait for the store is told from its first call on; a transaction, once it takes more than two seconds', () => {
  const first = { since: 1_000, why: 'first' }
  const second = { since: 500, why: 'second' }
  assert.is(waitsOf([null, null], null, 9_000), null)
  assert.is(waitsOf([null, null], 1_999, 9_000), null)
  assert.match(
    JSON.stringify(waitsOf([null, null], 2_500, 9_000)),
    /"since":6500,"why":"a transaction does not end: another process has locked/,
  )
  assert.equal(waitsOf([first, second], 100, 9_000), { since: 500, why: 'first' })
  assert.equal(waitsOf([null, second], null, 9_000), second)
})

test('a main thread that was blocked for a second is told, with how late it was', async () => {
  const system = await open({ workers: [worker('a/x')] })
  await health(system, ({ loop }) => loop.maxMs !== null, 'it is measured')
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_100)
  const { loop, troubles } = await health(system, ({ loop }) => (loop.maxMs ?? 0) > 1_000, 'it was late')
  assert.ok((loop.p50Ms ?? 0) <= (loop.p99Ms ?? 0) && (loop.p99Ms ?? 0) <= (loop.maxMs ?? 0), JSON.stringify(loop))
  assert.ok(loop.ofMs >= 1_100 && loop.utilization > 0 && loop.utilization <= 1)
  assert.match(troubles.find(({ kind }) => kind === 'loop-late')?.message ?? '', /^The main thread is late: .* the latest by [\d.]+ s$/)
})

const gigabyte = 1e9

/** A system of which all is well. */
function well(): Omit<Health, 'ok' | 'troubles'> {
  const host = { hostname: 'box', joinedAt: 0, renewedAt: 99_000, gone: false, diedAt: null, workers: 2 }
  return {
    at: 100_000,
    hosts: [
      { ...host, id: 'one', pid: 1, here: true },
      { ...host, id: 'two', pid: 2, here: false },
    ],
    store: {
      file: '/data/drover.db',
      version: 8,
      space: { fileBytes: 1, logBytes: 1, logLimitBytes: 1, disk: { freeBytes: 3 * gigabyte, totalBytes: 900 * gigabyte } },
      waits: null,
      pending: 0,
      commits: { count: 0, ofMs: 0, perSecond: 0, p50Ms: null, p99Ms: null },
      lastCheck: null,
    },
    loop: { ofMs: 0, p50Ms: 1, p99Ms: 200, maxMs: 900, utilization: 0.5 },
    process: { pid: 1, startedAt: 0, rssBytes: 89, limitBytes: 100, heapUsedBytes: 1, heapLimitBytes: 2, threads: 9, workerThreads: 1 },
  }
}

const cases: [what: string, spoil: (health: ReturnType<typeof well>) => void, message: RegExp | null][] = [
  ['nothing', () => {}, null],
  [
    'a disk of 900 GB with 1.5 GB left',
    ({ store }) => disk(store, 1.5, 900),
    /^The disk of the store is nearly full: 1\.5 GB of 900 GB are free$/,
  ],
  ['a disk of 10 GB with 0.4 GB left', ({ store }) => disk(store, 0.4, 10), /nearly full: 400 MB of 10 GB/],
  ['a disk of 10 GB with 0.6 GB left', ({ store }) => disk(store, 0.6, 10), null],
  ['a disk of 0.1 GB that is empty', ({ store }) => disk(store, 0.1, 0.1), /nearly full/],
  [
    'a check with a problem',
    ({ store }) => Object.assign(store, { lastCheck: { at: 5, ok: false, problems: 2 } }),
    /last check of the store found 2 problems/,
  ],
  ['this host without a renewal', ({ hosts }) => Object.assign(hosts?.[0] ?? {}, { renewedAt: 0 }), null],
  [
    'another host without one',
    ({ hosts }) => Object.assign(hosts?.[1] ?? {}, { renewedAt: 40_000 }),
    /^Host 2 on box has given no sign of life for 1 min: its process is there/,
  ],
  [
    'a host that is gone',
    ({ hosts }) => Object.assign(hosts?.[1] ?? {}, { gone: true }),
    /^Host 2 on box is gone; it still holds 2 workers$/,
  ],
  [
    'turns that are late',
    ({ loop }) => Object.assign(loop, { p99Ms: 251 }),
    /one turn in a hundred by 251 ms or more, the latest by 900 ms$/,
  ],
  ['memory of its container', ({ process: own }) => Object.assign(own, { rssBytes: 91 }), /^Memory is nearly full/],
  ['the heap', ({ process: own }) => Object.assign(own, { heapUsedBytes: 1.9 }), /^The heap of the main thread is nearly full/],
]

function disk({ space }: Health['store'], free: number, total: number): void {
  Object.assign(space ?? {}, { disk: { freeBytes: free * gigabyte, totalBytes: total * gigabyte } })
}

test('what is not well is told in words, and nothing else is', () => {
  for (const [what, spoil, message] of cases) {
    const spoilt = well()
    spoil(spoilt)
    const told = troublesOf(spoilt).map((trouble) => trouble.message)
    assert.is(told.length, message ? 1 : 0, `${what}: ${told}`)
    if (message) assert.match(told[0] as string, message, what)
  }
})

test('hosts that cannot give a sign of life because the store is locked are not told beside it', () => {
  const spoilt = well()
  Object.assign(spoilt.hosts?.[1] ?? {}, { renewedAt: 0 })
  Object.assign(spoilt.store, { waits: { since: 1, why: 'locked' } })
  assert.equal(kinds({ troubles: troublesOf(spoilt) }), ['store-waits'])
})

test('a store that is gone is told as such, and before all else', () => {
  const spoilt = well()
  Object.assign(spoilt.loop, { maxMs: 5_000 })
  Object.assign(spoilt, { hosts: null })
  Object.assign(spoilt.store, { waits: { since: 1, why: 'gone' } })
  assert.equal(kinds({ troubles: troublesOf(spoilt, { hasFailed: true, unread: 'closed' }) }), ['store-failed', 'loop-late'])
  assert.equal(kinds({ troubles: troublesOf(spoilt, { unread: 'no such file' }) }), ['store-waits', 'store-unread', 'loop-late'])
})

test.run()
