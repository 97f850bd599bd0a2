/**
 * What is read of a damaged file is all that is there, or it fails: pages of every kind are damaged, one at a time, and every read is made. What no
 * read can tell are other letters within a text and other numbers within a row: for those there is no second record.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { EngineRequest } from '../../src/store/contract/engine.js'
import { openSqliteEngine } from '../../src/store/sqlite/engine.js'
import { openReader } from '../../src/store/sqlite/open.js'
import { type Reads, reads } from '../../src/store/sqlite/reads/reads.js'
import { storeFailure } from '../../src/store/sqlite/sqlite-errors.js'
import { seededRandom } from '../../src/testing/seeded-random.js'
import { refused } from '../support/refused.js'
import { boom, completed, Desk, failed } from './support/desk.js'
import { clientOf } from './support/direct-client.js'
import { inFolder } from './support/folders.js'
import { World } from './support/world.js'

const pageSize = 4096

/** Two lanes, of 400 items and of 30, some of whose texts go over several pages; everything is in the file, nothing in a log. */
async function store(file: string): Promise<void> {
  const world = new World()
  const engine = openSqliteEngine({ file, durability: 'process', keepEvents: 100, now: world.now, isGone: world.isGone })
  const desk = new Desk(clientOf(engine), world)
  await desk.begin(0, { workers: ['a/x'] })
  const other = { dataset: 'other', annotator: 'b', domain: 'x', target: null }
  await desk.call('declare', { workers: [{ worker: 'b/x', lane: other }] })
  await desk.load(400, { priority: 1_000 })
  await desk.load(30, { dataset: 'other' })
  const hold = await desk.acquire('a/x')
  for (let n = 0; n < 8; n++) {
    const leases = await desk.claim(hold, 20)
    const outcomes = completed(leases).map((one, i) => ({
      ...one,
      value: JSON.stringify({ label: `l${i % 3}`, why: 'w'.repeat(i === 7 ? 9_000 : 100) }),
    }))
    await desk.exchange(hold, 0, outcomes)
  }
  await desk.exchange(hold, 0, failed(await desk.claim(hold, 30), null))
  await desk.exchange(hold, 0, failed(await desk.claim(hold, 20), 1_000))
  await desk.claim(hold, 5)
  for (let seq = 1; seq <= 60; seq++) {
    const events = [{ seq, at: seq, type: 'x', worker: 'a/x', payload: { error: boom } }]
    await desk.call('record', { host: 'host-1', transitions: [], events })
  }
  engine.close()
}

const everything = { filter: {}, after: null, limit: 10_000 }

/** All pages of a read. */
function all(read: (after: string | null) => { rows: unknown[]; next: string | null }): number {
  let count = 0
  for (let after: string | null | undefined = null; after !== undefined; ) {
    const { rows, next } = read(after)
    count += rows.length
    after = next ?? undefined
  }
  return count
}

/** All pages of the newest ended tasks. */
function newest(own: Reads, limit: number): number {
  for (let count = 0; ; ) {
    const { rows } = own.latestEnded({ filter: {}, state: null, limit, skip: count })
    count += rows.length
    if (rows.length < limit) return count
  }
}

/** How many rows each read gives. */
const counts: Record<string, (reads: Reads) => number> = {
  results: (own) => all((after) => own.results({ ...everything, after })),
  'results by pages': (own) => all((after) => own.results({ ...everything, limit: 90, after })),
  dead: (own) => all((after) => own.dead({ ...everything, limit: 30, after })),
  errors: (own) => own.deadErrors(everything).rows.reduce((sum, { count }) => sum + count, 0),
  labels: (own) =>
    own
      .labels({ path: '$.label', items: 1_000 })
      .reports.reduce((sum, { labels }) => sum + labels.reduce((n, { count }) => n + count, 0), 0),
  tasks: (own) => all((after) => own.tasks({ ...everything, limit: 300, after })),
  ...Object.fromEntries(
    (['waiting', 'leased', 'retrying', 'done', 'dead'] as const).map((state) => [
      `${state} tasks`,
      (own: Reads) => all((after) => own.tasks({ ...everything, after, state } satisfies EngineRequest<'tasks'>)),
    ]),
  ),
  ended: (own) => all((after) => own.ended({ ...everything, state: null, after })),
  'ended by pages': (own) => all((after) => own.ended({ ...everything, state: null, limit: 90, after })),
  'ended and dead': (own) => all((after) => own.ended({ ...everything, state: 'dead', after })),
  'the newest ended': (own) => newest(own, 10_000),
  'the newest ended by pages': (own) => newest(own, 70),
  datasets: (own) => own.datasets({}).datasets.reduce((sum, { lanes, items }) => sum + lanes + items, 0),
}

/** The tables that the reads go over. */
const tables = ['lane', 'dataset', 'level', 'worker', 'item', 'result', 'dead', 'attempt', 'lease', 'retry', 'placed', 'skip', 'cursor']

/** The pages of each kind, of these tables, their indexes and the schema: the first and the last of each, counted from 0. */
function pagesOf(file: string): { kind: string; page: number }[] {
  const db = new Database(file, { readonly: true })
  const pages = db
    .prepare<[string], { kind: string; page: number }>(
      `SELECT name || ' ' || pagetype AS kind, pageno - 1 AS page FROM dbstat WHERE pageno > 1 AND (name = 'sqlite_schema'
         OR name IN (SELECT name FROM sqlite_schema WHERE tbl_name IN (SELECT value FROM json_each(?)))) ORDER BY kind, page`,
    )
    .all(JSON.stringify(tables))
  db.close()
  return pages.filter(({ kind }, n) => kind !== pages[n - 1]?.kind || kind !== pages[n + 1]?.kind)
}

type Harm = (page: Buffer, random: () => number, whole: Buffer) => void

/** Where a page of a tree has its header: the first one begins with the file's own. */
const headerOf = (page: Buffer): number => (page.toString('latin1', 0, 6) === 'SQLite' ? 100 : 0)

const harms: Record<string, Harm> = {
  'is overwritten with noise': (page, random) => {
    for (let at = 0; at < page.length; at++) page.writeUInt8(Math.floor(random() * 256), at)
  },
  'is zeroed': (page) => page.fill(0),
  'says that it has half as many cells': (page) => {
    const at = headerOf(page) + 3
    page.writeUInt16BE(page.readUInt16BE(at) >> 1, at)
  },
  'holds what another page holds': (page, random, whole) => {
    const from = Math.floor(random() * (whole.length / pageSize)) * pageSize
    whole.copy(page, 0, from, from + pageSize)
  },
  'has some bytes that are different': (page, random) => {
    for (let n = 0; n < 8; n++) page.writeUInt8(Math.floor(random() * 256), Math.floor(random() * pageSize))
  },
}

function readAll(file: string): Record<string, number | string> {
  const seen: Record<string, number | string> = {}
  let db: ReturnType<typeof openReader>
  let own: Reads
  try {
    db = openReader(file)
    own = reads(db)
  } catch (error) {
    return Object.fromEntries(Object.keys(counts).map((name) => [name, storeFailure(error).code]))
  }
  for (const [name, count] of Object.entries(counts)) {
    try {
      seen[name] = count(own)
    } catch (error) {
      seen[name] = storeFailure(error).code
    }
  }
  db.close()
  return seen
}

for (const [what, harm] of Object.entries(harms)) {
  test(`where a page ${what}, each read gives every row or fails`, () =>
    inFolder(async (folder) => {
      const file = join(folder, 'drover.db')
      await store(file)
      const whole = readFileSync(file)
      const truth = readAll(file)
      assert.equal([truth.results, truth.dead, truth.tasks, truth['waiting tasks']], [160, 30, 430, 215])
      const pages = pagesOf(file)
      const kinds = new Set(pages.map(({ kind }) => kind))
      for (const kind of ['item internal', 'item_key internal', 'item_order internal', 'result internal', 'result leaf', 'result overflow'])
        assert.ok(kinds.has(kind), `there is no page of the kind ${kind}`)
      const random = seededRandom(what.length)
      const lies: string[] = []
      let failures = 0
      for (const { kind, page } of pages) {
        const bytes = Buffer.from(whole)
        harm(bytes.subarray(page * pageSize, (page + 1) * pageSize), random, whole)
        writeFileSync(file, bytes)
        for (const [name, got] of Object.entries(readAll(file))) {
          if (typeof got === 'string') failures++
          // What is damaged within a text may be the name of the label.
          else if (got !== truth[name] && !(name === 'labels' && what.startsWith('has some')))
            lies.push(`${kind}, page ${page + 1}: ${name} gave ${got} of ${truth[name]}`)
        }
      }
      assert.equal(lies, [])
      assert.ok(failures > 10, `only ${failures} reads failed: nothing was damaged`)
    }))
}

test('a lost lane is looked for at the beginning and at the end of a read, and not for each page', () =>
  inFolder(async (folder) => {
    const file = join(folder, 'drover.db')
    await store(file)
    const db = new Database(file)
    const own = reads(db)
    const lists: Record<string, (after: string | null) => { next: string | null }> = {
      results: (after) => own.results({ filter: {}, after, limit: 60 }),
      dead: (after) => own.dead({ filter: {}, after, limit: 12 }),
      errors: (after) => own.deadErrors({ filter: {}, after, limit: 12 }),
      tasks: (after) => own.tasks({ filter: {}, after, limit: 150 }),
    }
    const first = Object.fromEntries(Object.entries(lists).map(([name, list]) => [name, list(null).next]))
    // A dataset that is counted, and has no items.
    db.exec(`INSERT INTO dataset (name, items) VALUES ('lost', 3)`)
    for (const [name, list] of Object.entries(lists)) {
      let { next } = list(first[name] as string)
      assert.type(next, 'string', `${name}: the second page is none of the ends`)
      assert.throws(
        () => {
          while (next !== null) next = list(next).next
        },
        /1 lanes or datasets are missing/,
        `${name}: the last page`,
      )
      assert.throws(() => list(null), /1 lanes or datasets are missing/, `${name}: the first page`)
    }
    db.close()
  }))

test('a lane whose waiting tasks are lost fails, instead of standing still for ever', () =>
  inFolder(async (folder) => {
    const file = join(folder, 'drover.db')
    const world = new World()
    const engine = openSqliteEngine({ file, durability: 'process', keepEvents: 100, now: world.now, isGone: world.isGone })
    const desk = new Desk(clientOf(engine), world)
    await desk.begin(20)
    const hold = await desk.acquire()
    const db = new Database(file)
    db.exec('DELETE FROM item WHERE id > 15')
    db.close()
    const leases = await desk.claim(hold, 10)
    assert.is(engine.damage(), null)
    await refused(desk.exchange(hold, 10, completed(leases)), 'STORE_FAILED')
    assert.match(engine.damage()?.message ?? '', /should have 5 waiting tasks, but none is there/)
    engine.close()
  }))

test.run()
