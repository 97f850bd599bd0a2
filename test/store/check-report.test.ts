/** The check of a whole store: it finds nothing in a sound one, and each thing that is wrong by name. */
import { closeSync, openSync, readFileSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { checkStore } from '../../src/index.js'
import { lookAtStore } from '../../src/store/read-pool/check-store.js'
import { Reader } from '../../src/store/read-pool/reader.js'
import { openSqliteEngine } from '../../src/store/sqlite/engine.js'
import { checkRead } from '../../src/store/sqlite/sqlite-errors.js'
import { refused } from '../support/refused.js'
import { cleanUp, items, open, temporaryFolder, worker as worksOn } from '../support/system.js'
import { problemsIn } from './support/counters.js'
import { completed, Desk, failed, released } from './support/desk.js'
import { clientOf } from './support/direct-client.js'
import { inFolder } from './support/folders.js'
import { World } from './support/world.js'

test.after.each(cleanUp)

const everyCheck = [
  'datasets',
  'dead',
  'file',
  'holders',
  'items',
  'labels',
  'lane-counts',
  'lanes',
  'one-place',
  'quotas',
  'result-texts',
  'texts',
]

let made: Promise<Buffer> | undefined

/** A store whose tasks are in every state, as a host that was killed has left it. Made once, and copied for each test. */
async function store(file: string): Promise<void> {
  made ??= inFolder(async (folder) => {
    const first = join(folder, 'first.db')
    await make(first)
    return readFileSync(first)
  })
  writeFileSync(file, await made)
}

async function make(file: string): Promise<void> {
  const world = new World()
  const engine = openSqliteEngine({ file, durability: 'process', keepEvents: 100, now: world.now, isGone: world.isGone })
  const desk = new Desk(clientOf(engine), world)
  await desk.begin(400, { workers: ['a/x', 'b/x'] })
  const hold = await desk.acquire('a/x')
  await desk.exchange(hold, 0, completed(await desk.claim(hold, 200)))
  await desk.exchange(hold, 0, failed(await desk.claim(hold, 20), null))
  await desk.exchange(hold, 0, failed(await desk.claim(hold, 10), 1_000))
  await desk.exchange(hold, 0, released(await desk.claim(hold, 5), 60_000))
  await desk.claim(hold, 5)
  await desk.call('drop', { filter: {}, keys: ['k300', 'k210'], state: 'waiting', error: { name: 'E', message: 'no' }, limit: 10 })
  await desk.call('prioritise', { filter: { dataset: 'data', annotator: 'b' }, keys: ['k9'], priority: 5 })
  await desk.call('record', {
    host: 'host-1',
    transitions: [{ worker: 'a/x', state: 'running', memory: {} }],
    events: [{ seq: 1, at: 1, type: 'x', worker: null, payload: 1 }],
  })
  const quota = { name: 'q', windows: [{ unit: 'requests', limit: 9, per: 1_000, burst: null }], concurrency: 2, within: [], adapt: null }
  await desk.call('declareQuotas', { quotas: [quota] })
  const asked = { client: 'c', ticket: 1, host: 'host-1', choices: ['q'], amounts: {}, times: 1, priority: 0, place: null }
  await desk.call('acquireQuota', { ...asked, wait: false, patienceMs: 0 })
  engine.close()
}

test('a store with tasks in every state is sound, and says which checks were made', () =>
  inFolder(async (folder) => {
    const file = join(folder, 'drover.db')
    await store(file)
    const { ok, problems, checked } = await checkStore(file)
    assert.equal([problems, ok, Object.keys(checked).sort()], [[], true, everyCheck])
  }))

for (const [check, what, sql] of [
  ['lane-counts', 'results are missing', 'DELETE FROM result WHERE item <= 3'],
  ['lane-counts', 'a counter is wrong', 'UPDATE lane SET retrying = retrying + 1 WHERE id = 1'],
  ['lane-counts', 'a cursor is lost', 'DELETE FROM cursor'],
  ['datasets', 'items are missing', "DELETE FROM item WHERE key = 'k399'"],
  ['datasets', 'a priority counts wrong', 'UPDATE level SET items = 7'],
  ['datasets', 'a dataset is missing', 'DELETE FROM dataset'],
  ['one-place', 'a task is done and retrying', 'INSERT INTO retry SELECT lane, 0, 0, 0, item, 1, 0, 0, 0, 0 FROM result LIMIT 1'],
  [
    'one-place',
    'a task is dead and leased',
    'UPDATE lease SET item = (SELECT min(item) FROM dead) WHERE token = (SELECT max(token) FROM lease)',
  ],
  ['items', 'a result is about no item', 'UPDATE result SET item = 9000 WHERE item = 1'],
  ['items', 'a result is nobody’s', 'UPDATE result SET worker = 77 WHERE item = 1'],
  ['dead', 'a dead task lost its attempt', 'DELETE FROM attempt WHERE lane = 1'],
  ['dead', 'a task failed more often than it was tried', 'UPDATE retry SET failures = attempts + 1'],
  ['holders', 'a lease is nobody’s', 'UPDATE worker SET fence = fence - 1'],
  ['holders', 'who holds a worker is not known', 'DELETE FROM host'],
  ['holders', 'a token will be given again', "UPDATE counter SET value = 1 WHERE name = 'token'"],
  ['lanes', 'a lane is missing', 'DELETE FROM lane WHERE id = 1'],
  ['quotas', 'a quota is missing', 'DELETE FROM quota'],
  ['texts', 'data is not JSON', "UPDATE item SET data = '{' WHERE id = 4"],
  ['labels', 'a label is not that of its result', 'UPDATE result SET value = \'{"label":"other"}\' WHERE item = 4'],
  ['labels', 'a label was lost', 'UPDATE label_page SET codes = zeroblob(1024)'],
  ['labels', 'a page of labels was lost', 'DELETE FROM label_page'],
  [
    'labels',
    'a label belongs to no result',
    "UPDATE label_page SET codes = CAST(substr(codes, 1, 1000) || zeroblob(22) AS BLOB) || x'0200'",
  ],
  ['result-texts', 'a result is not JSON', "UPDATE result SET value = 'x' WHERE item = 4"],
] as const) {
  test(`${check}: the check tells that ${what}, with the rows`, () =>
    inFolder(async (folder) => {
      const file = join(folder, 'drover.db')
      await store(file)
      const db = new Database(file)
      db.exec(sql)
      db.close()
      const problems = problemsIn(file)
      const problem = problems.find((one) => one.check === check)
      assert.ok(problem, `not found; found were ${JSON.stringify(problems)}`)
      assert.ok(problem.count >= 1 && problem.examples.length >= 1 && problem.examples.length <= 10)
    }))
}

test('the problems that SQLite finds in the file are in the report, and the other checks are made all the same', () =>
  inFolder(async (folder) => {
    const file = join(folder, 'drover.db')
    await store(file)
    const db = new Database(file)
    const page = db.prepare<[], number>(`SELECT rootpage FROM sqlite_schema WHERE name = 'item'`).pluck().get() as number
    db.close()
    const descriptor = openSync(file, 'r+')
    writeSync(descriptor, Buffer.alloc(4096, 0xa5), 0, 4096, (page - 1) * 4096)
    closeSync(descriptor)
    const { ok, problems, checked } = await checkStore(file)
    assert.is(ok, false)
    assert.ok(problems.some(({ check, examples }) => check === 'file' && examples.length > 0))
    assert.ok(problems.some(({ check, message }) => check !== 'file' && message.startsWith('could not be checked')))
    assert.equal(Object.keys(checked).sort(), everyCheck)
  }))

test('a page that cannot be read for the moment is no damage: the check fails, and the look at a store tells that it could not be made', () =>
  inFolder(async (folder) => {
    const file = join(folder, 'drover.db')
    await store(file)
    const db = new Database(file)
    db.exec('UPDATE result SET attempt = 2')
    assert.equal((await checkStore(file)).problems, [])
    // SQLite looks for the pages where its index of the log says that they are.
    truncateSync(`${file}-wal`, 32)
    await refused(checkStore(file), 'STORE_FAILED')
    const reader = new Reader({ file, client: { call: () => Promise.reject(new Error('not asked')) } })
    const told: string[] = []
    await lookAtStore(reader, new AbortController().signal, {
      damaged: ({ message }) => told.push(`damaged: ${message}`),
      doubtful: (message) => told.push(`doubtful: ${message}`),
      failed: (error) => told.push(`failed: ${(error as Error).message}`),
    })
    assert.is(told.length, 1)
    assert.match(told[0] ?? '', /^failed: the store failed: (disk I\/O error|SQLite could not read every page)/)
    await reader.close()
    db.close()
  }))

test('an unreadable page is distinguished from a damaged one, in the words of SQLite', () => {
  for (const line of [
    'Tree 5 page 7: unable to get the page. error code=522',
    'Tree 5 page 7: unable to get the page. error code=7',
    'Freelist: failed to get page 9',
  ])
    assert.throws(() => checkRead(line), /could not read every page/, line)
  for (const line of [
    'ok',
    'Tree 5 page 7: btreeInitPage() returns error code 11',
    'Tree 5 page 7: unable to get the page. error code=779',
    'Page 9: never used',
  ])
    checkRead(line)
})

test('a system checks its store while it works, and one without workers too', async () => {
  const file = join(temporaryFolder(), 'test.db')
  const first = await open({ store: file, workers: [worksOn('a/x')] })
  await first.load('data', items(300))
  await first.start()
  assert.equal((await first.check()).problems, [])
  await first.done()
  await first.close()
  const second = await open({ store: file, workers: [] })
  assert.equal((await second.check()).problems, [])
})

test('a check of a store in memory is made too', async () => {
  const system = await open({ store: ':memory:', workers: [worksOn('a/x')] })
  await system.load('data', items(5))
  assert.ok((await system.check()).ok)
})

test('a cancelled check rejects with the reason, and an invalid signal is refused', async () => {
  const system = await open({ workers: [] })
  const controller = new AbortController()
  const checking = system.check({ signal: controller.signal })
  controller.abort(new Error('enough'))
  assert.is(await checking.catch((error: Error) => error.message), 'enough')
  await refused(system.check({ signal: 1 as unknown as AbortSignal }), 'ARGUMENT_INVALID')
  await refused(checkStore(':memory:'), 'ARGUMENT_INVALID')
})

test.run()
