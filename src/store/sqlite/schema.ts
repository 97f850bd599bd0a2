/**
 * The tables, as a list of migrations. A lane has no row for each task: a cursor for each priority separates fresh items from
 * claimed ones, so that a task costs the same in a store of ten million tasks as in one of ten thousand.
 */

/** Marks a file as drover's ("drov"), in the SQLite header. */
export const applicationId = 0x64_72_6f_76

/**
 * Each brings a store from version n to n + 1; never edit one that was released.
 *
 * - `item` rows are never deleted and their ids rise, so within a priority they are only appended: everything after a cursor is fresh.
 * - Each task of a lane that was ever claimed is in exactly one of `lease`, `retry`, `result` and `dead`; `lane` counts each of them,
 *   and what is left of `dataset.items` is fresh. A fresh item that was given another priority in the lane is in `placed`.
 * - `skip`: items after a cursor that are not fresh in their order any more: they were dropped, or placed elsewhere. A row lives until the
 *   cursor has passed it. `lane.skips` and `lane.placed` count, so that a claim looks for such rows only where there are any.
 * - `lane.top`: no priority above it has fresh items; null: none has.
 * - `retry.due` is 0 for what was due when it came, so that such rows sort by `rank` (priority, negated). `alone`: 1: to be handed out by itself; 2:
 *   behind the others, because the task itself was given back (`releases`: how often in a row).
 * - `receipt`: what the latest exchanges of a worker did, for when one is repeated.
 * - `quota.version`: which of the store's quota versions (counter `quota`) wrote it last. `quota_place`: who stands in line, and until when
 *   its process is known to be there. `quota_flight`: what counts as in flight. `quota_client`: which settlements of a client were done.
 *   `quota_grant`: what was granted lately, for when the request is repeated.
 * - `usage` and `task_usage` add up what calls used, as they told.
 * - `attempt`: the latest attempts of a task that did not end in its result, by `seq`. `counts`: among its failures since the last redrive.
 *   `dead.seq`: the one whose error a task died of, so that no text is stored twice; `dead.cause`: what a dropped one had died of before.
 * - `dead.error`: the id of the group of its error (`failures/error-groups.ts`), so that groups are counted and listed by an index.
 * - `past_result`: results that were set aside by a redo, by `seq`; never changed. `call`: the call that did it, so that a repeat of it
 *   does not set aside the result that came since.
 * - `result_time`, `dead_time`: what ended last, over all lanes.
 * - `label_page`: the labels of 512 items of a lane, two bytes each (`label-pages.ts`), as codes that `label` has. They change with `result`.
 * - `history`: what a worker did, by minute or by ten of them (`store/sqlite/registry/history.ts`); `minute`: since the epoch.
 * - `identity`: one row, made with the store and never changed, by which another store in its place is noticed (`file-identity.ts`).
 * - `mark`: one number that only grows, by which an older copy in its place is noticed.
 * - `host.died_at`: when another host took it for dead; null: it is there, or left in order. Times of hosts are by the wall clock, `alive_until` is not.
 * - `worker.open`: whether the fence may still exchange; a worker whose thread is gone stays held without it.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
  INSERT INTO counter VALUES ('token', 0), ('fence', 0);

  CREATE TABLE dataset (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, items INTEGER NOT NULL DEFAULT 0);
  CREATE TABLE level (
    dataset INTEGER NOT NULL, priority INTEGER NOT NULL, items INTEGER NOT NULL, last INTEGER NOT NULL,
    PRIMARY KEY (dataset, priority)
  ) WITHOUT ROWID;
  CREATE TABLE item (
    id INTEGER PRIMARY KEY, dataset INTEGER NOT NULL, key TEXT NOT NULL, priority INTEGER NOT NULL, data TEXT NOT NULL
  );
  CREATE UNIQUE INDEX item_key ON item (dataset, key);
  CREATE INDEX item_order ON item (dataset, priority);

  CREATE TABLE lane (
    id INTEGER PRIMARY KEY, dataset INTEGER NOT NULL, annotator TEXT NOT NULL, domain TEXT NOT NULL, target INTEGER,
    top INTEGER, done INTEGER NOT NULL DEFAULT 0, dead INTEGER NOT NULL DEFAULT 0,
    leased INTEGER NOT NULL DEFAULT 0, retrying INTEGER NOT NULL DEFAULT 0,
    UNIQUE (dataset, annotator, domain)
  );
  CREATE TABLE cursor (
    lane INTEGER NOT NULL, priority INTEGER NOT NULL, item INTEGER NOT NULL, PRIMARY KEY (lane, priority)
  ) WITHOUT ROWID;
  CREATE TABLE lease (
    lane INTEGER NOT NULL, token INTEGER NOT NULL, item INTEGER NOT NULL, fence INTEGER NOT NULL, attempt INTEGER NOT NULL,
    failures INTEGER NOT NULL, crashes INTEGER NOT NULL, interrupted INTEGER NOT NULL,
    PRIMARY KEY (lane, token)
  ) WITHOUT ROWID;
  CREATE TABLE retry (
    lane INTEGER NOT NULL, alone INTEGER NOT NULL, due INTEGER NOT NULL, rank INTEGER NOT NULL, item INTEGER NOT NULL,
    attempts INTEGER NOT NULL, failures INTEGER NOT NULL, crashes INTEGER NOT NULL, interrupted INTEGER NOT NULL,
    PRIMARY KEY (lane, alone, due, rank, item)
  ) WITHOUT ROWID;
  CREATE TABLE result (
    lane INTEGER NOT NULL, item INTEGER NOT NULL, value TEXT NOT NULL, attempt INTEGER NOT NULL, worker INTEGER NOT NULL,
    committed_at INTEGER NOT NULL, PRIMARY KEY (lane, item)
  ) WITHOUT ROWID;
  CREATE TABLE dead (
    lane INTEGER NOT NULL, item INTEGER NOT NULL, token INTEGER NOT NULL, kind TEXT NOT NULL, error TEXT NOT NULL,
    attempt INTEGER NOT NULL, value TEXT, worker INTEGER NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (lane, item)
  ) WITHOUT ROWID;
  CREATE TABLE receipt (
    worker INTEGER NOT NULL, slot INTEGER NOT NULL, fence INTEGER NOT NULL, request INTEGER NOT NULL, runs TEXT NOT NULL,
    first INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (worker, slot)
  ) WITHOUT ROWID;

  CREATE TABLE host (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, pid INTEGER NOT NULL, started_at TEXT NOT NULL, boot_id TEXT NOT NULL,
    namespace TEXT NOT NULL, hostname TEXT NOT NULL, alive_until INTEGER NOT NULL, gone INTEGER NOT NULL DEFAULT 0
  );
  CREATE TABLE worker (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, lane INTEGER, state TEXT NOT NULL DEFAULT 'idle', memory TEXT,
    fence INTEGER NOT NULL DEFAULT 0, open INTEGER NOT NULL DEFAULT 0, holder INTEGER, since INTEGER NOT NULL DEFAULT 0
  );
  CREATE INDEX worker_lane ON worker (lane);
  CREATE TABLE lost (host INTEGER NOT NULL, worker INTEGER NOT NULL, PRIMARY KEY (host, worker)) WITHOUT ROWID;
  CREATE TABLE event (
    id INTEGER PRIMARY KEY AUTOINCREMENT, host INTEGER NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL, type TEXT NOT NULL,
    worker TEXT, payload TEXT NOT NULL, UNIQUE (host, seq)
  );

  CREATE TABLE quota (name TEXT PRIMARY KEY, spec TEXT NOT NULL, blocked_until INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
  CREATE TABLE quota_window (
    quota TEXT NOT NULL, window TEXT NOT NULL, state TEXT NOT NULL, PRIMARY KEY (quota, window)
  ) WITHOUT ROWID;
  `,
  'CREATE TABLE change (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, change TEXT NOT NULL)',
  `
  ALTER TABLE quota ADD COLUMN record TEXT;
  ALTER TABLE quota ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
  CREATE TABLE quota_place (
    name TEXT PRIMARY KEY, client TEXT NOT NULL, ticket INTEGER NOT NULL, seq INTEGER NOT NULL, priority REAL NOT NULL,
    choices TEXT NOT NULL, amounts TEXT NOT NULL, host TEXT NOT NULL, process TEXT NOT NULL, alive_until INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE quota_flight (
    name TEXT PRIMARY KEY, client TEXT NOT NULL, ticket INTEGER NOT NULL, host TEXT NOT NULL, quotas TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE quota_grant (name TEXT PRIMARY KEY, at INTEGER NOT NULL, answer TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE quota_client (client TEXT PRIMARY KEY, request INTEGER NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE quota_sample (
    quota TEXT NOT NULL, at INTEGER NOT NULL, sample TEXT NOT NULL, PRIMARY KEY (quota, at)
  ) WITHOUT ROWID;
  CREATE TABLE usage (worker INTEGER NOT NULL, unit TEXT NOT NULL, amount REAL NOT NULL, PRIMARY KEY (worker, unit)) WITHOUT ROWID;
  CREATE TABLE task_usage (
    lane INTEGER NOT NULL, item INTEGER NOT NULL, unit TEXT NOT NULL, amount REAL NOT NULL, PRIMARY KEY (lane, item, unit)
  ) WITHOUT ROWID;
  `,
  `
  ALTER TABLE lane ADD COLUMN skips INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE lane ADD COLUMN placed INTEGER NOT NULL DEFAULT 0;
  CREATE TABLE skip (
    lane INTEGER NOT NULL, priority INTEGER NOT NULL, item INTEGER NOT NULL, PRIMARY KEY (lane, priority, item)
  ) WITHOUT ROWID;
  CREATE TABLE placed (lane INTEGER NOT NULL, rank INTEGER NOT NULL, item INTEGER NOT NULL, PRIMARY KEY (lane, rank, item)) WITHOUT ROWID;
  CREATE UNIQUE INDEX placed_item ON placed (lane, item);
  CREATE UNIQUE INDEX retry_item ON retry (lane, item);
  CREATE TABLE attempt (
    lane INTEGER NOT NULL, item INTEGER NOT NULL, seq INTEGER NOT NULL, attempt INTEGER NOT NULL, worker INTEGER NOT NULL,
    outcome TEXT NOT NULL, error TEXT NOT NULL, at INTEGER NOT NULL, counts INTEGER NOT NULL, PRIMARY KEY (lane, item, seq)
  ) WITHOUT ROWID;
  INSERT INTO attempt SELECT lane, item, 1, attempt, worker, kind, error, at, 1 FROM dead;
  `,
  `
  ALTER TABLE retry ADD COLUMN releases INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE lease ADD COLUMN releases INTEGER NOT NULL DEFAULT 0;
  UPDATE retry SET due = 0 WHERE due > (strftime('%s', 'now') + 31622400) * 1000;
  ALTER TABLE dead ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE dead ADD COLUMN cause INTEGER;
  INSERT INTO attempt SELECT lane, item, 1, attempt, worker, kind, error, at, 1 FROM dead d
    WHERE NOT EXISTS (SELECT 1 FROM attempt a WHERE a.lane = d.lane AND a.item = d.item);
  UPDATE dead SET seq = (SELECT max(a.seq) FROM attempt a WHERE a.lane = dead.lane AND a.item = dead.item);
  -- What is nested too deep for SQLite is so by its cause.
  UPDATE dead SET cause = seq - 1 WHERE kind = 'dropped' AND CASE WHEN json_valid(error) THEN json_type(error, '$.cause') IS NOT NULL ELSE 1 END
    AND EXISTS (SELECT 1 FROM attempt a WHERE a.lane = dead.lane AND a.item = dead.item AND a.seq = dead.seq - 1);
  ALTER TABLE dead DROP COLUMN error;
  CREATE TABLE identity (id TEXT NOT NULL);
  INSERT INTO identity VALUES (lower(hex(randomblob(16))));
  CREATE TABLE mark (value INTEGER NOT NULL);
  INSERT INTO mark VALUES (0);
  `,
  `
  ALTER TABLE dead ADD COLUMN error TEXT NOT NULL DEFAULT '';
  CREATE INDEX dead_error ON dead (lane, error);
  CREATE INDEX dead_time ON dead (at);
  CREATE INDEX result_time ON result (committed_at);
  CREATE TABLE past_result (
    lane INTEGER NOT NULL, item INTEGER NOT NULL, seq INTEGER NOT NULL, value TEXT NOT NULL, attempt INTEGER NOT NULL,
    worker INTEGER NOT NULL, committed_at INTEGER NOT NULL, set_aside_at INTEGER NOT NULL, call TEXT NOT NULL, PRIMARY KEY (lane, item, seq)
  ) WITHOUT ROWID;
  INSERT INTO past_result SELECT lane, item, seq, error -> '$.details.value', attempt, worker, at, at, '' FROM attempt
    WHERE outcome = 'done' AND CASE WHEN json_valid(error) THEN json_type(error, '$.details.value') IS NOT NULL ELSE 0 END;
  DELETE FROM attempt WHERE outcome = 'done' AND (lane, item, seq) IN (SELECT lane, item, seq FROM past_result);
  `,
  `
  CREATE TABLE label (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
  CREATE TABLE label_page (lane INTEGER NOT NULL, page INTEGER NOT NULL, codes BLOB NOT NULL, PRIMARY KEY (lane, page)) WITHOUT ROWID;
  CREATE TABLE history (
    minute INTEGER NOT NULL, worker INTEGER NOT NULL, results INTEGER NOT NULL, failed INTEGER NOT NULL, dead INTEGER NOT NULL,
    restarts INTEGER NOT NULL, PRIMARY KEY (minute, worker)
  ) WITHOUT ROWID;
  `,
  `
  ALTER TABLE host ADD COLUMN joined_at INTEGER;
  ALTER TABLE host ADD COLUMN renewed_at INTEGER;
  ALTER TABLE host ADD COLUMN died_at INTEGER;
  `,
]
