/** What of quotas is SQLite's own: transactions that fail, several processes on one file, and stores of earlier versions. */
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { EngineReply } from '../../../src/store/contract/engine.js'
import type { QuotaSettlement, QuotaSpec } from '../../../src/store/contract/quotas.js'
import { freshRecord } from '../../../src/store/quotas/quota.js'
import { type EngineCall, openSqliteEngine, type SqliteEngine } from '../../../src/store/sqlite/engine.js'
import { Asker, granted, standing } from '../support/asker.js'
import { keepEvents } from '../support/contract.js'
import { Desk } from '../support/desk.js'
import { clientOf } from '../support/direct-client.js'
import { inFolder } from '../support/folders.js'
import { oldStore } from '../support/old-store.js'
import { World } from '../support/world.js'

const minute = 60_000
const key: QuotaSpec = {
  name: 'key',
  windows: [{ unit: 'requests', limit: 5, per: minute, burst: null }],
  concurrency: null,
  within: [],
  adapt: null,
}

interface Process {
  engine: SqliteEngine
  desk: Desk
  /** Lets it look at its line if it would by itself. */
  look(): void
}

/** Opens a store as another process would. */
function open(file: string, world: World): Process {
  const engine = openSqliteEngine({ file, durability: 'process', keepEvents, now: world.now, isGone: world.isGone })
  const desk = new Desk(clientOf(engine), world)
  const look = (): void => {
    if (engine.quotasDue()) engine.serveQuotas()
    void desk.call('now', {})
  }
  return { engine, desk, look }
}

function withStore(spec: QuotaSpec, work: (process: Process, file: string, world: World) => Promise<void>): () => Promise<void> {
  return () =>
    inFolder(async (folder) => {
      const world = new World()
      const file = join(folder, 'drover.db')
      const process = open(file, world)
      try {
        process.engine.join({ host: world.host(1) })
        process.engine.declareQuotas({ quotas: [spec] })
        await work(process, file, world)
      } finally {
        process.engine.close()
      }
    })
}

/** Every write of a quota fails while `work` runs, as on a disk that is full. */
async function failing(file: string, work: () => Promise<void>): Promise<void> {
  const db = new Database(file)
  db.exec("CREATE TRIGGER full BEFORE UPDATE ON quota BEGIN SELECT RAISE(ABORT, 'the disk is full'); END")
  try {
    await work()
  } finally {
    db.exec('DROP TRIGGER full')
    db.close()
  }
}

const statusOf = ({ engine }: Process) => engine.quotas({ names: ['key'] }).quotas[0] as EngineReply<'quotas'>['quotas'][number]
const settleOf = (settlement: Omit<QuotaSettlement, 'quota'>, request: number): EngineCall<'settleQuota'> => ({
  op: 'settleQuota',
  request: { client: 'c', request, settlements: [{ quota: 'key', ...settlement }], usage: null },
})
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test(
  'a transaction that fails leaves what is used, in flight and in line as it was',
  withStore({ ...key, concurrency: 1 }, async (process, file) => {
    const { engine, desk } = process
    const asker = new Asker(desk, 'c')
    const first = await granted(asker.try({ requests: 2 }))
    const second = asker.ask()
    const third = asker.ask({ requests: 2 })
    await turn()
    const before = statusOf(process)
    assert.equal([before.inFlight, before.waiting, before.windows[0]?.used], [1, 2, 2])
    const land = settleOf({ delta: { requests: -1 }, booked: first.booked, done: 1 }, 1)
    await failing(file, async () => {
      const [answer] = engine.execute([land])
      assert.match(answer && !answer.ok ? answer.error.message : '', 'the disk is full')
      assert.equal(engine.takeQuotaDecisions(), [], 'somebody was told of what came to nothing')
      assert.throws(() => engine.blockQuota({ name: 'key', forMs: 60_000 }), /disk is full/)
    })
    assert.equal(statusOf(process), before)
    await desk.call(land.op, land.request)
    await turn()
    assert.is(standing(second, third), 'granted waits')
    assert.equal([statusOf(process).inFlight, statusOf(process).windows[0]?.used], [1, 2])
    await desk.call('settleQuota', settleOf({ delta: {}, booked: {}, done: 2 }, 2).request)
    await turn()
    assert.is(standing(third), 'granted')
  }),
)

test(
  'who was granted is told, also if another request of the group fails',
  withStore({ ...key, concurrency: 1 }, async ({ engine, desk }) => {
    const asker = new Asker(desk, 'c')
    const { booked } = await granted(asker.try())
    asker.ask()
    await turn()
    const answers = engine.execute([
      settleOf({ delta: {}, booked, done: 1 }, 1),
      // Not a settlement at all: it fails halfway.
      settleOf({ delta: { requests: -1 }, booked: null as unknown as typeof booked, done: null }, 2),
    ])
    assert.equal(
      answers.map(({ ok }) => ok),
      [true, false],
    )
    assert.equal(
      engine.takeQuotaDecisions().map(({ ticket, outcome }) => [ticket, 'answer' in outcome && outcome.answer.granted]),
      [[2, true]],
    )
  }),
)

test(
  'processes on one file stand in one line, and each sees what the others take, settle and have in flight',
  withStore({ ...key, concurrency: 2 }, async (first, file, world) => {
    const second = open(file, world)
    const [a, b] = [new Asker(first.desk, 'a'), new Asker(second.desk, 'b')]
    const taken = await granted(a.try({ requests: 3 }))
    await granted(b.try({ requests: 2 }))
    assert.equal([statusOf(first).inFlight, statusOf(second).windows[0]?.used], [2, 5])
    const late = b.ask()
    const later = a.ask()
    await a.settle(taken, { requests: -1 }, { done: 1 })
    first.look()
    await turn()
    assert.is(standing(late, later), 'waits waits', 'who came later went first')
    second.look()
    await turn()
    assert.is(standing(late, later), 'granted waits')
    assert.equal([statusOf(first).waiting, statusOf(second).inFlight], [1, 2])
    second.engine.close()
  }),
)

test(
  'a place whose process is not there any more is given up, and not before',
  withStore(key, async (first, file, world) => {
    const second = open(file, world)
    await granted(new Asker(first.desk, 'a').try({ requests: 5 }))
    const theirs = new Asker(second.desk, 'b').ask()
    const ours = new Asker(first.desk, 'a2').ask({ requests: 5 })
    const db = new Database(file)
    for (const end = world.now() + minute + 5_000; world.now() < end; ) {
      world.advance(600)
      first.look()
      // It shows that it is there, though it does not come to look at what it could take.
      db.prepare('UPDATE quota_place SET alive_until = ? WHERE client = ?').run(world.now() + 2_000, 'b')
    }
    db.close()
    await turn()
    assert.is(standing(theirs, ours), 'waits waits')
    second.engine.close()
    for (let times = 0; times < 4; times++) {
      world.advance(600)
      first.look()
    }
    await turn()
    assert.is(standing(ours), 'granted')
  }),
)

test(
  'whoever asks again after the store thread was replaced keeps its place, and is not in its own way',
  withStore(key, async (first, file, world) => {
    const asker = new Asker(first.desk, 'a')
    await granted(asker.try({ requests: 5 }, { ticket: 1 }))
    const earlier = asker.ask({ requests: 4 }, { ticket: 2 })
    asker.ask({ requests: 4 }, { ticket: 3 })
    await turn()
    first.engine.close()
    const second = open(file, world)
    const again = new Asker(second.desk, 'a')
    // In another order than before.
    const third = again.ask({ requests: 4 }, { ticket: 3 })
    const fourth = again.ask({ requests: 4 }, { ticket: 2 })
    world.advance(minute + 250)
    second.look()
    await turn()
    assert.is(standing(earlier, third, fourth), 'waits waits granted')
    assert.is(statusOf(second).waiting, 1)
    second.engine.close()
  }),
)

test(
  'what was granted is remembered for some seconds, whatever process asks again, and no longer than that',
  withStore(key, async (first, file, world) => {
    const asker = new Asker(first.desk, 'a')
    const grant = await granted(asker.try({ requests: 2 }, { ticket: 1 }))
    const second = open(file, world)
    assert.equal(await granted(new Asker(second.desk, 'a').try({ requests: 2 }, { ticket: 1 })), grant)
    assert.is(statusOf(second).windows[0]?.used, 2)
    world.advance(11_000)
    await granted(asker.try({}, { ticket: 2 }))
    const db = new Database(file, { readonly: true })
    assert.is(db.prepare('SELECT count(*) FROM quota_grant').pluck().get(), 1)
    db.close()
    second.engine.close()
  }),
)

test('quotas of an earlier version go on with what was used, and with their block', () =>
  inFolder(async (folder) => {
    const world = new World()
    const file = join(folder, 'drover.db')
    const at = world.now()
    const db = oldStore(file, 2)
    const day = { calendar: 'day', timeZone: 'UTC' }
    const windows = [
      { unit: 'requests', limit: 60, per: minute },
      { unit: 'tokens', limit: 1_000, per: minute },
      { unit: 'requests', limit: 500, per: day },
    ]
    const insertQuota = db.prepare('INSERT INTO quota (name, spec, blocked_until) VALUES (?, ?, ?)')
    insertQuota.run('key', JSON.stringify({ name: 'key', windows, burst: 5, concurrency: null }), at + 7_000)
    insertQuota.run('other', JSON.stringify({ name: 'other', windows: windows.slice(1, 2), burst: null, concurrency: 4 }), 0)
    const insertState = db.prepare("INSERT INTO quota_window (quota, window, state) VALUES ('key', ?, ?)")
    insertState.run('requests/minute', JSON.stringify({ fullAt: at + 3_000 }))
    insertState.run('tokens/minute', JSON.stringify({ log: [[at - 20_000, 700]] }))
    insertState.run('requests/day UTC', JSON.stringify({ start: Date.UTC(2025, 5, 15), used: 123 }))
    db.close()

    const process = open(file, world)
    const { engine, desk } = process
    const status = statusOf(process)
    assert.equal(
      status.windows.map(({ used }) => Math.round(used)),
      [3, 700, 123],
    )
    assert.is(status.blockedUntil, at + 7_000)
    assert.equal(
      engine.quotas({ names: ['key', 'other'] }).quotas.map(({ windows: own, within }) => [own.map(({ burst }) => burst), within]),
      [
        [[5, null, null], []],
        [[null], []],
      ],
    )
    const other = engine.quotas({ names: ['other'] }).quotas[0]
    assert.equal([other?.blockedUntil, other?.granted, other?.concurrency], [null, 0, 4])
    engine.join({ host: world.host(1) })
    await granted(new Asker(desk, 'c', { choices: ['other'] }).try())
    assert.is(freshRecord.granted, 0, 'what new quotas begin with was changed')
    world.advance(7_000)
    await granted(new Asker(desk, 'd').try({ tokens: 300 }))
    engine.close()
    const again = open(file, world)
    assert.equal([statusOf(again).windows[1]?.used, statusOf(again).granted], [1_000, 1])
    again.engine.close()
  }))

test.run()
