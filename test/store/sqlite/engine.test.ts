import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Leases, Outcome } from '../../../src/store/contract/tasks.js'
import { hostIdentity } from '../../../src/store/host-identity.js'
import { openSqliteEngine, type SqliteEngine } from '../../../src/store/sqlite/engine.js'
import { seededRandom } from '../../../src/testing/seeded-random.js'
import { engineContract } from '../engine-contract.js'
import { keepEvents } from '../support/contract.js'
import { assertConsistent } from '../support/counters.js'
import { boom, completed, worker } from '../support/desk.js'
import { clientOf } from '../support/direct-client.js'
import { inFolder, newFolder } from '../support/folders.js'
import { newStore } from '../support/new-store.js'
import { World } from '../support/world.js'

engineContract('SQLite', async (world) => {
  const { folder, remove } = newFolder()
  const file = join(folder, 'drover.db')
  newStore(file)
  const engine = openSqliteEngine({ file, durability: 'process', keepEvents, now: world.now, isGone: world.isGone })
  return {
    client: clientOf(engine),
    async close() {
      engine.close()
      assertConsistent(file)
      remove()
    },
  }
})

const lane = { dataset: 'data', annotator: 'annotator-1', domain: 'urgency', target: null }

function withEngine(work: (engine: SqliteEngine, file: string, world: World) => void | Promise<void>): () => Promise<void> {
  return () =>
    inFolder(async (folder) => {
      const world = new World()
      const file = join(folder, 'drover.db')
      newStore(file)
      const engine = openSqliteEngine({ file, durability: 'process', keepEvents, now: world.now, isGone: world.isGone })
      try {
        engine.join({ host: world.host(1) })
        engine.declare({ workers: [{ worker, lane }] })
        await work(engine, file, world)
      } finally {
        engine.close()
      }
      assertConsistent(file)
    })
}

function load(engine: SqliteEngine, count: number): void {
  const items = Array.from({ length: count }, (_, n) => ({ key: `k${n}`, data: '1', priority: n % 3 }))
  engine.enqueue({ dataset: 'data', items, onConflict: 'error' })
}

function acquire(engine: SqliteEngine, host = 'host-1'): number {
  const reply = engine.acquire({ worker, host })
  assert.ok('fence' in reply)
  return (reply as { fence: number }).fence
}

test(
  'a request that fails halfway changes nothing, and the others of its group are done',
  withEngine((engine) => {
    const items = (...keys: string[]) => keys.map((key) => ({ key, data: '1', priority: 0 }))
    const unusable = [...items('c'), { key: 'd', data: {} as string, priority: 0 }]
    const answers = engine.execute([
      { op: 'enqueue', request: { dataset: 'data', items: items('a'), onConflict: 'keep' } },
      { op: 'enqueue', request: { dataset: 'data', items: unusable, onConflict: 'keep' } },
      { op: 'enqueue', request: { dataset: 'data', items: items('b'), onConflict: 'keep' } },
    ])
    assert.equal(
      answers.map(({ ok }) => ok),
      [true, false, true],
    )
    const error = answers[1]
    assert.is(error && !error.ok && 'code' in error.error && error.error.code, 'STORE_FAILED')
    assert.is(engine.counts({ workers: [worker] }).counts[0]?.total, 2)
  }),
)

test(
  'a request that is refused leaves the others of its group alone',
  withEngine((engine) => {
    load(engine, 4)
    const fence = acquire(engine)
    const exchange = (request: number, mine: number) =>
      ({ op: 'exchange', request: { worker, fence: mine, request, outcomes: [], want: 1 } }) as const
    const answers = engine.execute([exchange(1, fence), exchange(2, fence - 1), exchange(3, fence)])
    assert.equal(
      answers.map(({ ok }) => ok),
      [true, false, true],
    )
    assert.is(engine.counts({ workers: [worker] }).counts[0]?.leased, 2)
  }),
)

test(
  'lanes that changed are told once',
  withEngine((engine) => {
    engine.takeTouched(10)
    load(engine, 2)
    assert.equal(
      engine.takeTouched(10).map(({ worker: id, total }) => [id, total]),
      [[worker, 2]],
    )
    assert.equal(engine.takeTouched(10), [])
  }),
)

test(
  'two processes share a file: each sees what the other did, and a worker runs in one of them',
  withEngine((engine, file, world) => {
    const other = openSqliteEngine({ file, durability: 'process', keepEvents, now: world.now, isGone: world.isGone })
    try {
      assert.is(other.changedElsewhere(), false)
      load(engine, 10)
      assert.is(other.changedElsewhere(), true)
      assert.is(other.changedElsewhere(), false)
      assert.is(engine.changedElsewhere(), false, 'its own changes count as those of others')
      other.join({ host: world.host(2) })
      acquire(engine)
      assert.ok('holder' in other.acquire({ worker, host: 'host-2' }))
      engine.leave({ host: 'host-1' })
      acquire(other, 'host-2')
    } finally {
      other.close()
    }
  }),
)

test(
  'a request waits while another process writes, and then is done',
  withEngine(async (engine, file) => {
    const script = `
      const db = new (require('better-sqlite3'))(${JSON.stringify(file)})
      db.exec('BEGIN IMMEDIATE'); process.stdout.write('locked')
      process.stdin.once('data', () => setTimeout(() => { db.exec('COMMIT'); db.close() }, 60))`
    const child = spawn(process.execPath, ['-e', script], {
      stdio: ['pipe', 'pipe', 'inherit'],
      cwd: fileURLToPath(new URL('../../..', import.meta.url)),
    })
    const exit = once(child, 'exit')
    await once(child.stdout, 'data')
    child.stdin.end('go')
    load(engine, 3)
    assert.is(engine.counts({ workers: [worker] }).counts[0]?.total, 3)
    await exit
  }),
)

test('a process killed in the middle: its tasks come back at once, nothing is lost, nothing doubled', () =>
  inFolder(async (folder) => {
    const file = join(folder, 'drover.db')
    const items = 4_000
    const open = () => openSqliteEngine({ file, durability: 'power', keepEvents })
    const first = open()
    first.declare({ workers: [{ worker, lane }] })
    load(first, items)
    first.close()

    const script = fileURLToPath(new URL('../support/engine-process.js', import.meta.url))
    const child = spawn(process.execPath, [script, 'work', file], { stdio: ['ignore', 'pipe', 'inherit'] })
    const exit = once(child, 'exit')
    let confirmed = 0
    for await (const line of createInterface(child.stdout)) {
      confirmed += Number(line)
      if (confirmed === 300) child.kill('SIGKILL')
    }
    assert.is((await exit)[1], 'SIGKILL')

    const engine = open()
    const host = hostIdentity()
    const taken = engine.join({ host })
    assert.equal(taken.workers, [worker])
    const { counts } = engine.counts({ workers: [worker] })
    assert.ok((counts[0]?.done ?? 0) >= confirmed, 'a confirmed result was lost')
    assert.is(counts[0]?.leased, 0)
    assert.is(counts[0]?.retrying, taken.leases)
    const fence = acquire(engine, host.id)
    let leases: Leases | null = null
    for (let request = 1; leases === null || leases.tokens.length > 0; request++) {
      const outcomes: Outcome[] = leases ? completed(leases) : []
      leases = engine.exchange({ worker, fence, request, outcomes, want: 100 }).leases
    }
    const { rows } = engine.results({ filter: {}, after: null, limit: items + 1 })
    assert.is(rows.length, items)
    assert.is(new Set(rows.map(({ key }) => key)).size, items)
    assert.is(rows.filter(({ attempt }) => attempt === 2).length, taken.leases)
    engine.close()
    assertConsistent(file)
  }))

test('a process killed while it redoes tasks: every result is in one place, and each attempt has made at most one', () =>
  inFolder(async (folder) => {
    const file = join(folder, 'drover.db')
    const first = openSqliteEngine({ file, durability: 'power', keepEvents })
    first.declare({ workers: [{ worker, lane }] })
    load(first, 8)
    first.close()

    const script = fileURLToPath(new URL('../support/engine-process.js', import.meta.url))
    const child = spawn(process.execPath, [script, 'redo', file], { stdio: ['ignore', 'pipe', 'inherit'] })
    const exit = once(child, 'exit')
    let rounds = 0
    try {
      for await (const line of createInterface(child.stdout)) {
        assert.is(line, '8')
        if (++rounds === 30) child.kill('SIGKILL')
      }
    } finally {
      child.kill('SIGKILL')
    }
    assert.is((await exit)[1], 'SIGKILL')

    assertConsistent(file)
    const engine = openSqliteEngine({ file, durability: 'power', keepEvents })
    engine.join({ host: hostIdentity() })
    const values = new Map(engine.results({ filter: {}, after: null, limit: 100 }).rows.map(({ key, value }) => [key, Number(value)]))
    for (const { key, state, attempts } of engine.tasks({ filter: {}, after: null, limit: 100 }).rows) {
      const { rows } = engine.pastResults({ dataset: lane.dataset, key, after: null, limit: rounds + 10 })
      assert.ok(rows.length >= rounds, 'a result that was set aside is lost')
      assert.equal(
        rows.map(({ value, attempt }) => [Number(value), attempt]),
        rows.map((_, index) => [rows.length - index, rows.length - index]),
        'each attempt has one result',
      )
      const current = values.get(key)
      assert.is(current, state === 'done' ? rows.length + 1 : undefined, 'the current result is that of the next attempt')
      assert.ok(attempts - rows.length <= 1, 'at most one attempt without a result')
    }
    engine.close()
  }))

for (const seed of [1, 2, 3, 4, 5, 6]) {
  test(
    `whatever happens, every task is in one place and no result changes (seed ${seed})`,
    withEngine((engine, file, world) => {
      const random = seededRandom(seed)
      const below = (most: number) => Math.floor(random() * most)
      const results = new Map<string, string>()
      const stored = new Map<number, string>()
      let hosts = 1
      let fence = acquire(engine)
      let request = 0
      let loaded = 0
      let inHand: { token: number; key: string }[] = []
      let last: Parameters<SqliteEngine['exchange']>[0] | null = null

      const outcomeOf = ({ token, key }: { token: number; key: string }): Outcome => {
        const kind = below(10)
        if (kind === 0) return { do: 'release', token, inMs: below(2) * 20 }
        if (kind === 1) return { do: 'fail', token, error: boom, retryInMs: below(2) * 30 }
        if (kind === 2) return { do: 'fail', token, error: boom, retryInMs: null }
        stored.set(token, key)
        return { do: 'complete', token, value: `"${token}"` }
      }
      const exchange = (): void => {
        const some = inHand.filter(() => random() < 0.6)
        inHand = inHand.filter((hand) => !some.includes(hand))
        last = { worker, fence, request: ++request, outcomes: some.map(outcomeOf), want: below(12) }
        const { leases, settled } = engine.exchange(last)
        assert.not.ok(settled.includes('lost'), 'an outcome was lost')
        for (const [index, token] of leases.tokens.entries()) inHand.push({ token, key: leases.keys[index] ?? '' })
      }
      const steps: (() => void)[] = [
        exchange,
        exchange,
        exchange,
        exchange,
        () => {
          if (last) assert.not.ok(engine.exchange(last).settled.includes('stored'), 'a repeat stored something')
        },
        () => {
          const items = Array.from({ length: below(8) }, () => ({ key: `n${loaded++}`, data: '1', priority: below(4) }))
          engine.enqueue({ dataset: 'data', items, onConflict: 'error' })
        },
        () => world.advance(below(40)),
        () => {
          const tokens = inHand.map(({ token }) => token)
          const working = tokens.filter(() => random() < 0.3)
          const finished = tokens.filter((token) => !working.includes(token) && random() < 0.3)
          engine.abandon({ worker, fence, abandoned: { working, finished }, error: boom, poisonAfter: 3, maxAttempts: 4 })
          fence = acquire(engine, `host-${hosts}`)
          inHand = []
          last = null
        },
        () => {
          if (random() < 0.7) return
          world.fate(world.host(hosts), 'gone')
          hosts++
          engine.join({ host: world.host(hosts) })
          fence = acquire(engine, `host-${hosts}`)
          inHand = []
          last = null
        },
        () => engine.redrive({ filter: {}, keys: null }),
        () => engine.declare({ workers: [{ worker, lane: { ...lane, target: below(2) === 0 ? null : below(200) } }] }),
      ]
      for (let step = 0; step < 400 && hosts < 60; step++) {
        steps[below(steps.length)]?.()
        if (step % 20 > 0) continue
        assertConsistent(file)
        for (const { key, value } of engine.results({ filter: {}, after: null, limit: 10_000 }).rows) {
          assert.is(results.get(key) ?? value, value, `the result of ${key} changed`)
          assert.is(stored.get(Number(JSON.parse(value))), key, `the result of ${key} is another task's`)
          results.set(key, value)
        }
      }
      assert.ok(results.size > 20, `only ${results.size} results came about`)
    }),
  )
}

test('all processes that open a store between two boots share its clock, despite changes of the wall clock', () =>
  inFolder((folder) => {
    const open = () => openSqliteEngine({ file: join(folder, 'drover.db'), durability: 'process', keepEvents })
    const wall = Date.now
    const first = open()
    try {
      Date.now = () => wall() - 3_600_000
      const second = open()
      const apart = second.now({}).now - first.now({}).now
      second.close()
      assert.ok(Math.abs(apart) < 1_000, `${apart} ms apart`)
      assert.ok(Math.abs(first.now({}).now - wall()) < 60_000, 'it is far from the epoch')
    } finally {
      Date.now = wall
      first.close()
    }
  }))

test.run()
