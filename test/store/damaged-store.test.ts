/** A store that is damaged, or not there any more, ends the system with an error that says so, instead of going on for ever. */
import { spawnSync } from 'node:child_process'
import { copyFileSync, linkSync, renameSync, rmSync, statSync } from 'node:fs'
import { open as openFile } from 'node:fs/promises'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Drover } from '../../src/drover/drover.js'
import { createDrover } from '../../src/index.js'
import { hostIdentity } from '../../src/store/host-identity.js'
import { openSqliteEngine } from '../../src/store/sqlite/engine.js'
import { hangMs } from '../support/hang.js'
import { refused } from '../support/refused.js'
import { cleanUp, collect, event, items, open, state, temporaryFolder, until, worker } from '../support/system.js'

test.after.each(cleanUp)

async function running(store: string): Promise<Drover> {
  const system = await open({ store, workers: [worker('a/x', { input: { everyMs: 20 } })] })
  await system.load('data', items(2_000))
  await system.start()
  await state(system, 'a/x', 'running')
  return system
}

/** A store with results, and no host. */
async function withResults(): Promise<string> {
  const store = join(temporaryFolder(), 'test.db')
  const system = await open({ store, workers: [worker('a/x')] })
  await system.load('data', items(2_000))
  await system.start()
  await system.done()
  await system.close()
  return store
}

/** A store with results, whose last host ended without a word. */
async function leftByGoneHost(): Promise<string> {
  const store = await withResults()
  const { pid } = spawnSync(process.execPath, ['-e', ''])
  const engine = openSqliteEngine({ file: store, durability: 'process', keepEvents: 10 })
  engine.join({ host: { ...hostIdentity(), id: 'gone', pid, startedAt: '1' } })
  engine.close()
  return store
}

test('after a host died the file is checked, and damage that no read has met yet fails the system', async () => {
  const store = await leftByGoneHost()
  const db = new Database(store)
  const page = db.prepare<[], number>(`SELECT max(pageno) FROM dbstat WHERE name = 'item'`).pluck().get() as number
  db.close()
  const file = await openFile(store, 'r+')
  await file.write(Buffer.alloc(4096, 0xa5), 0, 4096, (page - 1) * 4096)
  await file.close()
  const system = await open({ store, workers: [] })
  if (system.status().state !== 'failed') await event(system, 'store:thread:failed')
  assert.is(system.status().state, 'failed')
  await refused(
    system.start().then(() => system.done()),
    'STORE_FAILED',
  )
})

test('after a host died wrong counts are reported, and the system continues', async () => {
  const store = await leftByGoneHost()
  const db = new Database(store)
  db.exec('DELETE FROM result WHERE item = 7')
  db.close()
  const system = await open({ store, workers: [] })
  const told = (): boolean => system.logs({ limit: 100 }).some(({ message }) => message.startsWith('the store contradicts itself'))
  await until(told, 'the log tells of it')
  assert.is(system.status().state, 'open')
  await refused(collect(system.results()), 'STORE_FAILED')
})

test('a store into whose file something else is copied fails the system', async () => {
  const store = join(temporaryFolder(), 'test.db')
  const system = await running(store)
  const other = `${store}.other`
  const db = new Database(other)
  db.exec('PRAGMA application_id = 77; CREATE TABLE theirs (x)')
  db.close()
  copyFileSync(other, store)
  const { message } = await refused(system.done(), 'STORE_FAILED')
  assert.match(message, /removed, renamed or replaced|damaged/)
  await system.close()
})

test('a store into whose file another store of drover is copied fails the system, and its own copy is none', async () => {
  const store = join(temporaryFolder(), 'test.db')
  const other = `${store}.other`
  for (const file of [other, store]) await (await open({ store: file, workers: [] })).close()
  const copy = `${store}.copy`
  copyFileSync(store, copy)
  const { ino } = statSync(store)
  const system = await open({ store, workers: [] })
  const failed = event(system, 'store:thread:failed')
  copyFileSync(other, store)
  assert.is(statSync(store).ino, ino)
  assert.match((await failed).message, /test\.db was removed, renamed or replaced while it was open/)
  await system.close()
  const restored = await open({ store: copy, workers: [] })
  assert.is(restored.status().state, 'open')
})

test('a store over whose file an older copy of it is copied fails the system', async () => {
  const store = join(temporaryFolder(), 'test.db')
  const copy = `${store}.copy`
  await (await open({ store, workers: [] })).close()
  copyFileSync(store, copy)
  const system = await running(store)
  const failed = event(system, 'store:thread:failed')
  const look = new Database(store)
  const mark = look.prepare<[], number>('SELECT value FROM mark').pluck()
  const before = mark.get() as number
  // A mark that is only in the log is written over the copy.
  const isMarked = (): boolean => {
    if ((mark.get() as number) <= before) return false
    const [{ busy, log, checkpointed }] = look.pragma('wal_checkpoint(PASSIVE)') as [Record<'busy' | 'log' | 'checkpointed', number>]
    return busy === 0 && log === checkpointed
  }
  await until(isMarked, 'the file is marked', hangMs)
  look.close()
  copyFileSync(copy, store)
  assert.match((await failed).message, /removed, renamed or replaced|damaged/)
  await refused(system.done(), 'STORE_FAILED')
  await system.close()
})

for (const [what, change] of [
  ['removed', (store: string) => rmSync(store)],
  ['renamed', (store: string) => renameSync(store, `${store}.old`)],
] as const) {
  test(`a store that is ${what} while a system works on it fails the system at once`, async () => {
    const store = join(temporaryFolder(), 'test.db')
    const system = await running(store)
    change(store)
    const { message } = await refused(system.done(), 'STORE_FAILED')
    assert.match(message, /test\.db was removed, renamed or replaced while it was open/)
    assert.is(system.status().state, 'failed')
    await system.close()
  })
}

test('a store whose pages are overwritten fails the system for good, and no read tells a raw error', async () => {
  const store = await withResults()
  const db = new Database(store)
  db.pragma('wal_checkpoint(TRUNCATE)')
  db.close()
  const file = await openFile(store, 'r+')
  const noise = Buffer.alloc(4096, 0xa5)
  for (let at = 4096 * 2; at < statSync(store).size; at += 4096) await file.write(noise, 0, 4096, at)
  await file.close()
  const problem = await refused(
    (async () => {
      const system = await open({ store, workers: [worker('a/x')] })
      await refused(collect(system.results()), 'STORE_FAILED')
      await system.start()
      await system.done()
    })(),
    'STORE_FAILED',
  )
  assert.match(problem.message, /damaged|malformed/)
})

test('a store with another name is refused, with the way out', async () => {
  const store = join(temporaryFolder(), 'test.db')
  const first = await open({ store, workers: [] })
  await first.close()
  linkSync(store, `${store}.link`)
  const { message } = await refused(createDrover({ store, workers: [], log: { console: false, dir: false } }), 'STORE_FAILED')
  assert.match(message, /has 2 names \(hard links\).*use a copy of the file/)
})

test.run()
