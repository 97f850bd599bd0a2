/** The store cannot be written for a while: whoever called something waits, is told, and has what was asked for afterwards. */
import { once } from 'node:events'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createQuota, type Drover, type DroverError } from '../../src/index.js'
import { connectQuota } from '../../src/worker.js'
import { hangMs } from '../support/hang.js'
import { removeDisks, smallDisk } from '../support/small-disk.js'
import { cleanUp, items, openWithParts, state, temporaryFolder, until, worker } from '../support/system.js'
import { within } from './support/waiting.js'

test.after.each(async () => {
  await cleanUp()
  removeDisks()
})

/** A system on a disk that is full from now on. */
async function onFullDisk() {
  const disk = smallDisk()
  if (!disk) return null
  const { system, parts } = await openWithParts({
    store: join(disk.folder, 'full.db'),
    workers: ['a', 'b', 'c', 'd', 'e'].map((id) => worker(`${id}/x`, id === 'e' ? { dataset: 'other' } : {})),
    quotas: { key: { requests: [{ limit: 5, per: 'minute' }] } },
    tasks: { maxAttempts: 1 },
  })
  await system.load('data', items(5))
  await system.load('other', [{ id: 'bad', do: 'throw' }])
  await system.start('e/x')
  assert.is((await system.done()).dead, 1)
  disk.fill()
  // Empties the log, which leaves room again.
  await parts.store.client.call('now', {})
  disk.fill()
  return { system, parts, disk }
}

const warnings = (system: Drover): string[] => system.logs({ level: 'warn', limit: 1_000 }).map(({ message }) => message)

test('control calls on a full disk wait, say so once, and are done when there is room', async () => {
  const full = await onFullDisk()
  if (!full) return
  const { system, disk } = full
  const filledAt = Date.now()
  const calls: Record<string, Promise<unknown>> = {
    start: system.start('a/x'),
    blacklist: system.blacklist('b/x', 'useless'),
    reset: system.reset('e/x', { data: true }),
    setTarget: system.setTarget('d/x', 3),
    redrive: system.redrive({ worker: 'e/x' }),
    prioritise: system.tasks.prioritise({ dataset: 'data', keys: ['item-3'] }, 7),
    load: system.load('more', items(2)),
    'quota.set': system.quota('key').set({ requests: [{ limit: 9, per: 'minute' }] }),
    'quota.penalize': system.quota('key').penalize({ retryAfterMs: 1_000 }),
    'quota.retire': system.quota('key').retire('stolen'),
    add: system.add(worker('f/x'), { persist: true }),
    update: system.update('c/x', { delayMs: 100 }, { persist: true }),
    remove: system.remove('d/x', { persist: true }),
  }
  const settled: string[] = []
  for (const [name, call] of Object.entries(calls)) {
    call.then(
      () => settled.push(name),
      (error: Error) => settled.push(`${name}: ${error.message}`),
    )
  }
  await until(() => warnings(system).some((message) => /waits for the store/.test(message)), 'it says that a call waits')
  // It is answered after what was asked before it: each was refused by then.
  await system.quotas()
  assert.equal(settled, [])
  const { store, troubles } = await system.health()
  const { since, why } = store.waits as NonNullable<typeof store.waits>
  assert.match(why, /disk is full/)
  assert.ok(since >= filledAt && since <= Date.now(), `${since - filledAt} ms after it was full`)
  assert.is(store.space?.disk?.freeBytes, 0)
  assert.equal(
    troubles.map(({ kind, severity }) => [kind, severity]),
    [
      ['store-waits', 'error'],
      ['disk-nearly-full', 'warning'],
    ],
  )
  assert.match(troubles[0]?.message ?? '', /^The store cannot be written, and calls wait: .*disk is full/)
  assert.match(warnings(system).find((message) => /waits for the store/.test(message)) ?? '', /^a call \(\w+\) waits .* disk is full/)
  disk.clear()
  await Promise.all(Object.values(calls))
  assert.is((await system.health()).store.waits, null)
  assert.is(warnings(system).filter((message) => /waits for the store/.test(message)).length, 1)
  assert.is(system.worker('b/x').status().state, 'blacklisted')
  assert.is(((await calls.start) as { ok: boolean }[])[0]?.ok, true)
  await until(() => system.worker('a/x').status().state === 'completed', 'the worker that was started is done')
  assert.equal((await system.quota('key').status()).quotaLimit, 9)
})

test('a load that waits for a full disk ends at its signal', async () => {
  const full = await onFullDisk()
  if (!full) return
  const { system, disk } = full
  const stop = new AbortController()
  const loading = system.load('data', items(20), { signal: stop.signal })
  await until(() => warnings(system).some((message) => /enqueue.*waits for the store/.test(message)), 'it waits')
  stop.abort(new Error('enough'))
  await loading.then(
    () => assert.unreachable('nothing can be stored'),
    (error: Error) => assert.is(error.message, 'enough'),
  )
  disk.clear()
})

test('calls that wait for the store when the system closes are rejected, and close ends', async () => {
  const full = await onFullDisk()
  if (!full) return
  const { system } = full
  const start = system.start('a/x')
  const rejected = system.redrive({ worker: 'e/x' }).then(
    () => ({ code: 'none', message: 'nothing can be stored' }),
    (error: DroverError) => error,
  )
  await until(() => warnings(system).some((message) => /waits for the store/.test(message)), 'it waits')
  await system.close()
  const [outcome] = await start
  assert.equal([outcome?.ok, outcome?.message], [false, 'stopped before it was started'])
  const { code, message } = await rejected
  assert.is(code, 'CLOSED')
  assert.match(message, /the store could not take the call \(redrive\) before/)
})

test('a system whose store another process has locked is closed within its limit, and says what it could not give back', async () => {
  const file = join(temporaryFolder(), 'locked.db')
  const { system } = await openWithParts({ store: file, workers: [worker('a/x', { prefetch: 0 })], killMs: 1_000, drainMs: 1_000 })
  await system.load(
    'data',
    items(1, () => ({ do: 'sleep', ms: hangMs })),
  )
  await system.start()
  await state(system, 'a/x', 'running')
  const errors: string[] = []
  system.onLog(({ level, message }) => level === 'error' && errors.push(message))
  const other = new Database(file)
  other.exec('BEGIN IMMEDIATE')
  const began = performance.now()
  await system.close()
  const took = performance.now() - began
  other.close()
  // A transaction waits for 30 s, and there are several to do.
  assert.ok(took < 30_000, `${Math.round(took)} ms`)
  assert.ok(errors.some((message) => /^not in the store: the latest states of 1 workers/.test(message)))
  assert.ok(errors.some((message) => /^could not leave the store and release a\/x: until this process ends/.test(message)))
})

test('a quota by itself whose store is locked is closed within its limit, and warns of what it could not give back', async () => {
  const file = join(temporaryFolder(), 'quota.db')
  const quota = await createQuota({ store: file, name: 'key', concurrency: 2 })
  await quota.acquire()
  const other = new Database(file)
  other.exec('BEGIN IMMEDIATE')
  const warned = once(process, 'warning') as Promise<[Error]>
  const began = performance.now()
  await quota.close()
  const took = performance.now() - began
  other.close()
  assert.ok(took < 30_000, `${Math.round(took)} ms`)
  assert.match((await warned)[0].message, /^quota key could not give its grants back/)
  const again = await createQuota({ store: file, name: 'key', concurrency: 2 })
  assert.is((await again.status()).inFlight, 0)
  await again.close()
})

/** A quota by itself on a disk that is full from now on; what became of each call is told by `settled`. */
async function quotaOnFullDisk() {
  const disk = smallDisk()
  if (!disk) return null
  const quota = await createQuota({ store: join(disk.folder, 'full.db'), name: 'key', concurrency: 2 })
  await quota.penalize({ retryAfterMs: 60_000 })
  const connected = connectQuota(quota.connect())
  disk.fill()
  // Empties the log, which leaves room again.
  await quota.status()
  disk.fill()
  const warned = once(process, 'warning') as Promise<[Error]>
  const settled: string[] = []
  const calls = [
    quota.penalize({ retryAfterMs: 60_000 }),
    quota.unblock(),
    quota.set({ concurrency: 9 }),
    connected.penalize({ retryAfterMs: 70_000 }),
  ].map((call) =>
    call.then(
      () => settled.push('done'),
      ({ message }: DroverError) => settled.push(message),
    ),
  )
  const [{ message }] = await within('it says that a call waits', warned, () => settled)
  assert.match(message, /^a call \(\w+\) waits for the store, .* disk is full/)
  // It is answered after what was asked before it: each was refused by then.
  await quota.status()
  assert.equal(settled, [])
  return { disk, quota, connected, calls, settled }
}

test('calls by hand on a quota without workers wait for a full disk, also from another thread', async () => {
  const full = await quotaOnFullDisk()
  if (!full) return
  const { disk, quota, connected, calls, settled } = full
  disk.clear()
  await Promise.all(calls)
  assert.equal(settled, ['done', 'done', 'done', 'done'])
  assert.is((await quota.status()).concurrency, 9)
  await connected.close()
  await quota.close()
})

test('calls that wait for a full disk are refused when a quota without workers is closed', async () => {
  const full = await quotaOnFullDisk()
  if (!full) return
  const { quota, connected, calls, settled } = full
  await connected.close()
  await quota.close()
  await Promise.all(calls)
  assert.is(settled.length, 4)
  // One that was just being tried again says why it could not be done.
  for (const message of settled) assert.match(message, /is closed|disk is full/)
})

test.run()
