import * as assert from 'uvu/assert'
import { refused } from '../../support/refused.js'
import type { ContractTest } from '../support/contract.js'
import { completed, worker } from '../support/desk.js'

export function registryContract(test: ContractTest): void {
  test('the engine tells its own time', async (desk) => {
    assert.equal(await desk.call('now', {}), { now: desk.world.now() })
  })

  test('a worker declared for the first time is idle, held by nobody, with nothing done', async (desk) => {
    const [row] = await desk.declare([worker])
    const lane = { worker, total: 0, done: 0, dead: 0, leased: 0, retrying: 0, complete: true }
    assert.equal(row, { worker, fence: 0, state: 'idle', memory: null, holder: null, lane })
  })

  test('a worker without tasks has no lane and cannot exchange', async (desk) => {
    await desk.begin()
    const { workers } = await desk.call('declare', { workers: [{ worker: 'watcher', lane: null }] })
    assert.is(workers[0]?.lane, null)
    assert.equal(await desk.call('counts', { workers: ['watcher'] }), { counts: [] })
    const hold = await desk.acquire('watcher')
    await refused(desk.exchange(hold, 1), 'ARGUMENT_INVALID')
    assert.equal(await desk.call('free', { worker: 'watcher', fence: hold.fence }), { released: 0 })
  })

  test('declaring again answers what is remembered and changes nothing', async (desk) => {
    await desk.begin(3)
    const hold = await desk.acquire()
    await desk.exchange(hold, 0, completed(await desk.claim(hold, 1)))
    const transition = { worker, state: 'running', memory: { restarts: [1, 2] } }
    await desk.call('record', { host: 'host-1', transitions: [transition], events: [] })
    for (let times = 0; times < 2; times++) {
      const [row] = await desk.declare([worker])
      assert.is(row?.state, 'running')
      assert.equal(row?.memory, { restarts: [1, 2] })
      assert.equal(row?.holder, { host: 'host-1', pid: 1, hostname: 'machine', since: desk.world.now() })
      assert.is(row?.lane?.done, 1)
    }
  })

  test('each acquisition of any worker gets a higher fence', async (desk) => {
    await desk.begin(0, { workers: ['a/x', 'b/x'] })
    const fences = [await desk.acquire('a/x'), await desk.acquire('b/x'), await desk.acquire('a/x')].map(({ fence }) => fence)
    assert.equal(
      fences,
      [...fences].sort((a, b) => a - b),
    )
    assert.is(new Set(fences).size, 3)
  })

  test('a worker that a live host holds is refused to another, who is told which holds it and since when', async (desk) => {
    await desk.begin()
    await desk.acquire()
    const since = desk.world.now()
    await desk.call('join', { host: desk.world.host(2) })
    desk.world.advance(5_000)
    const reply = await desk.call('acquire', { worker, host: 'host-2' })
    assert.equal(reply, { holder: { host: 'host-1', pid: 1, hostname: 'machine', since } })
  })

  test('whoever takes a worker is told how it was left, and who holds which is told as long as the holder is there', async (desk) => {
    await desk.begin(0, { workers: ['a/x', 'b/x'] })
    await desk.call('join', { host: desk.world.host(2) })
    const hold = await desk.acquire('a/x')
    const holder = { host: 'host-1', pid: 1, hostname: 'machine', since: desk.world.now() }
    assert.equal(await desk.call('holders', { workers: ['b/x', 'a/x'] }), { holders: [null, holder] })
    const transition = { worker: 'a/x', state: 'parked', memory: { until: 7 }, fence: hold.fence }
    await desk.call('record', { host: 'host-1', transitions: [transition], events: [] })
    desk.world.fate(desk.world.host(1), 'gone')
    assert.equal(await desk.call('holders', { workers: ['b/x', 'a/x'] }), { holders: [null, null] })
    const reply = await desk.call('acquire', { worker: 'a/x', host: 'host-2' })
    assert.ok('left' in reply)
    assert.equal('left' in reply && reply.left, { fence: hold.fence, state: 'parked', memory: { until: 7 } })
    await refused(desk.call('holders', { workers: ['nobody'] }), 'WORKER_UNKNOWN')
  })

  test('what a host says of a worker that another has had since is passed over', async (desk) => {
    await desk.begin()
    await desk.call('join', { host: desk.world.host(2) })
    const say = (host: string, state: string, { fence }: { fence: number }): Promise<unknown> =>
      desk.call('record', { host, transitions: [{ worker, state, memory: null, fence }], events: [] })
    const first = await desk.acquire()
    await desk.call('free', { worker, fence: first.fence })
    await say('host-1', 'stopped', first)
    assert.is((await desk.declare([worker]))[0]?.state, 'stopped')
    const second = await desk.acquire(worker, 2)
    await say('host-2', 'blacklisted', second)
    await desk.call('free', { worker, fence: second.fence })
    await say('host-1', 'idle', first)
    assert.is((await desk.declare([worker]))[0]?.state, 'blacklisted')
  })

  test("the holder's own repeat gets a new fence, the old one's tasks go back at no cost, and the old one is refused everything", async (desk) => {
    await desk.begin(2)
    const old = await desk.acquire()
    const leases = await desk.claim(old, 2)
    const fresh = await desk.acquire()
    assert.ok(fresh.fence > old.fence)
    await refused(desk.exchange(old, 1, completed(leases)), 'FENCED')
    assert.is((await desk.abandon(old, { working: leases.tokens })).retrying, 0)
    assert.equal(await desk.call('free', { worker, fence: old.fence }), { released: 0 })
    const again = await desk.claim(fresh, 2)
    assert.equal(again.keys, leases.keys)
    assert.equal(again.attempts, [1, 1])
  })

  test('a freed worker is free for others, its tasks go back at no cost, and freeing again does nothing', async (desk) => {
    await desk.begin(2)
    const hold = await desk.acquire()
    await desk.claim(hold, 2)
    assert.equal(await desk.call('free', { worker, fence: hold.fence }), { released: 2 })
    assert.equal(await desk.call('free', { worker, fence: hold.fence }), { released: 0 })
    await refused(desk.exchange(hold, 1), 'FENCED')
    await desk.call('join', { host: desk.world.host(2) })
    const other = await desk.acquire(worker, 2)
    assert.equal((await desk.claim(other, 2)).attempts, [1, 1])
  })

  test('workers and hosts that the engine does not know are refused by name', async (desk) => {
    await desk.begin()
    assert.match((await refused(desk.call('acquire', { worker: 'nobody', host: 'host-1' }), 'WORKER_UNKNOWN')).message, 'nobody')
    assert.match((await refused(desk.call('acquire', { worker, host: 'nowhere' }), 'ARGUMENT_INVALID')).message, 'nowhere')
    await refused(desk.call('counts', { workers: ['nobody'] }), 'WORKER_UNKNOWN')
    await refused(desk.call('renew', { host: 'nowhere', ttlMs: 1 }), 'ARGUMENT_INVALID')
  })

  test('a held worker is not given another lane, and nothing of that declaration takes effect', async (desk) => {
    await desk.begin()
    await desk.acquire()
    const other = { dataset: 'other', annotator: 'annotator-1', domain: 'urgency', target: null }
    const specs = [
      { worker: 'new/one', lane: { ...other, annotator: 'new' } },
      { worker, lane: other },
    ]
    const error = await refused(desk.call('declare', { workers: specs }), 'WORKER_HELD')
    assert.is((error.details.holder as { pid: number }).pid, 1)
    await refused(desk.call('counts', { workers: ['new/one'] }), 'WORKER_UNKNOWN')
  })

  test('a free worker may move to another lane; the old one keeps its results', async (desk) => {
    await desk.begin(1)
    const hold = await desk.acquire()
    await desk.exchange(hold, 0, completed(await desk.claim(hold, 1)))
    await desk.call('free', { worker, fence: hold.fence })
    await desk.call('declare', {
      workers: [{ worker, lane: { dataset: 'other', annotator: 'annotator-1', domain: 'urgency', target: null } }],
    })
    assert.is((await desk.counts()).done, 0)
    assert.is((await desk.results({ dataset: 'data' })).length, 1)
    await desk.declare([worker])
    assert.is((await desk.counts()).done, 1)
  })

  test('states and events are recorded once, however often they are sent', async (desk) => {
    await desk.begin()
    const event = { seq: 1, at: 10, type: 'worker:state:changed', worker, payload: { to: 'running' } }
    const first = { host: 'host-1', transitions: [{ worker, state: 'running', memory: null }], events: [event] }
    const second = { host: 'host-1', transitions: [{ worker, state: 'paused', memory: null }], events: [{ ...event, seq: 2 }] }
    await desk.call('record', first)
    await desk.call('record', second)
    await desk.call('record', first)
    const { rows } = await desk.call('events', { after: null, limit: 10 })
    assert.is(rows.length, 2)
    assert.equal(rows[0]?.payload, { to: 'running' })
    assert.is(rows[0]?.host, 'host-1')
    assert.is((await desk.declare([worker]))[0]?.state, 'paused', 'a repeat turned the state back')
  })

  test('two hosts may use the same numbers for their events', async (desk) => {
    await desk.begin()
    await desk.call('join', { host: desk.world.host(2) })
    const events = [{ seq: 1, at: 1, type: 'x', worker: null, payload: null }]
    await desk.call('record', { host: 'host-1', transitions: [], events })
    await desk.call('record', { host: 'host-2', transitions: [], events })
    assert.is((await desk.call('events', { after: null, limit: 10 })).rows.length, 2)
  })

  test('a host does not change the state of a worker that another host holds', async (desk) => {
    await desk.begin()
    await desk.acquire()
    await desk.call('join', { host: desk.world.host(2) })
    const record = (host: string, state: string) =>
      desk.call('record', { host, transitions: [{ worker, state, memory: null }], events: [] })
    await record('host-1', 'running')
    await record('host-2', 'stopped')
    assert.is((await desk.declare([worker]))[0]?.state, 'running')
  })

  test('reset without data forgets the state and the memory, and keeps results', async (desk) => {
    await desk.begin(1)
    const hold = await desk.acquire()
    await desk.exchange(hold, 0, completed(await desk.claim(hold, 1)))
    await desk.call('record', { host: 'host-1', transitions: [{ worker, state: 'blacklisted', memory: { n: 1 } }], events: [] })
    const reply = await desk.call('reset', { worker, host: 'host-1', data: false })
    assert.is(reply.results, 0)
    const [row] = await desk.declare([worker])
    assert.is(row?.state, 'idle')
    assert.is(row?.memory, null)
    assert.is(row?.lane?.done, 1)
  })

  test('a worker that another host holds cannot be reset', async (desk) => {
    await desk.begin(1)
    await desk.acquire()
    await desk.call('join', { host: desk.world.host(2) })
    await refused(desk.call('reset', { worker, host: 'host-2', data: true }), 'FENCED')
  })

  test('changes of the configuration are kept until they are taken back, in the order in which their ids came first', async (desk) => {
    assert.equal(await desk.call('keptChanges', {}), { changes: [] })
    await desk.call('keepChange', { id: 'a', change: '1' })
    await desk.call('keepChange', { id: 'b', change: '2' })
    await desk.call('keepChange', { id: 'a', change: '3' })
    const [a, b] = [
      { id: 'a', change: '3' },
      { id: 'b', change: '2' },
    ]
    assert.equal(await desk.call('keptChanges', {}), { changes: [a, b] })
    await desk.call('keepChange', { id: 'a', change: null })
    await desk.call('keepChange', { id: 'nobody', change: null })
    assert.equal(await desk.call('keptChanges', {}), { changes: [b] })
  })
}
