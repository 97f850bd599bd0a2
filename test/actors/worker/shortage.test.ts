/** The ground gives way: what is short is waited for, and nobody who needed it is held to blame. */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { DroverEvents } from '../../../src/index.js'
import { drive, endHosts } from '../../support/driven-hosts.js'
import { hangMs } from '../../support/hang.js'
import { said } from '../../support/kill-rounds.js'
import { removeDisks, smallDisk } from '../../support/small-disk.js'
import { cleanUp, event, items, open, openWithParts, state, temporaryFolder, until, worker } from '../../support/system.js'

test.after.each(async () => {
  await endHosts()
  await cleanUp()
  removeDisks()
})

test('a disk that fills is no failure of a worker: it waits, says why, and continues; events of the meantime are stored then', async () => {
  const disk = smallDisk()
  if (!disk) return
  const file = join(disk.folder, 'full.db')
  const workers = [worker('a/x', { prefetch: 0 }), worker('b/x', { dataset: 'slow' })]
  const { system, parts } = await openWithParts({ store: file, workers, restart: { maxRestarts: 1, backoff: { immediate: 9 } } })
  await system.load(
    'data',
    items(40, (i) => (i === 5 ? { do: 'exit', times: 1 } : {})),
  )
  await system.load(
    'slow',
    items(1, () => ({ do: 'sleep', ms: hangMs })),
  )
  await system.start('b/x')
  await state(system, 'b/x', 'running')
  const failures: DroverEvents['worker:failure:recorded'][] = []
  system.on('worker:failure:recorded', (failed) => failures.push(failed))
  // Room in the log would do for small transactions: it goes first.
  const other = new Database(file)
  const fill = (): void => {
    do {
      other.pragma('wal_checkpoint(TRUNCATE)')
      disk.fill()
    } while (statSync(`${file}-wal`).size > 0)
  }
  system.on('worker:state:changed', ({ to }) => to === 'crashed' && fill())
  await system.start('a/x')
  const warnings = (): number =>
    system.logs({ level: 'warn', limit: 1_000 }).filter(({ message }) => /cannot be started now/.test(message)).length
  // Longer than four starts of the policy would take.
  await until(
    () => system.worker('a/x').status().reason.startsWith('cannot be started now: STORE_FAILED') && warnings() > 0,
    'it waits',
    hangMs,
  )
  const told: string[] = []
  system.on('worker:state:changed', ({ worker, to }) => told.push(`${worker} ${to}`))
  const [outcome] = await system.blacklist('b/x', 'useless', { drainMs: 0 })
  assert.is(outcome?.ok, false)
  assert.match(
    outcome?.message ?? '',
    /^blacklisted, but not stored yet \(the store failed: database or disk is full: 0 kB are free where .*full\.db is, [\d,]+ kB are needed\)/,
  )
  assert.not.ok(told.includes('b/x blacklisted'), 'told before it is stored')
  system.controlled({ action: 'pause', who: 'token', from: '127.0.0.1', params: {}, outcome: 'ok', status: 200 })
  await parts.recorder.flush().then(
    () => assert.unreachable('nothing can be stored'),
    (error: Error & { code?: string }) => assert.is(error.code, 'STORE_FAILED'),
  )
  assert.is(system.worker('a/x').status().state, 'starting')

  const given = event(system, 'worker:state:changed', ({ worker, to }) => worker === 'b/x' && to === 'blacklisted')
  disk.clear()
  await given
  other.close()
  const db = new Database(file, { readonly: true })
  assert.is(db.prepare(`SELECT state FROM worker WHERE name = 'b/x'`).pluck().get(), 'blacklisted')
  db.close()
  const report = await system.done()
  assert.equal([report.completed, report.blacklisted], [['a/x'], ['b/x']])
  assert.equal([system.worker('a/x').status().restarts, failures.map(({ failure }) => failure.kind)], [1, ['exit']])
  const history = await system.history({ types: ['http:control:done', 'worker:state:changed'], limit: 1_000 })
  assert.is(history.filter(({ type }) => type === 'http:control:done').length, 1)
  assert.ok(history.some(({ payload }) => (payload as { to?: string }).to === 'crashed'))
  const messages = system.logs({ part: 'system', limit: 1_000 }).map(({ message }) => message)
  assert.ok(messages.some((message) => /^the store cannot save events \(STORE_FAILED: .*disk is full: .*\)/.test(message)))
  assert.ok(messages.includes('the store can save events again'))
})

test('a store that another process locks for longer than the start timeout makes no worker late', async () => {
  const file = join(temporaryFolder(), 'locked.db')
  const startTimeoutMs = 3_000
  const system = await open({
    store: file,
    workers: [worker('a/x', { prefetch: 0 })],
    heartbeat: { everyMs: 25, timeoutMs: hangMs, progressTimeoutMs: hangMs, startTimeoutMs },
    restart: { maxRestarts: 1, startup: { maxRestarts: 0 }, backoff: { immediate: 9 } },
  })
  await system.load(
    'data',
    items(10, (i) => (i === 5 ? { do: 'exit', times: 1 } : {})),
  )
  const other = new Database(file, { timeout: hangMs })
  system.on('worker:state:changed', ({ to }) => {
    if (to !== 'crashed') return
    other.exec('BEGIN IMMEDIATE')
    setTimeout(() => other.exec('ROLLBACK'), startTimeoutMs + 500)
  })
  await system.start()
  const report = await system.done()
  other.close()
  assert.equal([report.completed, report.results], [['a/x'], 10])
  assert.equal(
    (await system.failures()).map(({ failure }) => failure.kind),
    ['exit'],
  )
})

test('sixteen healthy workers in a process that may open 128 files all get done, one after another', async () => {
  const count = 16
  const host = drive({
    store: join(temporaryFolder(), 'files.db'),
    files: 128,
    concurrency: count,
    heartbeat: { startTimeoutMs: hangMs },
    restart: { maxRestarts: 0 },
    workers: Array.from({ length: count }, (_, i) => ({ id: `annotator-${i}/x`, dataset: 'data' })),
    load: { data: items(3) },
  })
  const failed: string[] = []
  host.on('message', (message: { at: string; worker: string; failure?: { message: string } }) => {
    if (message.at === 'failure') failed.push(`${message.worker}: ${message.failure?.message}`)
  })
  const { report } = await said<{ at: string; report: { completed: string[]; results: number } }>(host, 'done')
  assert.equal([failed, report.completed.length, report.results], [[], count, count * 3])
})

test('a worker process whose folder for temporary files has gone since its system was made has its file elsewhere', async () => {
  const folder = temporaryFolder()
  const before = process.env.TMPDIR
  const system = await open({
    store: join(folder, 'elsewhere.db'),
    workers: [worker('a/x', { isolation: 'process' })],
    restart: { maxRestarts: 0 },
  })
  await system.load('data', items(2))
  try {
    process.env.TMPDIR = join(folder, 'missing')
    await system.start()
    const report = await system.done()
    assert.equal([report.completed, (await system.failures()).length], [['a/x'], 0])
  } finally {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
  }
})

test.run()
