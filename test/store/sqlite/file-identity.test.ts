/** A store's file is told from every other one, whatever SQLite does to it. */
import { copyFileSync, readFileSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openSqliteEngine, type SqliteEngine } from '../../../src/store/sqlite/engine.js'
import { inFolder } from '../support/folders.js'
import { oldStore } from '../support/old-store.js'

const open = (file: string): SqliteEngine => openSqliteEngine({ file, durability: 'process', keepEvents: 10 })

function identityOf(file: string): { id: string; page: number } {
  const db = new Database(file, { readonly: true })
  const id = db.prepare<[], string>('SELECT id FROM identity').pluck().get() as string
  const page = db.prepare<[], number>(`SELECT rootpage FROM sqlite_schema WHERE name = 'identity'`).pluck().get() as number
  db.close()
  return { id, page }
}

test('each store has an identity of its own, which a store of an earlier version is given', () =>
  inFolder((folder) => {
    const [one, two, old] = ['one.db', 'two.db', 'old.db'].map((name) => join(folder, name)) as [string, string, string]
    oldStore(old, 4).close()
    for (const file of [one, two, old]) open(file).close()
    const ids = [one, two, old].map((file) => identityOf(file).id)
    assert.is(new Set(ids).size, 3)
    for (const id of ids) assert.match(id, /^[0-9a-f]{32}$/)
    open(one).close()
    assert.is(identityOf(one).id, ids[0])
  }))

test('a new store is itself before and after its log was brought in', () =>
  inFolder((folder) => {
    const file = join(folder, 'x.db')
    const engine = open(file)
    assert.is(engine.damage(), null)
    engine.enqueue({ dataset: 'data', items: [{ key: 'k', data: '1', priority: 0 }], onConflict: 'error' })
    assert.is(engine.damage(), null)
    const other = new Database(file)
    other.pragma('wal_checkpoint(TRUNCATE)')
    other.close()
    assert.is(engine.damage(), null)
    engine.close()
  }))

test('a store stays itself when another process rewrites its file with VACUUM', () =>
  inFolder((folder) => {
    const file = join(folder, 'x.db')
    open(file).close()
    // Puts the identity behind a page that a VACUUM gives back.
    const made = new Database(file)
    made.exec(`CREATE TABLE x (y); ALTER TABLE identity RENAME TO old; CREATE TABLE identity (id TEXT NOT NULL);
      INSERT INTO identity SELECT id FROM old; DROP TABLE old; DROP TABLE x`)
    made.close()
    const before = identityOf(file)
    const engine = open(file)
    assert.is(engine.damage(), null)
    const other = new Database(file)
    other.exec('VACUUM')
    assert.is(engine.damage(), null)
    other.pragma('wal_checkpoint(TRUNCATE)')
    other.close()
    assert.is(engine.damage(), null)
    const after = identityOf(file)
    assert.equal([after.id, after.page === before.page], [before.id, false])
    engine.close()
  }))

const run = process.platform === 'linux' ? test : test.skip
run('a look at the file lets go of none of its locks: else another process could take its log away', () =>
  inFolder((folder) => {
    const file = join(folder, 'x.db')
    const locks = (): string[] =>
      readFileSync('/proc/locks', 'utf8')
        .split('\n')
        .filter((line) => line.includes(`:${statSync(file).ino} `))
    const engine = open(file)
    const held = locks().map((line) => line.replace(/^\d+: /, ''))
    assert.ok(held.length > 0, 'SQLite has a lock on a file whose log is in use')
    assert.is(engine.damage(), null)
    assert.equal(
      locks().map((line) => line.replace(/^\d+: /, '')),
      held,
    )
    engine.close()
  }),
)

test('another store that is copied into the file is noticed', () =>
  inFolder((folder) => {
    const [file, other] = [join(folder, 'x.db'), join(folder, 'other.db')]
    for (const each of [file, other]) open(each).close()
    const engine = open(file)
    copyFileSync(other, file)
    assert.match(engine.damage()?.message ?? 'nothing was noticed', /x\.db was removed, renamed or replaced/)
    engine.close()
  }))

/** A store that has gone on since it was copied, as an engine sees it that has it open. */
async function goneOn(work: (at: { file: string; copy: string; engine: SqliteEngine }) => void): Promise<void> {
  await inFolder((folder) => {
    const [file, copy] = [join(folder, 'x.db'), join(folder, 'copy.db')]
    open(file).close()
    const engine = open(file)
    engine.mark()
    enqueue(engine, 'before')
    copyFileSync(file, copy)
    engine.mark()
    enqueue(engine, 'after')
    assert.is(engine.damage(), null)
    work({ file, copy, engine })
    engine.close()
  })
}

function enqueue(engine: SqliteEngine, key: string): void {
  engine.enqueue({ dataset: 'data', items: [{ key, data: '1', priority: 0 }], onConflict: 'keep' })
}

const replaced = /x\.db was removed, renamed or replaced/

test('an older copy of a store that is copied over it is noticed', () =>
  goneOn(({ file, copy, engine }) => {
    const { ino } = statSync(file)
    copyFileSync(copy, file)
    assert.is(statSync(file).ino, ino)
    assert.match(engine.damage()?.message ?? 'nothing was noticed', replaced)
  }))

test('an older copy that is renamed to a store is noticed', () =>
  goneOn(({ file, copy, engine }) => {
    renameSync(copy, file)
    assert.match(engine.damage()?.message ?? 'nothing was noticed', replaced)
  }))

test('an older copy is noticed by each host of a store, also one that has read it anew before it looks', () =>
  goneOn(({ file, copy, engine }) => {
    const other = open(file)
    assert.is(other.damage(), null)
    copyFileSync(copy, file)
    // It has written nothing yet, and so reads the file.
    other.mark()
    for (const one of [other, engine]) assert.match(one.damage()?.message ?? 'nothing was noticed', replaced)
    other.close()
  }))

test('an older copy put in place while the store was closed is the store', () =>
  goneOn(({ file, copy, engine }) => {
    engine.close()
    copyFileSync(copy, file)
    const restored = open(file)
    assert.is(restored.damage(), null)
    restored.mark()
    assert.is(restored.damage(), null)
    restored.close()
  }))

test('a store stays itself while readers hold its log, others write, bring the log in or lock it', () =>
  goneOn(({ file, engine }) => {
    const sound = (when: string): void => {
      for (const one of [engine, other]) {
        one.mark()
        assert.is(one.damage(), null, when)
      }
    }
    const other = open(file)
    const reader = new Database(file)
    sound('two hosts')
    reader.exec('BEGIN; SELECT count(*) FROM item')
    for (let n = 0; n < 3; n++) {
      enqueue(other, `other ${n}`)
      sound('a reader in the log')
    }
    reader.exec('COMMIT')
    sound('no reader any more')
    reader.pragma('wal_checkpoint(TRUNCATE)')
    sound('the log is empty')
    reader.exec('BEGIN IMMEDIATE')
    sound('locked')
    reader.exec('ROLLBACK; VACUUM')
    sound('rewritten')
    reader.close()
    other.close()
  }))

test.run()
