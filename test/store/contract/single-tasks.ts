import * as assert from 'uvu/assert'
import type { EngineReply, EngineRequest } from '../../../src/store/contract/engine.js'
import { refused } from '../../support/refused.js'
import type { ContractTest } from '../support/contract.js'
import { boom, completed, type Desk, failed, released, worker } from '../support/desk.js'

const why = { name: 'Dropped', message: 'not wanted' }
const lane = { dataset: 'data', annotator: 'annotator-1', domain: 'urgency', worker }

type Query = Omit<EngineRequest<'tasks'>, 'after' | 'limit'>

/** All tasks that match, page by page. */
async function listed(desk: Desk, query: Partial<Query> = {}, limit = 100): Promise<EngineReply<'tasks'>['rows']> {
  const rows: EngineReply<'tasks'>['rows'] = []
  let after: string | null = null
  do {
    const page: EngineReply<'tasks'> = await desk.call('tasks', { filter: {}, ...query, after, limit })
    rows.push(...page.rows)
    after = page.next
  } while (after !== null)
  return rows
}

async function keysOf(desk: Desk, query: Partial<Query> = {}, limit = 100): Promise<string[]> {
  return (await listed(desk, query, limit)).map(({ key }) => key)
}

function drop(desk: Desk, state: EngineRequest<'drop'>['state'], more: Partial<EngineRequest<'drop'>> = {}): Promise<EngineReply<'drop'>> {
  return desk.call('drop', { filter: {}, keys: null, state, error: why, limit: 1_000, ...more })
}

/** k0 done, k1 dead, k2 retrying in a second, k3 leased, k4 and k5 waiting. */
async function everyState(desk: Desk) {
  await desk.begin(6)
  const hold = await desk.acquire()
  const leases = await desk.claim(hold, 4)
  const outcomes = [...completed(leases).slice(0, 1), ...failed(leases, null).slice(1, 2), ...failed(leases, 1_000).slice(2, 3)]
  await desk.exchange(hold, 0, outcomes)
  return hold
}

export function singleTasksContract(test: ContractTest): void {
  test('each task is told with its state, its attempts, its last error and when', async (desk) => {
    await everyState(desk)
    const at = desk.world.now()
    const task = { ...lane, priority: 0, attempts: 1, failures: 0, kind: null, error: null, at: null }
    assert.equal(await listed(desk), [
      { ...task, key: 'k0', state: 'done', at },
      { ...task, key: 'k1', state: 'dead', failures: 1, kind: 'failed', error: boom, at },
      { ...task, key: 'k2', state: 'retrying', failures: 1, error: boom, at: at + 1_000 },
      { ...task, key: 'k3', state: 'leased' },
      { ...task, key: 'k4', state: 'waiting', attempts: 0 },
      { ...task, key: 'k5', state: 'waiting', attempts: 0 },
    ])
  })

  test('a task given back is due at once, and says no time', async (desk) => {
    await desk.begin(1)
    const hold = await desk.acquire()
    await desk.exchange(hold, 0, released(await desk.claim(hold, 1)))
    const [task] = await listed(desk, { state: 'retrying' })
    assert.equal([task?.attempts, task?.failures, task?.error, task?.at], [0, 0, null, null])
  })

  test('a lane whose worker is declared with another one lists its tasks without a worker', async (desk) => {
    await desk.begin(1)
    await desk.call('declare', {
      workers: [{ worker, lane: { dataset: 'other', annotator: 'annotator-1', domain: 'urgency', target: null } }],
    })
    assert.equal(
      (await listed(desk)).map(({ dataset, worker: by }) => [dataset, by]),
      [['data', null]],
    )
    await drop(desk, 'waiting')
    assert.equal((await desk.call('dead', { filter: {}, after: null, limit: 9 })).rows[0]?.worker, '')
  })

  test('tasks are narrowed by state, lane, kind and a text in the key, whatever the size of the pages', async (desk) => {
    await everyState(desk)
    await desk.declare(['b/x'])
    for (const limit of [1, 2, 3, 50]) {
      const keys = (query: Partial<Query>) => keysOf(desk, query, limit)
      assert.equal(await keys({ state: 'waiting', filter: { worker } }), ['k4', 'k5'])
      assert.equal(await keys({ state: 'leased' }), ['k3'])
      assert.equal(await keys({ state: 'retrying' }), ['k2'])
      assert.equal(await keys({ state: 'done' }), ['k0'])
      assert.equal(await keys({ kind: 'failed' }), ['k1'])
      assert.equal(await keys({ kind: 'poison' }), [])
      assert.equal(await keys({ search: '5' }), ['k5', 'k5'])
      assert.equal(await keys({ search: '5', state: 'dead' }), [])
      assert.equal(await keys({ filter: { annotator: 'b' }, state: 'waiting' }), ['k0', 'k1', 'k2', 'k3', 'k4', 'k5'])
      assert.is((await keys({})).length, 12)
    }
    await refused(desk.call('tasks', { filter: {}, kind: 'poison', state: 'done', after: null, limit: 1 }), 'ARGUMENT_INVALID')
    await refused(desk.call('tasks', { filter: {}, state: 'done', after: 'x', limit: 1 }), 'ARGUMENT_INVALID')
    await refused(desk.call('tasks', { filter: {}, state: 'waiting', after: '1.x', limit: 1 }), 'ARGUMENT_INVALID')
  })

  test('keys with dots and line feeds are pages of their own', async (desk) => {
    await desk.begin()
    const items = ['', '.', 'a.b', 'a\nb', 'ü'].map((key) => ({ key, data: '1', priority: 0 }))
    await desk.call('enqueue', { dataset: 'data', items, onConflict: 'error' })
    assert.equal((await keysOf(desk, {}, 1)).sort(), items.map(({ key }) => key).sort())
  })

  test('dead tasks are listed and counted by the group of their error, and by its code', async (desk) => {
    await desk.begin(4, { workers: ['a/x', 'b/x'] })
    const rate = (n: number) => ({ name: 'Error', message: `slow down ${n}`, code: 'RATE' })
    for (const id of ['a/x', 'b/x']) {
      const hold = await desk.acquire(id)
      const { tokens } = await desk.claim(hold, 4)
      const errors = [rate(1), rate(2), boom, { ...rate(3), message: 'stop' }]
      const outcomes = tokens.map((token, n) => ({ do: 'fail' as const, token, error: errors[n] ?? boom, retryInMs: null }))
      await desk.exchange(hold, 0, outcomes)
    }
    const { rows: groups } = await desk.call('deadErrors', { filter: {}, after: null, limit: 99 })
    assert.equal(groups.map(({ code, message, count }) => `${code} ${message} ${count}`).sort(), [
      'Error boom 2',
      'RATE slow down 1 4',
      'RATE stop 2',
    ])
    const errors = groups.filter(({ message }) => message.startsWith('slow')).map(({ id }) => id)
    const counted = async (query: Partial<Query>) => (await desk.call('taskCounts', { filter: {}, ...query, after: null })).counts.dead
    for (const limit of [1, 3, 50]) {
      assert.equal(await keysOf(desk, { errors }, limit), ['k0', 'k1', 'k0', 'k1'])
      assert.equal(await keysOf(desk, { code: 'RATE', filter: { annotator: 'b' } }, limit), ['k0', 'k1', 'k3'])
      assert.equal(await keysOf(desk, { code: 'RATE', prefix: 'k' }, limit), ['k0', 'k0', 'k1', 'k1', 'k3', 'k3'])
      assert.equal(await keysOf(desk, { errors: ['none'] }, limit), [])
    }
    assert.equal([await counted({ errors }), await counted({ code: 'RATE' }), await counted({ errors, search: '1' })], [4, 6, 2])
    await desk.call('redrive', { filter: {}, keys: ['k0'] })
    assert.is(await counted({ errors }), 2)
    await refused(desk.call('taskCounts', { filter: {}, code: 'RATE', state: 'done', after: null }), 'ARGUMENT_INVALID')
  })

  test('waiting tasks are listed in the order in which they are handed out', async (desk) => {
    await desk.begin(4)
    await desk.load(3, { from: 10, priority: 5 })
    await desk.load(2, { from: 20, priority: -2 })
    const hold = await desk.acquire()
    await desk.claim(hold, 1)
    await drop(desk, 'waiting', { keys: ['k1', 'k21'] })
    await desk.call('prioritise', { filter: { dataset: 'data', domain: 'urgency' }, keys: ['k2'], priority: 5 })
    const order = ['k2', 'k11', 'k12', 'k0', 'k3', 'k20']
    for (const limit of [1, 2, 5, 9]) assert.equal(await keysOf(desk, { state: 'waiting' }, limit), order)
    assert.equal((await desk.claim(hold, 9)).keys, order)
  })

  test('an item is told with its data, its results and what became of every attempt, over all lanes', async (desk) => {
    await desk.begin(1, { workers: ['a/x', 'b/x'] })
    const a = await desk.acquire('a/x')
    const at = desk.world.now()
    await desk.exchange(a, 0, failed(await desk.claim(a, 1), 0))
    desk.world.advance(10)
    await desk.exchange(a, 0, completed(await desk.claim(a, 1)))
    const b = await desk.acquire('b/x')
    desk.world.advance(10)
    await desk.abandon(b, { working: (await desk.claim(b, 1)).tokens })
    const { detail } = await desk.call('task', { dataset: 'data', key: 'k0' })
    assert.equal([detail?.key, detail?.dataset, detail?.priority, detail?.data], ['k0', 'data', 0, '{"n":0}'])
    assert.equal(
      detail?.tasks.map(({ annotator, state, attempts, failures, result, error }) => [annotator, state, attempts, failures, result, error]),
      [
        ['a', 'done', 2, 1, '"done k0"', null],
        ['b', 'retrying', 1, 1, null, boom],
      ],
    )
    const x = { domain: 'x' }
    assert.equal(detail?.attempts, [
      { annotator: 'a', ...x, attempt: 1, worker: 'a/x', outcome: 'failed', error: boom, at },
      { annotator: 'a', ...x, attempt: 2, worker: 'a/x', outcome: 'done', error: null, at: at + 10 },
      { annotator: 'b', ...x, attempt: 1, worker: 'b/x', outcome: 'crashed', error: boom, at: at + 20 },
    ])
    assert.equal(await desk.call('task', { dataset: 'data', key: 'none' }), { detail: null })
    assert.equal(await desk.call('task', { dataset: 'none', key: 'k0' }), { detail: null })
  })

  test('the latest twenty attempts of a task are remembered, and a reset forgets them', async (desk) => {
    await desk.begin(1)
    const hold = await desk.acquire()
    for (let n = 0; n < 25; n++) await desk.exchange(hold, 0, failed(await desk.claim(hold, 1), 0))
    const attempts = async () => (await desk.call('task', { dataset: 'data', key: 'k0' })).detail?.attempts.map(({ attempt }) => attempt)
    assert.equal(
      await attempts(),
      Array.from({ length: 20 }, (_, n) => n + 6),
    )
    await desk.call('reset', { worker, host: 'host-1', data: true })
    assert.equal(await attempts(), [])
  })

  test('failures count since the last redrive', async (desk) => {
    await desk.begin(1)
    const hold = await desk.acquire()
    const failures = async () => (await listed(desk))[0]?.failures
    await desk.exchange(hold, 0, failed(await desk.claim(hold, 1), 0))
    await desk.exchange(hold, 0, failed(await desk.claim(hold, 1), null))
    assert.is(await failures(), 2)
    await desk.call('redrive', { filter: {}, keys: null })
    assert.is(await failures(), 0)
    await desk.exchange(hold, 0, failed(await desk.claim(hold, 1), 0))
    await desk.exchange(hold, 0, completed(await desk.claim(hold, 1)))
    assert.is(await failures(), 1)
  })

  test('an attempt that was cut off by the end of its host is told, and is no failure of the task', async (desk) => {
    await desk.begin(1)
    await desk.claim(await desk.acquire(), 1)
    desk.world.fate(desk.world.host(1), 'gone')
    await desk.call('join', { host: desk.world.host(2) })
    const { detail } = await desk.call('task', { dataset: 'data', key: 'k0' })
    assert.equal(
      detail?.attempts.map(({ outcome, error }) => [outcome, error?.name]),
      [['crashed', 'HostGone']],
    )
    assert.equal([detail?.tasks[0]?.attempts, detail?.tasks[0]?.failures], [1, 0])
  })

  test('retrying tasks that are promoted are due at once', async (desk) => {
    await everyState(desk)
    assert.equal(await desk.call('promote', { filter: {}, keys: ['k1', 'k4'] }), { count: 0, workers: [] })
    assert.equal(await desk.call('promote', { filter: {}, keys: ['k2', 'k4'] }), { count: 1, workers: [worker] })
    assert.equal(await desk.call('promote', { filter: {}, keys: null }), { count: 0, workers: [] })
    assert.equal((await desk.claim(await desk.acquire(), 1)).attempts, [2])
  })

  test('dropped tasks are dead, with the reason and what went before; leased and done ones stay', async (desk) => {
    const hold = await everyState(desk)
    const at = desk.world.now()
    for (const state of ['dead', 'retrying', 'waiting'] as const) {
      const count = state === 'waiting' ? 2 : 1
      assert.equal(await drop(desk, state), { count, workers: [worker], more: false })
      assert.equal(await drop(desk, state), { count: 0, workers: [], more: false })
    }
    const counts = { total: 6, done: 1, dead: 4, leased: 1, retrying: 0, complete: false }
    assert.equal(await desk.counts(), counts)
    assert.equal(await desk.exchange(hold, 1), {
      settled: [],
      leases: { tokens: [], keys: [], data: [], attempts: [], failures: [], releases: [] },
      shortage: { kind: 'later', inMs: null },
      counts: { worker, ...counts },
    })
    const { rows } = await desk.call('dead', { filter: {}, after: null, limit: 9 })
    assert.equal(
      rows.map(({ key, kind, attempt, error }) => [key, kind, attempt, error]),
      [
        ['k1', 'dropped', 1, { ...why, cause: boom }],
        ['k2', 'dropped', 1, why],
        ['k4', 'dropped', 0, why],
        ['k5', 'dropped', 0, why],
      ],
    )
    const { detail } = await desk.call('task', { dataset: 'data', key: 'k2' })
    assert.equal(
      detail?.attempts.map(({ attempt, outcome, error }) => [attempt, outcome, error]),
      [
        [1, 'failed', boom],
        [1, 'dropped', why],
      ],
    )
    assert.equal(detail?.attempts[1]?.at, at)
    assert.is(detail?.tasks[0]?.failures, 1)
  })

  test('with its last tasks dropped a lane is complete, and redriven they come again', async (desk) => {
    await desk.begin(3)
    const hold = await desk.acquire()
    assert.is((await drop(desk, 'waiting', { keys: ['k1', 'unknown'] })).count, 1)
    assert.equal((await desk.claim(hold, 1)).keys, ['k0'])
    assert.is((await drop(desk, 'waiting')).count, 1)
    assert.is((await desk.counts()).complete, false)
    const reply = await desk.exchange(hold, 1, completed({ tokens: [1], keys: ['k0'], data: [], attempts: [], failures: [], releases: [] }))
    assert.equal([reply.settled, reply.shortage, reply.counts.complete], [['stored'], { kind: 'complete' }, true])
    await desk.call('redrive', { filter: {}, keys: ['k1', 'k2'] })
    const leases = await desk.claim(hold, 9)
    assert.equal(
      [leases.keys, leases.attempts, leases.failures],
      [
        ['k1', 'k2'],
        [1, 1],
        [0, 0],
      ],
    )
  })

  test('many are dropped some at a time', async (desk) => {
    await desk.begin(5, { workers: ['a/x', 'b/x'] })
    const replies: number[] = []
    for (let more = true; more; ) {
      const reply = await drop(desk, 'waiting', { limit: 4 })
      replies.push(reply.count)
      more = reply.more
    }
    assert.equal(replies, [4, 4, 2])
  })

  test('an item gets another priority in one lane, and keeps its own in the others', async (desk) => {
    await desk.begin(4, { workers: ['a/x', 'b/x'] })
    const a = await desk.acquire('a/x')
    await desk.claim(a, 1)
    const prioritise = (keys: string[], priority: number) =>
      desk.call('prioritise', { filter: { dataset: 'data', annotator: 'a' }, keys, priority })
    assert.equal(await prioritise(['k0', 'k3', 'unknown'], 9), { count: 1, workers: ['a/x'] })
    assert.equal(await prioritise(['k1'], -9), { count: 1, workers: ['a/x'] })
    assert.equal(await prioritise(['k0'], 9), { count: 0, workers: [] })
    assert.equal(
      (await listed(desk, { filter: { worker: 'a/x' } })).map(({ state, priority }) => [state, priority]),
      [
        ['leased', 0],
        ['waiting', -9],
        ['waiting', 0],
        ['waiting', 9],
      ],
    )
    assert.is((await desk.counts('a/x')).retrying, 0)
    const leases = await desk.claim(a, 9)
    assert.equal(
      [leases.keys, leases.attempts],
      [
        ['k3', 'k2', 'k1'],
        [1, 1, 1],
      ],
    )
    assert.equal((await desk.claim(await desk.acquire('b/x'), 9)).keys, ['k0', 'k1', 'k2', 'k3'])
    assert.equal(await desk.call('prioritise', { filter: { dataset: 'none' }, keys: ['k0'], priority: 1 }), { count: 0, workers: [] })
  })

  test('a retrying task goes by its new priority among those that are due', async (desk) => {
    await desk.begin(3)
    const hold = await desk.acquire()
    await desk.exchange(hold, 0, failed(await desk.claim(hold, 3), 0))
    assert.is((await desk.call('prioritise', { filter: { dataset: 'data' }, keys: ['k2'], priority: 1 })).count, 1)
    assert.equal((await desk.claim(hold, 3)).keys, ['k2', 'k0', 'k1'])
  })

  test("over a whole dataset the priority becomes the items' own: for lanes that come later, and after a reset", async (desk) => {
    await desk.begin(3, { workers: ['a/x', 'b/x'] })
    const a = await desk.acquire('a/x')
    await desk.exchange(a, 0, completed(await desk.claim(a, 1)))
    assert.is((await desk.call('prioritise', { filter: { dataset: 'data' }, keys: ['k0', 'k2'], priority: 7 })).count, 3)
    await desk.declare(['late/x'])
    assert.equal((await desk.claim(a, 9)).keys, ['k2', 'k1'])
    for (const id of ['b/x', 'late/x']) assert.equal((await desk.claim(await desk.acquire(id), 9)).keys, ['k0', 'k2', 'k1'])
    await desk.load(1, { from: 10, priority: 7 })
    assert.equal((await desk.claim(a, 9)).keys, ['k10'])
    await desk.call('reset', { worker: 'a/x', host: 'host-1', data: true })
    assert.equal((await desk.claim(a, 9)).keys, ['k0', 'k2', 'k10', 'k1'])
  })

  test('datasets are told with their lanes added up', async (desk) => {
    await everyState(desk)
    await desk.load(2, { dataset: 'another' })
    await desk.call('declare', { workers: [{ worker: 'b/x', lane: { dataset: 'data', annotator: 'b', domain: 'x', target: 2 } }] })
    const none = { done: 0, dead: 0, leased: 0, retrying: 0 }
    assert.equal(await desk.call('datasets', {}), {
      datasets: [
        { name: 'another', items: 2, lanes: 0, ...none, total: 0 },
        { name: 'data', items: 6, lanes: 2, done: 1, dead: 1, leased: 1, retrying: 1, total: 8 },
      ],
    })
  })

  const redo = (desk: Desk, keys: string[], call: string, filter = {}) => desk.call('redo', { filter, keys, call })
  const pastOf = async (desk: Desk, key: string, limit = 10) => {
    const rows: EngineReply<'pastResults'>['rows'] = []
    let after: string | null = null
    do {
      const page: EngineReply<'pastResults'> = await desk.call('pastResults', { dataset: 'data', key, after, limit })
      rows.push(...page.rows)
      after = page.next
    } while (after !== null)
    return rows
  }
  const complete = (leases: { tokens: number[] }, value: string) =>
    leases.tokens.map((token) => ({ do: 'complete' as const, token, value }))

  test('a done task is done again: its old result is set aside, and is in no results and no counts', async (desk) => {
    await desk.begin(3)
    const hold = await desk.acquire()
    const at = desk.world.now()
    await desk.exchange(hold, 0, complete(await desk.claim(hold, 2), '{"label":"old"}'))
    desk.world.advance(10)
    assert.equal(await redo(desk, ['k0', 'k2', 'unknown'], 'first'), { count: 1, workers: [worker] })
    assert.equal(await desk.counts(), { total: 3, done: 1, dead: 0, leased: 0, retrying: 1, complete: false })
    assert.equal(
      (await desk.results()).map(({ key }) => key),
      ['k1'],
    )
    desk.world.advance(10)
    const leases = await desk.claim(hold, 1)
    assert.equal([leases.keys, leases.attempts, leases.failures], [['k0'], [2], [0]])
    await desk.exchange(hold, 0, complete(leases, '{"label":"new"}'))
    assert.equal(
      (await desk.results()).map(({ key, value, attempt }) => [key, value, attempt]),
      [
        ['k0', '{"label":"new"}', 2],
        ['k1', '{"label":"old"}', 1],
      ],
    )
    const lane1 = { annotator: 'annotator-1', domain: 'urgency' }
    assert.equal(await pastOf(desk, 'k0'), [
      { ...lane1, value: '{"label":"old"}', attempt: 1, worker, committedAt: at, setAsideAt: at + 10 },
    ])
    assert.equal([await pastOf(desk, 'k1'), await pastOf(desk, 'unknown')], [[], []])
    const { detail } = await desk.call('task', { dataset: 'data', key: 'k0' })
    assert.equal([detail?.tasks[0]?.result, detail?.tasks[0]?.pastResults], ['{"label":"new"}', 1])
    assert.equal(
      detail?.attempts.map(({ attempt, outcome, error }) => [attempt, outcome, error?.name, error?.details]),
      [
        [1, 'done', 'ResultSetAside', { value: { label: 'old' } }],
        [2, 'done', undefined, undefined],
      ],
    )
  })

  test('a call to redo that comes again, after its tasks were done, leaves their new results alone', async (desk) => {
    await desk.begin(2)
    const hold = await desk.acquire()
    await desk.exchange(hold, 0, complete(await desk.claim(hold, 2), '1'))
    const told = await redo(desk, ['k0', 'k1'], 'call')
    await desk.exchange(hold, 0, complete(await desk.claim(hold, 2), '2'))
    assert.equal([told.count, await redo(desk, ['k0', 'k1'], 'call')], [2, told])
    assert.equal(
      (await desk.results()).map(({ value }) => value),
      ['2', '2'],
    )
    assert.is((await pastOf(desk, 'k0')).length, 1)
  })

  test('every past result of a task is kept, however often it is done again and fails in between; a reset forgets them', async (desk) => {
    await desk.begin(1, { workers: ['a/x', 'b/x'] })
    const [a, b] = [await desk.acquire('a/x'), await desk.acquire('b/x')]
    await desk.exchange(b, 0, complete(await desk.claim(b, 1), '"b"'))
    for (let n = 0; n < 23; n++) {
      await desk.exchange(a, 0, failed(await desk.claim(a, 1), 0))
      await desk.exchange(a, 0, complete(await desk.claim(a, 1), String(n)))
      assert.is((await redo(desk, ['k0'], `call ${n}`, { annotator: 'a' })).count, 1)
    }
    const values = Array.from({ length: 23 }, (_, n) => String(22 - n))
    for (const limit of [1, 4, 23, 30]) {
      assert.equal(
        (await pastOf(desk, 'k0', limit)).map(({ value }) => value),
        values,
      )
    }
    const of = async (annotator: string) =>
      (await desk.call('pastResults', { dataset: 'data', key: 'k0', annotator, domain: 'x', after: null, limit: 2 })).rows.length
    assert.equal([await of('a'), await of('b')], [2, 0])
    assert.is((await listed(desk, { filter: { annotator: 'a' } }))[0]?.failures, 0)
    await desk.call('reset', { worker: 'a/x', host: 'host-1', data: true })
    assert.equal(await pastOf(desk, 'k0'), [])
  })

  test('tasks that are not done stay as they are in a redo', async (desk) => {
    await everyState(desk)
    assert.equal(await redo(desk, ['k1', 'k2', 'k3', 'k4'], 'call'), { count: 0, workers: [] })
    assert.equal(
      (await listed(desk)).map(({ state }) => state),
      ['done', 'dead', 'retrying', 'leased', 'waiting', 'waiting'],
    )
  })
}
