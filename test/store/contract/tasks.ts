import * as assert from 'uvu/assert'
import type { EngineRequest } from '../../../src/store/contract/engine.js'
import type { Outcome } from '../../../src/store/contract/tasks.js'
import { refused } from '../../support/refused.js'
import type { ContractTest } from '../support/contract.js'
import { boom, completed, failed, released, worker } from '../support/desk.js'

export function tasksContract(test: ContractTest): void {
  test('loading the same items again adds nothing', async (desk) => {
    await desk.begin()
    assert.equal(await desk.load(3), { added: 3, known: 0, updated: 0, conflict: null })
    assert.equal(await desk.load(4), { added: 1, known: 3, updated: 0, conflict: null })
    assert.is((await desk.counts()).total, 4)
  })

  test('what was given back for later comes behind fresh items, at every second place, and a due attempt before all of them', async (desk) => {
    await desk.begin(20)
    const hold = await desk.acquire()
    const leases = await desk.claim(hold, 6)
    const put = (at: number): Outcome => ({ do: 'release', token: leases.tokens[at] as number, inMs: at < 4 ? 100 : 0, later: true })
    await desk.exchange(hold, 0, [0, 1, 2, 3].map(put))
    await desk.exchange(hold, 0, [{ do: 'fail', token: leases.tokens[4] as number, error: boom, retryInMs: 0 }])
    await desk.exchange(hold, 0, [{ do: 'release', token: leases.tokens[5] as number, inMs: 0 }])
    await desk.load(1, { from: 90, priority: 9 })
    assert.equal((await desk.claim(hold, 3)).keys, ['k4', 'k5', 'k90'], 'an attempt that is due goes first, whatever its priority')
    assert.equal((await desk.claim(hold, 2)).keys, ['k6', 'k7'], 'the wait of the others is not over')
    desk.world.advance(100)
    assert.equal((await desk.claim(hold, 4)).keys, ['k8', 'k9', 'k0', 'k1'])
    const single: string[] = []
    for (let times = 0; times < 5; times++) single.push(...(await desk.claim(hold, 1)).keys)
    assert.equal(single, ['k10', 'k2', 'k11', 'k3', 'k12'])
    assert.equal((await desk.claim(hold, 99)).keys, ['k13', 'k14', 'k15', 'k16', 'k17', 'k18', 'k19'])
  })

  test('a task is told how often in a row it was given back for later; where it fails, that begins anew', async (desk) => {
    await desk.begin(1)
    const hold = await desk.acquire()
    const seen: number[][] = []
    let leases = await desk.claim(hold, 1)
    const next = async (outcome: (token: number) => Outcome) => {
      leases = (await desk.exchange(hold, 1, [outcome(leases.tokens[0] as number)])).leases
      seen.push([leases.releases[0] as number, leases.attempts[0] as number])
    }
    const later = (token: number): Outcome => ({ do: 'release', token, inMs: 0, later: true })
    await next(later)
    await next(later)
    // A pause gives back too; that says nothing of the task.
    await next((token) => ({ do: 'release', token, inMs: 0 }))
    await next((token) => ({ do: 'fail', token, error: boom, retryInMs: 0 }))
    await next(later)
    assert.equal(seen, [
      [1, 1],
      [2, 1],
      [2, 1],
      [0, 2],
      [1, 2],
    ])
  })

  test('a wait that makes no sense keeps no task away for ever', async (desk) => {
    await desk.begin(2)
    const hold = await desk.acquire()
    const [first, second] = (await desk.claim(hold, 2)).tokens as [number, number]
    const endless: Outcome[] = [
      { do: 'release', token: first, inMs: '5000' as never },
      { do: 'fail', token: second, error: boom, retryInMs: Number.POSITIVE_INFINITY },
    ]
    await desk.exchange(hold, 0, endless)
    desk.world.advance(5_000)
    assert.equal((await desk.claim(hold, 2)).keys, ['k0'])
    desk.world.advance(366 * 86_400_000)
    assert.equal((await desk.claim(hold, 2)).keys, ['k1'])
  })

  test('a key that is known with other data: named and nothing added, kept, or updated, as asked', async (desk) => {
    await desk.begin(2)
    const item = (key: string, data: string) => ({ key, data, priority: 0 })
    const items = [item('new', '1'), item('k1', '"other"'), item('k0', '"other"')]
    const enqueue = (onConflict: EngineRequest<'enqueue'>['onConflict']) => desk.call('enqueue', { dataset: 'data', items, onConflict })
    assert.equal(await enqueue('error'), { added: 0, known: 0, updated: 0, conflict: { index: 1, key: 'k1' } })
    assert.is((await desk.counts()).total, 2)
    assert.equal(await enqueue('keep'), { added: 1, known: 2, updated: 0, conflict: null })
    assert.equal((await desk.claim(await desk.acquire(), 9)).data, ['{"n":0}', '{"n":1}', '1'])
    assert.equal(await enqueue('update'), { added: 0, known: 1, updated: 2, conflict: null })
    assert.equal((await desk.claim(await desk.acquire(), 9)).data, ['"other"', '"other"', '1'])
  })

  test('a key twice in one request counts once, and conflicts with itself if its data differs', async (desk) => {
    await desk.begin()
    const enqueue = (...data: string[]) =>
      desk.call('enqueue', { dataset: 'data', items: data.map((text) => ({ key: 'k', data: text, priority: 0 })), onConflict: 'error' })
    assert.equal((await enqueue('1', '2')).conflict, { index: 1, key: 'k' })
    assert.equal(await enqueue('1', '1'), { added: 1, known: 1, updated: 0, conflict: null })
  })

  test('tasks come by priority, then in order of loading, also those loaded later', async (desk) => {
    await desk.begin(2)
    await desk.load(2, { from: 10, priority: 5 })
    await desk.load(1, { from: 20, priority: -1 })
    const hold = await desk.acquire()
    assert.equal((await desk.claim(hold, 3)).keys, ['k10', 'k11', 'k0'])
    await desk.load(1, { from: 30, priority: 9 })
    await desk.load(1, { from: 40, priority: 5 })
    assert.equal((await desk.claim(hold, 9)).keys, ['k30', 'k40', 'k1', 'k20'])
  })

  test('every item may have a priority of its own', async (desk) => {
    await desk.begin()
    const items = Array.from({ length: 50 }, (_, n) => ({ key: `k${n}`, data: '1', priority: (n * 7) % 50 }))
    await desk.call('enqueue', { dataset: 'data', items, onConflict: 'error' })
    const hold = await desk.acquire()
    const keys = [...(await desk.claim(hold, 20)).keys, ...(await desk.claim(hold, 99)).keys]
    assert.equal(
      keys,
      items.sort((a, b) => b.priority - a.priority).map(({ key }) => key),
    )
  })

  test('a completed task has its result, once, with who made it, when, and in which attempt', async (desk) => {
    await desk.begin(1)
    const hold = await desk.acquire()
    const leases = await desk.claim(hold, 5)
    assert.equal(leases, { tokens: leases.tokens, keys: ['k0'], data: ['{"n":0}'], attempts: [1], failures: [0], releases: [0] })
    const reply = await desk.exchange(hold, 1, completed(leases))
    assert.equal(reply.settled, ['stored'])
    assert.equal(reply.shortage, { kind: 'complete' })
    assert.equal(reply.counts, { worker, total: 1, done: 1, dead: 0, leased: 0, retrying: 0, complete: true })
    const lane = { dataset: 'data', annotator: 'annotator-1', domain: 'urgency' }
    const row = { ...lane, key: 'k0', value: '"done k0"', attempt: 1, worker, committedAt: desk.world.now() }
    assert.equal(await desk.results(), [row])
  })

  test('a repeated exchange claims nothing new and stores nothing twice', async (desk) => {
    await desk.begin(10)
    const hold = await desk.acquire()
    const first = await desk.exchange(hold, 3)
    const outcomes = [
      ...completed(first.leases).slice(0, 1),
      ...failed(first.leases, 0).slice(1, 2),
      ...failed(first.leases, null).slice(2),
    ]
    const second = await desk.exchange(hold, 2, outcomes)
    assert.equal(second.settled, ['stored', 'retrying', 'dead'])
    hold.request--
    const repeat = await desk.exchange(hold, 2, outcomes)
    assert.equal(repeat.leases, second.leases)
    assert.equal(repeat.settled, ['already', 'retrying', 'dead'])
    assert.equal(repeat.counts, second.counts)
    assert.is((await desk.results()).length, 1)
  })

  test('of several exchanges in flight each can be repeated', async (desk) => {
    await desk.begin(10)
    const hold = await desk.acquire()
    const replies = [await desk.exchange(hold, 2), await desk.exchange(hold, 3), await desk.exchange(hold, 1)]
    for (const [index, want] of [2, 3, 1].entries()) {
      const repeat = await desk.exchange(hold, want, [], { request: index + 1 })
      assert.equal(repeat.leases, replies[index]?.leases)
    }
    assert.is((await desk.counts()).leased, 6)
  })

  test('a repeat gets only those of its leases that are still there', async (desk) => {
    await desk.begin(3)
    const hold = await desk.acquire()
    const leases = await desk.claim(hold, 3)
    await desk.exchange(hold, 0, completed(leases).slice(1, 2))
    assert.equal((await desk.exchange(hold, 3, [], { request: 1 })).leases.keys, ['k0', 'k2'])
  })

  test('an outcome sent again in a later exchange is told what became of it', async (desk) => {
    await desk.begin(4)
    const hold = await desk.acquire()
    const leases = await desk.claim(hold, 3)
    const outcomes = [...completed(leases).slice(0, 1), ...failed(leases, null).slice(1, 2), ...released(leases).slice(2)]
    await desk.exchange(hold, 0, outcomes)
    assert.equal((await desk.exchange(hold, 0, outcomes)).settled, ['already', 'dead', 'released'])
    assert.is((await desk.counts()).done, 1)
  })

  test('an outcome twice in one exchange counts once; a token that is not leased is lost', async (desk) => {
    await desk.begin(2)
    const hold = await desk.acquire()
    const [outcome] = completed(await desk.claim(hold, 1))
    assert.ok(outcome)
    const { settled, counts } = await desk.exchange(hold, 0, [outcome, outcome, { ...outcome, token: 999_999 }])
    assert.equal(settled, ['stored', 'already', 'lost'])
    assert.is(counts.done, 1)
  })

  test('outcomes may come in any order and leave others leased', async (desk) => {
    await desk.begin(9)
    const hold = await desk.acquire()
    const outcomes = completed(await desk.claim(hold, 9))
    const some = [7, 2, 3, 0, 5].flatMap((index) => outcomes[index] ?? [])
    const { settled, counts } = await desk.exchange(hold, 0, some)
    assert.equal(settled, ['stored', 'stored', 'stored', 'stored', 'stored'])
    assert.is(counts.leased, 4)
    const rest = await desk.exchange(hold, 0, outcomes)
    assert.is(rest.settled.filter((became) => became === 'stored').length, 4)
    assert.is(rest.counts.done, 9)
    assert.equal(
      (await desk.results()).map(({ key }) => key),
      Array.from({ length: 9 }, (_, n) => `k${n}`),
    )
  })

  test('a failed attempt comes again when it is due, counted', async (desk) => {
    await desk.begin(1)
    const hold = await desk.acquire()
    const first = await desk.exchange(hold, 1, failed(await desk.claim(hold, 1), 1_000))
    assert.equal(first.settled, ['retrying'])
    assert.equal(first.shortage, { kind: 'later', inMs: 1_000 })
    desk.world.advance(999)
    assert.equal((await desk.exchange(hold, 1)).shortage, { kind: 'later', inMs: 1 })
    desk.world.advance(1)
    const again = await desk.exchange(hold, 1)
    assert.equal([again.leases.attempts, again.leases.failures], [[2], [1]])
    assert.is(again.shortage, null)
    await desk.exchange(hold, 0, completed(again.leases))
    assert.is((await desk.results())[0]?.attempt, 2)
  })

  test('what is due again goes before fresh items, by priority', async (desk) => {
    await desk.begin(4)
    await desk.load(1, { from: 10, priority: 1 })
    const hold = await desk.acquire()
    const leases = await desk.claim(hold, 2)
    assert.equal(leases.keys, ['k10', 'k0'])
    await desk.exchange(hold, 0, released(leases).reverse())
    assert.equal((await desk.claim(hold, 3)).keys, ['k10', 'k0', 'k1'])
  })

  test('an attempt that fails for good leaves a dead task with its error and the raw answer', async (desk) => {
    await desk.begin(1)
    const hold = await desk.acquire()
    const { tokens } = await desk.claim(hold, 1)
    const outcome = { do: 'fail', token: tokens[0] ?? 0, error: boom, retryInMs: null, value: '"raw"' } as const
    const reply = await desk.exchange(hold, 1, [outcome])
    assert.equal(reply.settled, ['dead'])
    assert.equal(reply.shortage, { kind: 'complete' })
    const { rows } = await desk.call('dead', { filter: {}, after: null, limit: 10 })
    const lane = { dataset: 'data', annotator: 'annotator-1', domain: 'urgency' }
    assert.equal(rows, [{ ...lane, key: 'k0', worker, kind: 'failed', error: boom, attempt: 1, value: '"raw"', at: desk.world.now() }])
  })

  test('a task given back costs no attempt and waits as long as asked', async (desk) => {
    await desk.begin(1)
    const hold = await desk.acquire()
    for (let times = 0; times < 5; times++) {
      const leases = await desk.claim(hold, 1)
      assert.equal([leases.attempts, leases.failures], [[1], [0]])
      assert.equal((await desk.exchange(hold, 1, released(leases, 50))).shortage, { kind: 'later', inMs: 50 })
      desk.world.advance(50)
    }
  })

  test('tokens rise and are never used again', async (desk) => {
    await desk.begin(3, { workers: ['a/x', 'b/x'] })
    const seen: number[] = []
    const a = await desk.acquire('a/x')
    const b = await desk.acquire('b/x')
    for (let round = 0; round < 4; round++) {
      for (const hold of [a, b]) {
        const leases = await desk.claim(hold, 3)
        seen.push(...leases.tokens)
        await desk.exchange(hold, 0, round < 3 ? released(leases) : completed(leases))
      }
    }
    assert.is(seen.length, 24)
    assert.equal(
      seen,
      [...new Set(seen)].sort((x, y) => x - y),
    )
  })

  test('lanes over one dataset are independent, and one worker cannot settle what another holds', async (desk) => {
    await desk.begin(3, { workers: ['a/x', 'b/x'] })
    const a = await desk.acquire('a/x')
    const b = await desk.acquire('b/x')
    const leases = await desk.claim(a, 3)
    assert.equal((await desk.claim(b, 2)).keys, ['k0', 'k1'])
    assert.equal((await desk.exchange(b, 0, completed(leases))).settled, ['lost', 'lost', 'lost'])
    assert.equal((await desk.exchange(a, 0, completed(leases))).settled, ['stored', 'stored', 'stored'])
    assert.equal([(await desk.counts('a/x')).done, (await desk.counts('b/x')).done], [3, 0])
  })

  test('a lane does as many tasks as its target, and goes on when that is raised', async (desk) => {
    await desk.begin(10, { target: 3 })
    const hold = await desk.acquire()
    const leases = await desk.claim(hold, 9)
    assert.is(leases.keys.length, 3)
    const reply = await desk.exchange(hold, 9, completed(leases))
    assert.equal(reply.shortage, { kind: 'complete' })
    assert.equal(reply.counts, { worker, total: 3, done: 3, dead: 0, leased: 0, retrying: 0, complete: true })
    await desk.declare([worker], 5)
    assert.is((await desk.counts()).complete, false)
    assert.equal((await desk.claim(hold, 9)).keys, ['k3', 'k4'])
  })

  test('a dead task does not count towards the target: another takes its place', async (desk) => {
    await desk.begin(10, { target: 2 })
    const hold = await desk.acquire()
    await desk.exchange(hold, 0, failed(await desk.claim(hold, 1), null))
    const leases = await desk.claim(hold, 9)
    assert.equal(leases.keys, ['k1', 'k2'])
    assert.equal((await desk.exchange(hold, 9, completed(leases))).shortage, { kind: 'complete' })
  })

  test('tasks that wait for another attempt count towards the target', async (desk) => {
    await desk.begin(10, { target: 2 })
    const hold = await desk.acquire()
    const reply = await desk.exchange(hold, 9, failed(await desk.claim(hold, 2), 100))
    assert.is(reply.leases.keys.length, 0)
    assert.equal(reply.shortage, { kind: 'later', inMs: 100 })
  })

  test('a target lowered below what is done makes the lane complete, also with attempts waiting', async (desk) => {
    await desk.begin(10)
    const hold = await desk.acquire()
    const leases = await desk.claim(hold, 4)
    await desk.exchange(hold, 0, [...completed(leases).slice(0, 3), ...failed(leases, 0).slice(3)])
    await desk.declare([worker], 2)
    assert.equal((await desk.exchange(hold, 5)).shortage, { kind: 'complete' })
    await desk.declare([worker], 4)
    assert.equal((await desk.claim(hold, 5)).keys, ['k3'])
  })

  test('a target of nothing is reached at once', async (desk) => {
    await desk.begin(3, { target: 0 })
    const reply = await desk.exchange(await desk.acquire(), 5)
    assert.equal(reply.shortage, { kind: 'complete' })
    assert.is(reply.counts.total, 0)
  })

  test('while tasks are leased a lane is not complete: there may be more later', async (desk) => {
    await desk.begin(2)
    const hold = await desk.acquire()
    await desk.claim(hold, 2)
    const reply = await desk.exchange(hold, 1)
    assert.equal(reply.shortage, { kind: 'later', inMs: null })
    assert.is(reply.counts.complete, false)
  })

  test('an exchange that wants nothing claims nothing and is short of nothing', async (desk) => {
    await desk.begin(2)
    const reply = await desk.exchange(await desk.acquire(), 0)
    assert.equal([reply.leases.tokens, reply.shortage], [[], null])
  })

  test('a lane that was complete goes on when more is loaded', async (desk) => {
    await desk.begin(1)
    const hold = await desk.acquire()
    await desk.exchange(hold, 1, completed(await desk.claim(hold, 1)))
    await desk.load(2, { from: 5, priority: -3 })
    assert.is((await desk.counts()).complete, false)
    assert.equal((await desk.claim(hold, 5)).keys, ['k5', 'k6'])
  })

  test('a lane declared after the items were loaded gets all of them', async (desk) => {
    await desk.begin(3)
    await desk.declare(['late/x'])
    assert.equal((await desk.claim(await desk.acquire('late/x'), 9)).keys, ['k0', 'k1', 'k2'])
  })

  test('a thread that is gone: what it worked on counts as a crash, what it finished as an attempt, the rest as nothing', async (desk) => {
    await desk.begin(3)
    const hold = await desk.acquire()
    const [working, finished] = (await desk.claim(hold, 3)).tokens
    const reply = await desk.abandon(hold, { working: [working ?? 0], finished: [finished ?? 0] })
    assert.equal({ ...reply, counts: null }, { released: 1, retrying: 2, working: ['k0'], poisoned: [], counts: null })
    assert.equal(reply.counts, { worker, total: 3, done: 0, dead: 0, leased: 0, retrying: 3, complete: false })
    const { keys, attempts, failures } = await desk.claim(await desk.acquire(), 3)
    assert.equal(keys, ['k0', 'k1', 'k2'])
    assert.equal(attempts, [2, 2, 1])
    assert.equal(failures, [1, 0, 0])
  })

  test('after its thread is gone a fence is shut, and the worker stays held', async (desk) => {
    await desk.begin(1)
    const hold = await desk.acquire()
    await desk.abandon(hold)
    await refused(desk.exchange(hold, 1), 'FENCED')
    await desk.call('join', { host: desk.world.host(2) })
    assert.ok('holder' in (await desk.call('acquire', { worker, host: 'host-2' })))
  })

  test('a task in hand at too many crashes is quarantined, and a repeat of the news says so again', async (desk) => {
    await desk.begin(2)
    for (let crash = 1; crash <= 2; crash++) {
      const hold = await desk.acquire()
      const working = (await desk.claim(hold, 1)).tokens
      const reply = await desk.abandon(hold, { working, maxAttempts: 99 })
      assert.equal(reply.poisoned, crash < 2 ? [] : ['k0'])
      const repeat = await desk.abandon(hold, { working, maxAttempts: 99 })
      assert.equal(repeat.poisoned, reply.poisoned)
      assert.equal(repeat.counts, reply.counts)
    }
    const { rows } = await desk.call('dead', { filter: {}, after: null, limit: 10 })
    assert.equal(
      rows.map(({ key, kind, error, attempt }) => ({ key, kind, error, attempt })),
      [{ key: 'k0', kind: 'poison', error: boom, attempt: 2 }],
    )
    assert.equal((await desk.claim(await desk.acquire(), 5)).keys, ['k1'])
  })

  test('failures and crashes together use up the attempts', async (desk) => {
    await desk.begin(1)
    const hold = await desk.acquire()
    await desk.exchange(hold, 0, failed(await desk.claim(hold, 1), 0))
    const working = (await desk.claim(hold, 1)).tokens
    const reply = await desk.abandon(hold, { working, maxAttempts: 2, poisonAfter: 5 })
    assert.equal([reply.poisoned, reply.counts?.dead], [[], 1])
    assert.is((await desk.call('dead', { filter: {}, after: null, limit: 10 })).rows[0]?.kind, 'failed')
  })

  test('reset with data starts the lane anew and leaves others as they are', async (desk) => {
    await desk.begin(4, { workers: ['a/x', 'b/x'] })
    for (const id of ['a/x', 'b/x']) {
      const hold = await desk.acquire(id)
      await desk.exchange(hold, 0, completed(await desk.claim(hold, 1)))
      await desk.exchange(hold, 0, failed(await desk.claim(hold, 1), null))
      await desk.exchange(hold, 1, failed(await desk.claim(hold, 1), 500))
    }
    const reply = await desk.call('reset', { worker: 'a/x', host: 'host-1', data: true })
    const counts = { worker: 'a/x', total: 4, done: 0, dead: 0, leased: 0, retrying: 0, complete: false }
    assert.equal(reply, { results: 1, dead: 1, counts })
    assert.equal((await desk.claim(await desk.acquire('a/x'), 9)).attempts, [1, 1, 1, 1])
    assert.is((await desk.counts('b/x')).done, 1)
  })

  test('results for tasks that were leased before a reset are lost, not stored', async (desk) => {
    await desk.begin(2)
    const hold = await desk.acquire()
    const leases = await desk.claim(hold, 2)
    await desk.call('reset', { worker, host: 'host-1', data: true })
    assert.equal((await desk.exchange(hold, 0, completed(leases))).settled, ['lost', 'lost'])
    assert.equal((await desk.claim(hold, 5)).keys, ['k0', 'k1'])
  })

  test('redriven tasks come again with fresh counters, and their attempts go on', async (desk) => {
    await desk.begin(3)
    const hold = await desk.acquire()
    await desk.exchange(hold, 0, failed(await desk.claim(hold, 3), 0))
    await desk.exchange(hold, 0, failed(await desk.claim(hold, 3), null))
    assert.equal(await desk.call('redrive', { filter: {}, keys: ['k1', 'unknown'] }), { redriven: 1, workers: [worker] })
    assert.equal(await desk.call('redrive', { filter: { domain: 'other' }, keys: null }), { redriven: 0, workers: [] })
    const one = await desk.claim(hold, 9)
    assert.equal([one.keys, one.attempts, one.failures], [['k1'], [3], [0]])
    assert.is((await desk.call('redrive', { filter: { worker }, keys: null })).redriven, 2)
    assert.equal((await desk.claim(hold, 9)).keys, ['k0', 'k2'])
    assert.is((await desk.counts()).dead, 0)
  })
}
