import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { DroverError, type ErrorCode, type ErrorRecord } from '../../../src/errors.js'
import { openSqliteEngine } from '../../../src/store/sqlite/engine.js'
import { openDatabase } from '../../../src/store/sqlite/open.js'
import { applicationId, migrations } from '../../../src/store/sqlite/schema.js'
import { assertConsistent } from '../support/counters.js'
import { worker } from '../support/desk.js'
import { inFolder } from '../support/folders.js'
import { oldStore } from '../support/old-store.js'

function openingFails(file: string, code: ErrorCode): DroverError {
  try {
    openDatabase(file, 'power').close()
  } catch (error) {
    assert.ok(DroverError.is(error), `not a DroverError: ${error}`)
    assert.is((error as DroverError).code, code)
    assert.match((error as DroverError).message, file.split('/').at(-2) ?? '')
    return error as DroverError
  }
  return assert.unreachable(`it opened; ${code} expected`) as never
}

test('a new store is made, with its folder if the parent is there', () =>
  inFolder((folder) => {
    const file = join(folder, 'data', 'drover.db')
    openDatabase(file, 'power').close()
    const db = new Database(file)
    assert.is(db.pragma('application_id', { simple: true }), applicationId)
    assert.is(db.pragma('user_version', { simple: true }), migrations.length)
    assert.is(db.pragma('journal_mode', { simple: true }), 'wal')
    db.close()
  }))

test('a folder whose parent is missing too is not made', () =>
  inFolder((folder) => {
    openingFails(join(folder, 'no', 'data', 'drover.db'), 'STORE_FOLDER_MISSING')
    assert.is(existsSync(join(folder, 'no')), false)
  }))

test('a folder that is a file is no folder', () =>
  inFolder((folder) => {
    writeFileSync(join(folder, 'data'), '')
    openingFails(join(folder, 'data', 'drover.db'), 'STORE_FOLDER_MISSING')
  }))

test('a file that is not SQLite is refused and left as it is', () =>
  inFolder((folder) => {
    const file = join(folder, 'notes.txt')
    writeFileSync(file, 'these are notes, and more than a header of them\n'.repeat(50))
    const before = readFileSync(file)
    openingFails(file, 'STORE_NOT_A_DATABASE')
    assert.equal(readFileSync(file), before)
  }))

test('a folder is not a store', () =>
  inFolder((folder) => {
    mkdirSync(join(folder, 'drover.db'))
    openingFails(join(folder, 'drover.db'), 'STORE_NOT_A_DATABASE')
  }))

for (const [what, mark] of [
  ['without a mark', 0],
  ['with a mark of its own', 77],
] as const) {
  test(`the database of another program, ${what}, is refused and left as it is`, () =>
    inFolder((folder) => {
      const file = join(folder, 'other.db')
      const other = new Database(file)
      other.pragma(`application_id = ${mark}`)
      other.exec('CREATE TABLE theirs (x)')
      other.close()
      const before = readFileSync(file)
      openingFails(file, 'STORE_NOT_A_DATABASE')
      assert.equal(readFileSync(file), before)
    }))
}

test('an empty file becomes a store', () =>
  inFolder((folder) => {
    const file = join(folder, 'drover.db')
    writeFileSync(file, '')
    openDatabase(file, 'process').close()
    openDatabase(file, 'process').close()
  }))

test('a store of a newer drover is refused, and both versions are named', () =>
  inFolder((folder) => {
    const file = join(folder, 'drover.db')
    openDatabase(file, 'power').close()
    const newer = new Database(file)
    newer.pragma(`user_version = ${migrations.length + 1}`)
    newer.close()
    const { message } = openingFails(file, 'STORE_TOO_NEW')
    assert.match(message, `version ${migrations.length + 1}`)
  }))

test('a store of version 3 keeps its tasks, and its dead ones have an attempt to show', () =>
  inFolder((folder) => {
    const file = join(folder, 'drover.db')
    const old = oldStore(file, 3)
    const error = '{"name":"Error","message":"old"}'
    old.exec(`
      INSERT INTO dataset (id, name, items) VALUES (1, 'data', 3);
      INSERT INTO item (id, dataset, key, priority, data) VALUES (1, 1, 'done', 0, '1'), (2, 1, 'dead', 0, '2'), (3, 1, 'new', 0, '3');
      INSERT INTO level VALUES (1, 0, 3, 3);
      INSERT INTO lane (id, dataset, annotator, domain, top, done, dead) VALUES (1, 1, 'a', 'b', 0, 1, 1);
      INSERT INTO cursor VALUES (1, 0, 2);
      INSERT INTO worker (id, name, lane) VALUES (1, '${worker}', 1);
      INSERT INTO result VALUES (1, 1, '"x"', 1, 1, 5);
      INSERT INTO dead VALUES (1, 2, 7, 'failed', '${error}', 3, NULL, 1, 6);`)
    old.close()
    const engine = openSqliteEngine({ file, durability: 'power', keepEvents: 10 })
    const { rows } = engine.tasks({ filter: {}, after: null, limit: 9 })
    assert.equal(
      rows.map(({ key, state, attempts }) => [key, state, attempts]),
      [
        ['dead', 'dead', 3],
        ['done', 'done', 1],
        ['new', 'waiting', 0],
      ],
    )
    assert.equal(engine.task({ dataset: 'data', key: 'dead' }).detail?.attempts, [
      { annotator: 'a', domain: 'b', attempt: 3, worker, outcome: 'failed', error: JSON.parse(error), at: 6 },
    ])
    engine.close()
    assertConsistent(file)
  }))

test('a store of version 4 keeps a dropped task whose error is nested deeper than SQLite reads', () =>
  inFolder((folder) => {
    const file = join(folder, 'drover.db')
    const old = oldStore(file, 4)
    let cause: ErrorRecord = { name: 'Error', message: 'at the bottom' }
    for (let depth = 0; depth < 1_200; depth++) cause = { name: 'Error', message: 'wrapped', cause }
    const own = { name: 'DroverError', message: 'useless' }
    old.exec(`
      INSERT INTO dataset (id, name, items) VALUES (1, 'data', 1);
      INSERT INTO item (id, dataset, key, priority, data) VALUES (1, 1, 'k', 0, '1');
      INSERT INTO level VALUES (1, 0, 1, 1);
      INSERT INTO lane (id, dataset, annotator, domain, top, dead) VALUES (1, 1, 'a', 'b', 0, 1);
      INSERT INTO cursor VALUES (1, 0, 1);
      INSERT INTO worker (id, name, lane) VALUES (1, '${worker}', 1);
      INSERT INTO dead VALUES (1, 1, 7, 'dropped', '${JSON.stringify({ ...own, cause })}', 1, NULL, 1, 6);
      INSERT INTO attempt VALUES (1, 1, 1, 1, 1, 'failed', '${JSON.stringify(cause)}', 5, 1);
      INSERT INTO attempt VALUES (1, 1, 2, 1, 1, 'dropped', '${JSON.stringify(own)}', 6, 0);`)
    old.close()
    const engine = openSqliteEngine({ file, durability: 'power', keepEvents: 10 })
    const { rows } = engine.dead({ filter: {}, after: null, limit: 9 })
    assert.equal(
      rows.map(({ key, error }) => [key, error.message, JSON.stringify(error.cause) === JSON.stringify(cause)]),
      [['k', 'useless', true]],
    )
    engine.close()
  }))

test('a store of version 5 keeps results that were set aside, groups its dead tasks by error, and finds what ended last', () =>
  inFolder((folder) => {
    const file = join(folder, 'drover.db')
    const old = oldStore(file, 5)
    const error = (message: string, code: string): string => JSON.stringify({ name: 'Error', message, code })
    const setAside = (value: unknown): string => JSON.stringify({ name: 'ResultSetAside', message: 'its result', details: { value } })
    old.exec(`
      INSERT INTO dataset (id, name, items) VALUES (1, 'data', 4);
      INSERT INTO item (id, dataset, key, priority, data) VALUES (1, 1, 'k1', 0, '1'), (2, 1, 'k2', 0, '2'), (3, 1, 'k3', 0, '3'), (4, 1, 'k4', 0, '4');
      INSERT INTO level VALUES (1, 0, 4, 4);
      INSERT INTO lane (id, dataset, annotator, domain, top, done, dead) VALUES (1, 1, 'a', 'b', 0, 1, 3);
      INSERT INTO cursor VALUES (1, 0, 4);
      INSERT INTO worker (id, name, lane) VALUES (1, '${worker}', 1);
      INSERT INTO result VALUES (1, 1, '"third"', 3, 1, 9);
      INSERT INTO attempt VALUES
        (1, 1, 1, 1, 1, 'done', '${setAside('first')}', 2, 0), (1, 1, 2, 2, 1, 'done', '${setAside({ label: [1] })}', 4, 0),
        (1, 2, 1, 1, 1, 'failed', '${error('slow down 17', 'RATE')}', 5, 1), (1, 3, 1, 1, 1, 'failed', '${error('slow down 18', 'RATE')}', 6, 1),
        (1, 4, 1, 1, 1, 'failed', '${error('no key', 'AUTH')}', 7, 1), (1, 4, 2, 1, 1, 'dropped', '{"name":"Dropped","message":"away"}', 8, 0);
      INSERT INTO dead VALUES
        (1, 2, 1, 'failed', 1, NULL, 1, 5, 1, NULL), (1, 3, 2, 'failed', 1, NULL, 1, 6, 1, NULL), (1, 4, 0, 'dropped', 1, NULL, 1, 8, 2, 1);`)
    old.close()
    const engine = openSqliteEngine({ file, durability: 'power', keepEvents: 10 })
    const { rows } = engine.pastResults({ dataset: 'data', key: 'k1', after: null, limit: 9 })
    assert.equal(
      rows.map(({ value, attempt, committedAt }) => [value, attempt, committedAt]),
      [
        ['{"label":[1]}', 2, 4],
        ['"first"', 1, 2],
      ],
    )
    assert.equal(
      engine.deadErrors({ filter: {}, after: null, limit: 9 }).rows.map(({ code, count }) => [code, count]),
      [
        ['RATE', 2],
        ['AUTH', 1],
      ],
    )
    assert.equal(
      engine.latestEnded({ filter: {}, state: null, limit: 9, skip: 0 }).rows.map(({ key }) => key),
      ['k1', 'k4', 'k3', 'k2'],
    )
    engine.close()
    assertConsistent(file)
  }))

test('opening again keeps everything', () =>
  inFolder((folder) => {
    const options = { file: join(folder, 'drover.db'), durability: 'power', keepEvents: 10 } as const
    const first = openSqliteEngine(options)
    first.declare({ workers: [{ worker, lane: { dataset: 'data', annotator: 'a', domain: 'b', target: 7 } }] })
    first.enqueue({ dataset: 'data', items: [{ key: 'k', data: '1', priority: 0 }], onConflict: 'error' })
    first.close()
    const second = openSqliteEngine(options)
    assert.is(second.counts({ workers: [worker] }).counts[0]?.total, 1)
    second.close()
  }))

test('durability decides whether a commit waits for the disk', () =>
  inFolder((folder) => {
    for (const [durability, synchronous] of [
      ['power', 2],
      ['process', 1],
    ] as const) {
      const db = openDatabase(join(folder, `${durability}.db`), durability)
      assert.is(db.pragma('synchronous', { simple: true }), synchronous)
      db.close()
    }
  }))

/** What a process that is not root is told when it opens the file: root may write anywhere. */
function openAsNobody(file: string): string {
  const script = fileURLToPath(new URL('../support/engine-process.js', import.meta.url))
  const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}
  const { stdout, stderr } = spawnSync(process.execPath, [script, 'open', file], { encoding: 'utf8', ...nobody })
  return stdout || stderr
}

test('a file that cannot be written is refused as read-only', () =>
  inFolder((folder) => {
    const file = join(folder, 'drover.db')
    openDatabase(file, 'power').close()
    chmodSync(folder, 0o777)
    chmodSync(file, 0o444)
    assert.is(openAsNobody(file), 'STORE_READ_ONLY')
    chmodSync(file, 0o666)
    assert.is(openAsNobody(file), 'opened', 'the test itself would not notice')
  }))

test('a folder that cannot be written is refused as read-only: the log beside the file needs it', () =>
  inFolder((folder) => {
    const file = join(folder, 'drover.db')
    openDatabase(file, 'power').close()
    chmodSync(file, 0o666)
    chmodSync(folder, 0o555)
    assert.is(openAsNobody(file), 'STORE_READ_ONLY')
    assert.is(openAsNobody(join(folder, 'new.db')), 'STORE_READ_ONLY')
    assert.is(openAsNobody(join(folder, 'data', 'new.db')), 'STORE_READ_ONLY')
    chmodSync(folder, 0o777)
  }))

test('a new file is not taken for that of another program when another process makes the tables at that very moment', () =>
  inFolder((folder) => {
    const file = join(folder, 'drover.db')
    const { pragma } = Database.prototype
    let attempts = 0
    const makeTables = (): void => {
      attempts++
      const other = new Database(file, { timeout: 0 })
      try {
        other.exec(
          `BEGIN IMMEDIATE; ${migrations.join(';')}; PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${migrations.length}`,
        )
        other.exec('COMMIT')
      } catch (error) {
        assert.match(String((error as { code: string }).code), 'SQLITE_BUSY')
      } finally {
        other.close()
      }
    }
    Database.prototype.pragma = function (source, options) {
      const value = pragma.call(this, source, options)
      if (source === 'application_id' && attempts === 0) makeTables()
      return value
    }
    try {
      openDatabase(file, 'power').close()
    } finally {
      Database.prototype.pragma = pragma
    }
    assert.is(attempts, 1)
  }))

test.run()
