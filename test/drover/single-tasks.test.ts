import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Drover, TaskRecord } from '../../src/index.js'
import { within } from '../store/support/waiting.js'
import { refused } from '../support/refused.js'
import { cleanUp, collect, event, items, open, state, temporaryFolder, until, worker } from '../support/system.js'

test.after.each(cleanUp)

/** Failed attempts wait for an hour. */
const patient = { tasks: { maxAttempts: 3, backoff: { initialMs: 3_600_000, maxMs: 3_600_000 } } }

const stores = { 'a file': {}, memory: { store: ':memory:' } }

async function listed(system: Drover, query: Parameters<Drover['tasks']['list']>[0] = {}): Promise<TaskRecord[]> {
  return (await system.tasks.list({ limit: 1_000, ...query })).items
}

function allRetrying(system: Drover, count: number): Promise<unknown> {
  return until(() => system.status().workers.every(({ progress }) => progress?.retrying === count), `${count} tasks to be retrying`)
}

for (const [where, store] of Object.entries(stores)) {
  test(`in ${where}: retrying tasks come at once when asked, and the run is done`, async () => {
    const system = await open({ ...store, ...patient, workers: [worker('a/x')] })
    await system.load(
      'data',
      items(3, () => ({ do: 'throw', times: 1 })),
    )
    await system.start()
    const done = system.done()
    await allRetrying(system, 3)
    assert.is(await system.tasks.retry({ keys: ['item-1'] }), 1)
    assert.is(await system.tasks.retry({ domain: 'x' }), 2)
    const report = await within('the run is done', done)
    assert.equal([report.results, report.dead], [3, 0])
    assert.equal(
      (await listed(system)).map(({ key, state: is, attempts, failures }) => [key, is, attempts, failures]),
      [
        ['item-0', 'done', 2, 1],
        ['item-1', 'done', 2, 1],
        ['item-2', 'done', 2, 1],
      ],
    )
  })

  test(`in ${where}: when the last tasks are dropped the lane is complete, and redriven they are done`, async () => {
    const system = await open({ ...store, ...patient, workers: [worker('a/x')] })
    await system.load(
      'data',
      items(3, (n) => (n === 0 ? {} : { do: 'throw', times: 1 })),
    )
    await system.start()
    const done = system.done()
    await allRetrying(system, 2)
    assert.is(await system.tasks.drop({ states: ['waiting', 'dead'] }, 'not these'), 0)
    assert.is(await system.tasks.drop({ dataset: 'data', keys: ['item-0', 'item-1', 'item-2'] }, 'not wanted'), 2)
    const report = await within('the run is done', done)
    assert.equal([report.completed, report.results, report.dead], [['a/x'], 1, 2])
    assert.equal(
      (await collect(system.deadTasks())).map(({ key, kind, error }) => [key, kind, error]),
      ['item-1', 'item-2'].map((key) => [key, 'dropped', { name: 'Dropped', message: 'not wanted' }]),
    )
    assert.is((await listed(system, { kind: 'dropped' })).length, 2)
    assert.is(await system.redrive({ keys: ['item-1'] }), 1)
    assert.equal((await system.done()).results, 2)
  })

  test(`in ${where}: datasets, labels, results by range and events can be read`, async () => {
    const system = await open({ ...store, workers: [worker('a/x'), worker('b/x')] })
    await system.load('data', items(30))
    await system.start()
    await system.done()
    const counts = { done: 60, dead: 0, leased: 0, retrying: 0, total: 60 }
    assert.equal(await system.datasets(), [{ name: 'data', items: 30, lanes: 2, ...counts }])
    const [report] = await system.labels({ path: '$.key' })
    assert.equal([report?.items, report?.agreement.alpha, report?.agreement.pairs[0]?.kappa], [30, 1, 1])
    const all = await collect(system.results())
    assert.equal(await collect(system.results({ skip: 25, limit: 10 })), all.slice(25, 35))
    assert.equal(await collect(system.results({ worker: 'b/x', skip: 28 })), all.slice(58))
    assert.equal(await collect(system.results({ limit: 0 })), [])
    const first = await system.events({ limit: 3 })
    const { items: rest, last } = await system.events({ after: first.items.at(-1)?.id ?? 0, limit: 10_000 })
    assert.is(first.first, first.items[0]?.id)
    assert.is(last, rest.at(-1)?.id)
    assert.equal([...first.items, ...rest].reverse(), await system.history({ limit: 10_000 }))
  })
}

test('a parked worker whose tasks are dropped waits for its quota no longer', async () => {
  const system = await open({ workers: [worker('a/x', { quota: 'key' })], quotas: { key: { requests: { limit: 2, per: 'hour' } } } })
  await system.load('data', items(9))
  await system.start()
  await state(system, 'a/x', 'parked')
  const done = system.done()
  assert.is(await system.tasks.drop({ worker: 'a/x' }, 'enough'), 7)
  const report = await within('the run is done', done)
  assert.equal([report.completed, report.results, report.dead], [['a/x'], 2, 7])
})

test('tasks that another host drops are waited for no longer', async () => {
  const store = join(temporaryFolder(), 'shared.db')
  const system = await open({ store, ...patient, workers: [worker('a/x')] })
  const other = await open({ store, ...patient, workers: [worker('a/x')] })
  await system.load(
    'data',
    items(2, () => ({ do: 'throw' })),
  )
  await system.start()
  await allRetrying(system, 2)
  const done = system.done()
  assert.is(await other.tasks.drop({ domain: 'x' }, 'no'), 2)
  assert.is((await within('the run is done', done)).dead, 2)
})

test('tasks are begun by the priority that they were given', async () => {
  const starts = join(temporaryFolder(), 'starts.jsonl')
  const system = await open({ workers: [worker('a/x', { prefetch: 0, input: { starts } })] })
  await system.load('data', items(5))
  assert.is(await system.tasks.prioritise({ dataset: 'data', keys: ['item-3', 'item-4'] }, 2), 2)
  assert.is(await system.tasks.prioritise({ dataset: 'data', worker: 'a/x', keys: ['item-4', 'item-0'] }, -1), 2)
  const order = ['item-3', 'item-1', 'item-2', 'item-0', 'item-4']
  assert.equal(
    (await listed(system, { state: 'waiting' })).map(({ key }) => key),
    order,
  )
  await system.start()
  await system.done()
  const lines = readFileSync(starts, 'utf8').trimEnd().split('\n')
  assert.equal(
    lines.map((line) => (JSON.parse(line) as { key: string }).key),
    order,
  )
})

test('many waiting tasks are dropped while others are worked on; every one has one end', async () => {
  const system = await open({ workers: [worker('a/x', { concurrency: 4 }), worker('b/x')] })
  await system.load('data', items(9_000))
  await system.start()
  await event(system, 'lane:counts:changed', ({ lanes }) => lanes.some(({ done }) => done > 50))
  const dropped = await system.tasks.drop({ dataset: 'data', states: ['waiting'] }, 'enough')
  const report = await system.done()
  assert.is(report.dead, dropped)
  assert.is(report.results + dropped, 18_000)
})

test('neither an attempt that failed nor the reason of a drop carries a secret', async () => {
  const system = await open({ ...patient, workers: [worker('a/x', { input: { apiKey: 'sk-very-secret' } })] })
  await system.load(
    'data',
    items(1, () => ({ do: 'throw' })),
  )
  await system.start()
  await allRetrying(system, 1)
  await system.tasks.drop({}, 'its key was sk-very-secret')
  const detail = await system.tasks.get('data', 'item-0')
  assert.equal(
    detail?.attempts.map(({ outcome, worker: by, error }) => [outcome, by, error?.message]),
    [
      ['failed', 'a/x', 'no luck with [redacted]'],
      ['dropped', 'a/x', 'its key was [redacted]'],
    ],
  )
  assert.equal(detail?.data, { id: 'item-0', do: 'throw' })
  assert.not.match(JSON.stringify(detail), 'sk-very-secret')
})

test('an item is reported with its task in every lane', async () => {
  const system = await open({ workers: [worker('a/x'), worker('b/x')] })
  await system.load('data', items(2))
  await system.start('a/x')
  await system.done()
  const detail = await system.tasks.get('data', 'item-1')
  assert.equal(
    detail?.tasks.map(({ annotator, state: is, result }) => [annotator, is, result]),
    [
      ['a', 'done', { key: 'item-1' }],
      ['b', 'waiting', null],
    ],
  )
  assert.equal(
    detail?.attempts.map(({ annotator, outcome, attempt }) => [annotator, outcome, attempt]),
    [['a', 'done', 1]],
  )
  assert.is(await system.tasks.get('data', 'none'), null)
})

test('what a search or a group of errors matches is counted, and moved as it was counted, in every lane', async () => {
  const system = await open({ tasks: { maxAttempts: 1 }, workers: [worker('a/x'), worker('b/x')] })
  await system.load(
    'data',
    items(12, (n) => (n % 3 === 0 ? { do: 'throw' } : n % 3 === 1 ? { do: 'fly' } : {})),
  )
  await system.start()
  await system.done()
  const groups = await system.errors()
  assert.equal(
    groups.map(({ count }) => count),
    [8, 8],
  )
  const { id, code } = groups.find(({ message }) => message.includes('fly')) as (typeof groups)[0]
  const { tasks } = system
  assert.equal(await tasks.count(), { waiting: 0, leased: 0, retrying: 0, done: 8, dead: 16, dropped: 0 })
  assert.is((await tasks.count({ error: id })).dead, 8)
  assert.is((await tasks.count({ code, annotator: 'a' })).dead, (await listed(system, { code, annotator: 'a' })).length)
  assert.equal(new Set((await listed(system, { error: id })).map(({ error }) => error?.message)).size, 1, 'a group leads to its tasks only')
  assert.equal(
    (await listed(system, { search: '1' })).map(({ key, annotator }) => `${key} ${annotator}`),
    ['item-1 a', 'item-1 b', 'item-10 a', 'item-10 b', 'item-11 a', 'item-11 b'],
  )
  assert.equal(await tasks.count({ prefix: 'item-1' }), { waiting: 0, leased: 0, retrying: 0, done: 2, dead: 4, dropped: 0 })
  assert.is(await tasks.drop({ prefix: 'item-1', annotator: 'b' }, 'not these'), 2)
  assert.is(await tasks.drop({ prefix: 'item-1' }, 'not these'), 2)
  assert.is((await tasks.count({ search: 'item-1' })).dropped, 4)
  assert.is(await tasks.redrive({ error: id }), 4, 'what was dropped died of something else')
  assert.is(await tasks.drop({ keys: [] }, 'nothing is chosen'), 0)
  const before = await tasks.count()
  assert.is(await tasks.redo({ search: 'item-2' }), 2)
  await system.done()
  const { items: past } = await tasks.pastResults({ dataset: 'data', key: 'item-2', annotator: 'b' })
  assert.equal(
    past.map(({ annotator, value, attempt }) => [annotator, value, attempt]),
    [['b', { key: 'item-2' }, 1]],
  )
  assert.is((await tasks.count()).done, before.done)
  assert.is((await collect(system.results({ dataset: 'data' }))).length, before.done)
})

test('an invalid argument is refused by name', async () => {
  const system = await open({ workers: [worker('a/x')] })
  const bad = async (call: () => Promise<unknown>, what: RegExp): Promise<void> => {
    const { message } = await refused(Promise.resolve().then(call), 'ARGUMENT_INVALID')
    assert.match(message, what)
  }
  const { tasks } = system
  const any = (value: unknown): never => value as never
  await bad(() => tasks.list({ limit: 1_001 }), /limit must be a whole number, 1 to 1000, got 1001/)
  await bad(() => tasks.list({ state: any('gone') }), /state must be waiting, .*, got "gone"/)
  await bad(() => tasks.list({ kind: any('x') }), /kind must be/)
  await bad(() => tasks.list({ kind: 'poison', state: 'done' }), /kind/)
  await bad(() => tasks.list({ after: 'somewhere' }), /is not next of an earlier page/)
  await bad(() => tasks.list({ annotator: any(true) }), /annotator must be a text, got true/)
  await bad(() => tasks.get('data', any(undefined)), /key must be/)
  await bad(() => tasks.retry({ keys: any('item-1') }), /keys must be a list of texts/)
  await bad(() => tasks.drop({}, ''), /why must be/)
  await bad(() => tasks.drop({ search: '' }, 'x'), /search must be a text that is not empty/)
  await bad(() => tasks.drop({ code: 'X', states: ['waiting'] }, 'x'), /code needs the state dead, not waiting/)
  await bad(() => tasks.redo({}), /redo needs a filter/)
  await bad(() => tasks.redo({ prefix: '' }), /prefix must be a text that is not empty/)
  await bad(() => tasks.redo(any({ code: 'X' })), /the filter has no "code"/)
  await bad(() => tasks.count({ error: '' }), /error must be a text/)
  await bad(() => tasks.pastResults(any({ dataset: 'data' })), /key must be/)
  await bad(() => tasks.drop({ states: any(['leased']) }, 'x'), /states must be a list of dead, retrying, waiting/)
  await bad(() => tasks.prioritise(any({ dataset: 'data' }), 1), /keys/)
  await bad(() => tasks.prioritise(any({ keys: [] }), 1), /dataset must be a text, got nothing/)
  await bad(() => tasks.prioritise({ dataset: 'data', keys: [] }, 1.5), /priority must be a whole number/)
  await bad(() => system.labels({ path: 'label' }), /path must be a JSON path/)
  await bad(() => system.labels({ items: 0 }), /items must be/)
  await bad(() => system.events({ limit: 0 }), /limit must be/)
  await bad(() => system.events({ after: -1 }), /after must be/)
  await bad(async () => system.results({ skip: -1 }), /skip must be/)
  await bad(async () => system.setLogLevel(any('loud')), /the log level must be silent, error, warn, info, debug, got "loud"/)
})

test.run()
