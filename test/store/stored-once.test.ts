/** Long texts are kept once: what a task died of stands with its attempt, and nowhere else. */
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ErrorRecord } from '../../src/errors.js'
import { openSqliteEngine } from '../../src/store/sqlite/engine.js'
import { cleanUp, collect, items, open, temporaryFolder, worker as worksOn } from '../support/system.js'
import { assertConsistent } from './support/counters.js'
import { worker } from './support/desk.js'
import { inFolder } from './support/folders.js'
import { oldStore } from './support/old-store.js'

test.after.each(cleanUp)

/** By table and column: how many rows hold this text. */
function placesOf(file: string, text: string): Record<string, number> {
  const db = new Database(file, { readonly: true })
  const places: Record<string, number> = {}
  const tables = db.prepare<[], string>(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`).pluck().all()
  for (const table of tables) {
    for (const { name } of db.pragma(`table_info(${table})`) as { name: string }[]) {
      const count = db.prepare<[string], number>(`SELECT count(*) FROM ${table} WHERE instr(${name}, ?) > 0`).pluck().get(text) ?? 0
      if (count > 0) places[`${table}.${name}`] = count
    }
  }
  db.close()
  return places
}

test('the error of a dead task is in the store once, before and after it is dropped, and every read tells it', async () => {
  const store = join(temporaryFolder(), 'test.db')
  const mark = 'the puppet cannot fly'
  const system = await open({ store, workers: [worksOn('a/x')], tasks: { maxAttempts: 1 } })
  await system.load(
    'data',
    items(3, () => ({ do: 'fly' })),
  )
  await system.start()
  await system.done()
  const told = async (): Promise<[string[], string[], (string | undefined)[]]> => [
    (await collect(system.deadTasks())).map(({ error }) => error.message),
    (await system.errors()).map(({ message, count }) => `${message} ${count}`),
    (await system.tasks.list({ state: 'dead' })).items.map(({ error }) => error?.message),
  ]
  assert.equal(await told(), [[mark, mark, mark], [`${mark} 3`], [mark, mark, mark]])
  assert.is(await system.tasks.drop({ dataset: 'data' }, 'not wanted'), 3)
  const dropped = Array(3).fill('not wanted')
  assert.equal(await told(), [dropped, [`Dropped: not wanted: ${mark} 3`], dropped])
  assert.equal(
    (await collect(system.deadTasks())).map(({ error }) => error.cause?.message),
    [mark, mark, mark],
  )
  await system.close()
  assert.equal(placesOf(store, mark), { 'attempt.error': 3 })
})

test('dead tasks of a store of version 4 keep what they died of, dropped ones too, and its text is kept once', () =>
  inFolder((folder) => {
    const file = join(folder, 'drover.db')
    const old = oldStore(file, 4)
    const text = (message: string, cause?: string): string =>
      JSON.stringify({ name: 'Error', message, ...(cause && { cause: { name: 'Error', message: cause } }) })
    old.exec(`
      INSERT INTO dataset (id, name, items) VALUES (1, 'data', 4);
      INSERT INTO item (id, dataset, key, priority, data)
        VALUES (1, 1, 'failed', 0, '1'), (2, 1, 'dropped', 0, '2'), (3, 1, 'dropped dead', 0, '3'), (4, 1, 'without attempts', 0, '3');
      INSERT INTO level VALUES (1, 0, 4, 4);
      INSERT INTO lane (id, dataset, annotator, domain, top, dead) VALUES (1, 1, 'a', 'b', 0, 4);
      INSERT INTO cursor VALUES (1, 0, 4);
      INSERT INTO worker (id, name, lane) VALUES (1, '${worker}', 1);
      INSERT INTO attempt VALUES
        (1, 1, 1, 1, 1, 'failed', '${text('first')}', 1, 1), (1, 1, 2, 2, 1, 'failed', '${text('second')}', 2, 1),
        (1, 2, 1, 1, 1, 'failed', '${text('before')}', 1, 1), (1, 2, 2, 1, 1, 'dropped', '${text('away')}', 2, 0),
        (1, 3, 7, 3, 1, 'failed', '${text('its end')}', 1, 1), (1, 3, 8, 3, 1, 'dropped', '${text('away')}', 2, 0);
      INSERT INTO dead VALUES
        (1, 1, 7, 'failed', '${text('second')}', 2, NULL, 1, 6), (1, 2, 0, 'dropped', '${text('away')}', 1, NULL, 1, 7),
        (1, 3, 0, 'dropped', '${text('away', 'its end')}', 3, '"raw"', 1, 8), (1, 4, 9, 'poison', '${text('alone')}', 1, NULL, 1, 9);`)
    old.close()
    const engine = openSqliteEngine({ file, durability: 'power', keepEvents: 10 })
    const { rows } = engine.dead({ filter: {}, after: null, limit: 9 })
    const messages = ({ message, cause }: ErrorRecord): string => (cause ? `${message} < ${cause.message}` : message)
    assert.equal(
      rows.map(({ key, kind, error, value, at }) => [key, kind, messages(error), value, at]),
      [
        ['failed', 'failed', 'second', null, 6],
        ['dropped', 'dropped', 'away', null, 7],
        ['dropped dead', 'dropped', 'away < its end', '"raw"', 8],
        ['without attempts', 'poison', 'alone', null, 9],
      ],
    )
    engine.close()
    assertConsistent(file)
    assert.equal([placesOf(file, 'its end'), placesOf(file, 'alone')], [{ 'attempt.error': 1 }, { 'attempt.error': 1 }])
  }))

test.run()
