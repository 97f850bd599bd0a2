import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { LabelReport } from '../../../src/store/contract/reads.js'
import { openSqliteEngine, type SqliteEngine } from '../../../src/store/sqlite/engine.js'
import { assertConsistent } from '../support/counters.js'
import { completed, Desk } from '../support/desk.js'
import { clientOf } from '../support/direct-client.js'
import { inFolder } from '../support/folders.js'
import { oldStore } from '../support/old-store.js'
import { World } from '../support/world.js'

function labelsOf(engine: SqliteEngine, path = '$.label'): LabelReport[] {
  return engine.labels({ path, items: 100_000 }).reports
}

test('a store of version 6 knows the labels of the results that it had, whatever they are', () =>
  inFolder((folder) => {
    const file = join(folder, 'drover.db')
    const old = oldStore(file, 6)
    const deep = `{"label":${'['.repeat(1_200)}${']'.repeat(1_200)}}`
    old.exec(`
      INSERT INTO dataset (id, name, items) VALUES (1, 'data', 900);
      INSERT INTO level VALUES (1, 0, 900, 900);
      INSERT INTO lane (id, dataset, annotator, domain, top, done) VALUES (1, 1, 'a', 'x', 0, 900), (2, 1, 'b', 'x', 0, 0);
      INSERT INTO cursor VALUES (1, 0, 900);
      INSERT INTO worker (id, name, lane) VALUES (1, 'a/x', 1), (2, 'b/x', 2);
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900)
        INSERT INTO item (id, dataset, key, priority, data) SELECT i, 1, 'k' || i, 0, '1' FROM n;
      INSERT INTO result SELECT 1, id, CASE id WHEN 7 THEN '${deep}' WHEN 8 THEN '"plain"' WHEN 9 THEN '{}'
        ELSE '{"label":"l' || (id % 3) || '"}' END, 1, 1, 5 FROM item;`)
    old.close()
    const engine = openSqliteEngine({ file, durability: 'process', keepEvents: 10 })
    const [report] = labelsOf(engine)
    assert.equal(
      report?.labels.filter(({ count }) => count > 1).map(({ label, count }) => [label, count]),
      [
        ['l0', 299],
        ['l1', 299],
        ['l2', 299],
      ],
    )
    assert.equal([report?.labels.length, report?.items], [5, 899])
    engine.close()
    assertConsistent(file)
  }))

test('labels without a code, because there are too many, are counted from the results', () =>
  inFolder(async (folder) => {
    const file = join(folder, 'drover.db')
    const world = new World()
    const engine = openSqliteEngine({ file, durability: 'process', keepEvents: 10, now: world.now, isGone: world.isGone })
    const desk = new Desk(clientOf(engine), world)
    await desk.begin(10_020)
    const hold = await desk.acquire()
    for (let leases = await desk.claim(hold, 5_010); leases.tokens.length > 0; leases = await desk.claim(hold, 5_010)) {
      await desk.exchange(hold, 0, completed(leases))
    }
    const [report] = labelsOf(engine)
    assert.equal(report, labelsOf(engine, '$."label"')[0])
    assert.equal([report?.items, report?.labels.length], [10_020, 51])
    engine.close()
    assertConsistent(file)
  }))

test.run()
