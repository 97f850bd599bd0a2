/**
 * What must always hold in a store, read from its tables: each task is in one place, and every counter is what it counts.
 */
import Database from 'better-sqlite3'
import * as assert from 'uvu/assert'

export function assertConsistent(file: string): void {
  const db = new Database(file, { readonly: true })
  try {
    const all = <Row>(sql: string): Row[] => db.prepare<[], Row>(sql).all()
    const twice = all(
      `SELECT lane, item, count(*) AS places, group_concat(place) AS "in" FROM (
         SELECT lane, item, 'lease' AS place FROM lease UNION ALL SELECT lane, item, 'retry' FROM retry
         UNION ALL SELECT lane, item, 'result' FROM result UNION ALL SELECT lane, item, 'dead' FROM dead
         UNION ALL SELECT lane, item, 'placed' FROM placed
       ) GROUP BY lane, item HAVING places > 1`,
    )
    assert.equal(twice, [], 'tasks in two places')
    const wrong = all(
      `SELECT * FROM (SELECT l.*,
         (SELECT count(*) FROM result WHERE lane = l.id) AS results, (SELECT count(*) FROM dead WHERE lane = l.id) AS deads,
         (SELECT count(*) FROM lease WHERE lane = l.id) AS leases, (SELECT count(*) FROM retry WHERE lane = l.id) AS retries,
         (SELECT count(*) FROM skip WHERE lane = l.id) AS skipped, (SELECT count(*) FROM placed WHERE lane = l.id) AS places,
         (SELECT count(*) FROM cursor c JOIN item i ON i.priority = c.priority AND i.id <= c.item AND i.dataset = l.dataset
          WHERE c.lane = l.id) AS consumed
       FROM lane l) WHERE done <> results OR dead <> deads OR leased <> leases OR retrying <> retries
         OR skips <> skipped OR placed <> places OR consumed + skipped <> results + deads + leases + retries + places`,
    )
    assert.equal(wrong, [], 'lanes whose counters are wrong')
    const passed = all(
      `SELECT s.* FROM skip s JOIN item i ON i.id = s.item LEFT JOIN cursor c ON c.lane = s.lane AND c.priority = s.priority
       WHERE s.priority <> i.priority OR s.item <= coalesce(c.item, 0)`,
    )
    assert.equal(passed, [], 'skips that no claim would ever pass')
    const untold = all(
      'SELECT i.* FROM item i LEFT JOIN level v ON v.dataset = i.dataset AND v.priority = i.priority WHERE v.last IS NULL OR v.last < i.id',
    )
    assert.equal(untold, [], 'items beyond the end of their level')
    const sizes = all(
      `SELECT d.id, d.items, (SELECT count(*) FROM item WHERE dataset = d.id) AS present,
         (SELECT sum(items) FROM level WHERE dataset = d.id) AS levels FROM dataset d
       WHERE d.items <> present OR d.items <> coalesce(levels, 0)`,
    )
    assert.equal(sizes, [], 'datasets whose counters are wrong')
    const orphans = all(
      'SELECT l.* FROM lease l LEFT JOIN worker w ON w.fence = l.fence AND w.lane = l.lane AND w.open = 1 WHERE w.id IS NULL',
    )
    assert.equal(orphans, [], 'leases that nobody can settle')
  } finally {
    db.close()
  }
}
