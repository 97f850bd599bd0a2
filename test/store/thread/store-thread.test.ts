import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setEnvironmentData, Worker } from 'node:worker_threads'
import Database from 'better-sqlite3'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { QuotaSpec } from '../../../src/store/contract/quotas.js'
import type { LaneCounts } from '../../../src/store/contract/registry.js'
import type { ExchangeReply, Leases, Outcome } from '../../../src/store/contract/tasks.js'
import { openSqliteEngine } from '../../../src/store/sqlite/engine.js'
import { StoreClient } from '../../../src/store/thread/client.js'
import { StoreThread, type StoreThreadOptions } from '../../../src/store/thread/handle.js'
import { hangMs } from '../../support/hang.js'
import { refused } from '../../support/refused.js'
import { engineContract } from '../engine-contract.js'
import { Asker, granted, look, standing } from '../support/asker.js'
import { keepEvents } from '../support/contract.js'
import { assertConsistent } from '../support/counters.js'
import { completed, Desk, worker } from '../support/desk.js'
import { inFolder, newFolder } from '../support/folders.js'
import { within } from '../support/waiting.js'
import { World } from '../support/world.js'

/** One thread serves the whole contract, with a new file for each test. */
const shared = { world: new World(), folder: newFolder(), host: null as StoreThread | null }

async function sharedHost(): Promise<StoreThread> {
  setEnvironmentData('drover.test.world', shared.world.memory)
  const entry = new URL('../support/timed-store-thread.js', import.meta.url)
  shared.host ??= await StoreThread.open({ file: join(shared.folder.folder, 'drover.db'), durability: 'process', keepEvents, entry })
  return shared.host
}

engineContract(
  'SQLite through the store thread',
  async (world) => {
    const { client } = await sharedHost()
    return { client, close: async () => assertConsistent(join(shared.folder.folder, `drover.db.${world.age}`)) }
  },
  () => shared.world.renew(),
)

test.after(async () => {
  await shared.host?.close()
  shared.folder.remove()
})

/** A store with its thread, its file and the one lane of {@link worker}; the file is checked at the end. */
function withStore(work: (host: StoreThread, desk: Desk, file: string) => Promise<void>, more: Partial<StoreThreadOptions> = {}) {
  return () =>
    inFolder(async (folder) => {
      const file = join(folder, 'drover.db')
      const host = await StoreThread.open({ file, durability: 'power', keepEvents, ...more })
      const desk = new Desk(host.client, new World())
      try {
        // A host of this process: the thread looks at real processes.
        await desk.begin()
        await work(host, desk, file)
      } finally {
        await host.close()
      }
      if (more.file === undefined) assertConsistent(file)
    })
}

/** How many ports and threads keep this process alive. */
function handles(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'MessagePort' || kind === 'Worker').length
}

/** Closing a port takes effect some turns of the event loop later. */
async function noneLeft(before: number): Promise<void> {
  for (const deadline = performance.now() + hangMs; handles() > before; await new Promise((resolve) => setTimeout(resolve, 5))) {
    assert.ok(performance.now() < deadline, 'a port or a thread is left')
  }
}

/** Settles with the next event of that name. */
function next(host: StoreThread, event: 'counts' | 'changed' | 'restarted' | 'failed'): Promise<unknown> {
  const happened = new Promise((resolve) => {
    host.once(event, (payload?: unknown) => resolve(payload))
  })
  return within(`the event ${event}`, happened)
}

test('a file that cannot be opened is refused with its code, and no thread is left', () =>
  inFolder(async (folder) => {
    const before = handles()
    const options = { durability: 'power', keepEvents } as const
    await refused(StoreThread.open({ ...options, file: join(folder, 'no', 'no', 'x.db') }), 'STORE_FOLDER_MISSING')
    writeFileSync(join(folder, 'notes.txt'), 'not a database, but more than a header long\n'.repeat(40))
    await refused(StoreThread.open({ ...options, file: join(folder, 'notes.txt') }), 'STORE_NOT_A_DATABASE')
    await noneLeft(before)
  }))

test('a thread that cannot start is reported as a failed store', () =>
  inFolder(async (folder) => {
    const options = { file: join(folder, 'x.db'), durability: 'power', keepEvents } as const
    const error = await refused(StoreThread.open({ ...options, entry: new URL('./no-such-thread.js', import.meta.url) }), 'STORE_FAILED')
    assert.match(error.message, 'no-such-thread')
  }))

test('closing does what was asked before, refuses what is asked after, and leaves no handle', () =>
  inFolder(async (folder) => {
    const before = handles()
    const host = await StoreThread.open({ file: join(folder, 'x.db'), durability: 'power', keepEvents })
    const desk = new Desk(host.client, new World())
    const portClosed = once(host.connect(worker), 'close')
    const asked = Promise.all([desk.call('join', { host: desk.world.host(1) }), desk.load(1_000), desk.call('now', {})])
    const closing = host.close()
    assert.is(host.close(), closing, 'a second call starts anew')
    assert.is((await asked)[1].added, 1_000)
    await closing
    await refused(host.client.call('now', {}), 'CLOSED')
    assert.throws(() => host.connect(worker), /closing/)
    await portClosed
    await noneLeft(before)
  }))

test(
  'a store that is closed while its thread is being replaced closes, and connects nobody any more',
  withStore(async (host) => {
    host.connect('a/x')
    host.onReconnect = (worker) => host.connect(worker)
    const replacing = once(process, 'worker')
    host.die(3)
    await replacing
    await host.close()
  }),
)

test(
  'a flood of exchanges and loads, with the store thread dying again and again: nothing is lost, nothing doubled',
  withStore(async (host, desk) => {
    const workers = ['a/x', 'b/x', 'c/x']
    const items = 6_000
    await desk.declare(workers)
    const clients = new Map<string, StoreClient>()
    host.onReconnect = (id) => clients.get(id)?.reattach(host.connect(id))
    let deaths = 0
    const die = (): void => {
      // Between a commit and its replies, so that what was done is asked for again; and at once.
      host.die(3, deaths % 2 === 0 ? 'commit' : undefined)
      deaths++
    }
    host.on('restarted', ({ error }) => assert.match(error.message, 'exit code 3'))

    const loading = Promise.all(Array.from({ length: items / 500 }, (_, batch) => desk.load(500, { from: batch * 500 })))
    let exchanged = 0
    const run = async (id: string): Promise<void> => {
      const client = new StoreClient(host.connect(id))
      clients.set(id, client)
      const { fence } = await desk.acquire(id)
      let request = 0
      let complete = 0
      // Two exchanges in flight, as of a worker that sends outcomes while it works on.
      const strand = async (): Promise<void> => {
        let leases: Leases | null = null
        while (complete < items) {
          const outcomes: Outcome[] = leases ? completed(leases) : []
          const reply: ExchangeReply = await client.call('exchange', {
            worker: id,
            fence,
            request: ++request,
            outcomes,
            want: 20,
          })
          assert.not.ok(reply.settled.includes('lost'), 'an outcome was lost')
          complete = Math.max(complete, reply.counts.done)
          leases = reply.leases
          exchanged += outcomes.length
          if (deaths < 5 && exchanged > (deaths + 1) * items * 0.5) die()
        }
      }
      await Promise.all([strand(), strand()])
      client.close()
    }
    await within('the flood done', Promise.all([loading, ...workers.map(run)]))
    assert.is(deaths, 5)
    const rows = await desk.results({}, 5_000)
    assert.is(rows.length, items * workers.length)
    assert.is(new Set(rows.map(({ annotator, key }) => `${annotator} ${key}`)).size, rows.length)
    assert.ok(rows.every(({ attempt }) => attempt === 1))
    for (const id of workers)
      assert.equal(await desk.counts(id), { total: items, done: items, dead: 0, leased: 0, retrying: 0, complete: true })
  }),
)

test(
  'a request whose reply died with the thread is answered by the next thread, without a second effect',
  withStore(async (host, desk) => {
    await desk.load(10)
    const hold = await desk.acquire()
    const leases = await desk.claim(hold, 4)
    host.die(3, 'commit')
    const reply = await within('the answer', desk.exchange(hold, 3, completed(leases)))
    assert.equal(reply.settled, ['already', 'already', 'already', 'already'])
    assert.is(reply.leases.keys.length, 3)
    assert.equal([reply.counts.done, reply.counts.leased], [4, 3])
  }),
)

test(
  'what a worker thread sent before it ended is done before its tasks are taken back',
  withStore(async (host, desk) => {
    await desk.load(4)
    const hold = await desk.acquire()
    const port = host.connect(worker)
    const script = `
      const { workerData: { port, fence, worker } } = require('node:worker_threads')
      const ask = (request, outcomes, want) =>
        port.postMessage({ id: request, op: 'exchange', request: { worker, fence, request, outcomes, want } })
      port.once('message', ({ value: { leases } }) => {
        ask(2, leases.tokens.map((token) => ({ do: 'complete', token, value: '1' })), 0)
        process.exit(1)
      })
      ask(1, [], 4)`
    const thread = new Worker(script, { eval: true, workerData: { port, fence: hold.fence, worker }, transferList: [port] })
    await once(thread, 'exit')
    const reply = await desk.abandon(hold)
    assert.equal([reply.released, reply.retrying, reply.counts?.done], [0, 0, 4])
  }),
)

test(
  'what a worker sent is done first, also when the news of its end overtakes it',
  withStore(async (host, desk) => {
    await desk.load(4)
    const hold = await desk.acquire()
    const client = new StoreClient(host.connect(worker))
    const ask = { worker, fence: hold.fence }
    const { leases } = await client.call('exchange', { ...ask, request: 1, outcomes: [], want: 4 })
    // While the store thread reads these items the other two messages arrive, and the main thread's port is read to its end first.
    const loading = desk.load(5_000, { from: 100 })
    const exchange = client.call('exchange', { ...ask, request: 2, outcomes: completed(leases), want: 0 })
    const reply = await desk.abandon(hold)
    assert.equal([reply.released, reply.counts?.done], [0, 4])
    assert.equal((await exchange).settled, ['stored', 'stored', 'stored', 'stored'])
    client.close()
    await loading
  }),
)

test(
  'a thread that is connected anew is heard, and its old port is not',
  withStore(async (host, desk) => {
    const first = new StoreClient(host.connect(worker))
    await first.call('now', {})
    const second = new StoreClient(host.connect(worker))
    await second.call('now', {})
    host.disconnect(worker)
    first.close()
    second.close()
    assert.ok((await desk.call('now', {})).now > 0)
  }),
)

test(
  'counts of lanes are told while they change, at most ten times a second, and the last ones at the end',
  withStore(async (host, desk) => {
    const told: LaneCounts[][] = []
    host.on('counts', (counts) => told.push(counts))
    const from = performance.now()
    for (let batch = 0; batch < 40; batch++) await desk.load(10, { from: batch * 10 })
    const hold = await desk.acquire()
    await desk.exchange(hold, 0, completed(await desk.claim(hold, 5)))
    const seconds = (performance.now() - from) / 1_000
    await host.close()
    assert.ok(told.length <= seconds * 10 + 3, `told ${told.length} times in ${seconds} s`)
    const last = told.at(-1)?.find((counts) => counts.worker === worker)
    assert.equal([last?.total, last?.done], [400, 5])
  }),
)

test(
  'counts of thousands of lanes are told in parts, and each of them once',
  withStore(async (host, desk) => {
    const told: LaneCounts[][] = []
    host.on('counts', (counts) => told.push(counts))
    const workers = Array.from({ length: 1_700 }, (_, i) => ({
      worker: `w${i}/x`,
      lane: { dataset: 'data', annotator: `w${i}`, domain: 'x', target: null },
    }))
    await desk.call('declare', { workers })
    await desk.load(1)
    await host.close()
    const total = told.flat().filter((lane) => lane.total === 1)
    assert.is(new Set(total.map((lane) => lane.worker)).size, 1_701)
    assert.ok(
      told.every((counts) => counts.length <= 500),
      `${told.map((counts) => counts.length)}`,
    )
  }),
)

test(
  'a change by another process is noticed',
  withStore(async (host, _desk, file) => {
    const changed = next(host, 'changed')
    const other = openSqliteEngine({ file, durability: 'process', keepEvents })
    other.enqueue({ dataset: 'data', items: [{ key: 'k', data: '1', priority: 0 }], onConflict: 'error' })
    await changed
    other.close()
  }),
)

test(
  'a store in memory is gone with its thread: every call is refused from then on',
  withStore(
    async (host, desk) => {
      const failed = next(host, 'failed')
      host.die(3)
      await refused(desk.call('now', {}), 'STORE_FAILED')
      const { error } = (await failed) as { error: Error }
      assert.match(error.message, 'memory')
      await refused(desk.call('now', {}), 'STORE_FAILED')
      assert.throws(() => host.connect(worker), /memory/)
    },
    { file: ':memory:' },
  ),
)

test(
  'a thread that dies over and over is given up, and says so',
  withStore(async (host, desk) => {
    for (let death = 1; death <= 5; death++) {
      const restarted = next(host, 'restarted')
      host.die(3)
      await restarted
    }
    const failed = next(host, 'failed')
    host.die(3)
    await refused(desk.call('now', {}), 'STORE_FAILED')
    const { error } = (await failed) as { error: Error }
    assert.match(error.message, '6 times')
  }),
)

test('a thread whose store is damaged ends by itself, though another process holds the lock, and closing waits for its end', () =>
  inFolder(async (folder) => {
    const before = handles()
    const file = join(folder, 'x.db')
    const started = once(process, 'worker') as Promise<[Worker]>
    const host = await StoreThread.open({ file, durability: 'power', keepEvents })
    const [thread] = await started
    let code: number | null = null
    thread.once('exit', (told) => {
      code = told
    })
    const desk = new Desk(host.client, new World())
    await desk.begin(3)
    const client = new StoreClient(host.connect(worker))
    await client.call('now', {})
    const other = new Database(file)
    other.exec('BEGIN IMMEDIATE')
    const waiting = refused(desk.load(1, { from: 10 }), 'STORE_FAILED')
    host.damaged(new Error('its pages are gone'))
    assert.match((await waiting).message, 'its pages are gone')
    assert.throws(() => host.connect(worker), /its pages are gone/)
    await host.close()
    other.close()
    client.close()
    // One that is ended from outside says 1.
    assert.is(code, 0)
    await noneLeft(before)
    const left = openSqliteEngine({ file, durability: 'process', keepEvents })
    assert.is(left.counts({ workers: [worker] }).counts[0]?.total, 3)
    left.close()
  }))

/** A quota whose next is granted only when one in flight is settled, or by its window. */
async function declareQuota(desk: Desk, more: Partial<QuotaSpec>): Promise<Asker> {
  await desk.call('declareQuotas', { quotas: [{ name: 'key', windows: [], concurrency: null, within: [], adapt: null, ...more }] })
  return new Asker(desk, 'client')
}

test(
  'who stands in line for a quota is answered when its time comes, though nobody asks for anything meanwhile',
  withStore(async (_host, desk) => {
    const asker = await declareQuota(desk, { windows: [{ unit: 'requests', limit: 1, per: 200, burst: null }] })
    const first = await granted(asker.ask().answer)
    const second = await within('the second grant', granted(asker.ask().answer))
    const apart = (second.booked['key requests/200 ms'] ?? 0) - (first.booked['key requests/200 ms'] ?? 0)
    assert.ok(apart >= 200, `${apart} ms apart`)
  }),
)

test(
  'who stands in line keeps its place when the store thread dies, and is granted once',
  withStore(async (host, desk) => {
    const asker = await declareQuota(desk, { concurrency: 1, windows: [{ unit: 'requests', limit: 9, per: 3_600_000, burst: null }] })
    const first = await granted(asker.ask().answer)
    const second = asker.ask()
    const third = asker.ask()
    await look(desk)
    for (const after of [undefined, 'commit'] as const) {
      const restarted = next(host, 'restarted')
      host.die(3, after)
      await desk.call('now', {})
      await restarted
    }
    assert.is(standing(second, third), 'waits waits')
    // What grants the second dies between its commit and the answers.
    host.die(3, 'commit')
    await asker.settle(first, {}, { done: 1 })
    const grant = await within('the second grant', granted(second.answer))
    const [status] = (await desk.call('quotas', { names: ['key'] })).quotas
    assert.equal([status?.windows[0]?.used, status?.inFlight, status?.waiting], [2, 1, 1])
    await asker.settle(grant, {}, { done: second.ticket })
    await within('the third grant', third.answer)
  }),
)

test(
  'who leaves the line is answered, and who stands in it when the store is closed is refused',
  withStore(async (host, desk) => {
    const asker = await declareQuota(desk, { concurrency: 1 })
    await granted(asker.ask().answer)
    const second = asker.ask()
    const third = asker.ask()
    await desk.call('cancelQuota', { client: 'client', ticket: second.ticket })
    const answer = await within('the answer', second.answer)
    assert.equal([answer.granted, 'waiting' in answer && answer.waiting], [false, false])
    await host.close()
    await refused(third.answer, 'CLOSED')
  }),
)

test('closing while the thread is being replaced ends it all the same', () =>
  inFolder(async (folder) => {
    const before = handles()
    const host = await StoreThread.open({ file: join(folder, 'x.db'), durability: 'power', keepEvents })
    host.die(3)
    await host.close()
    const again = await StoreThread.open({ file: join(folder, 'x.db'), durability: 'power', keepEvents })
    const restarted = next(again, 'restarted')
    again.die(3)
    await restarted
    await again.close()
    await noneLeft(before)
  }))

test.run()
