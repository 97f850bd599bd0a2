import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ManagedWorker } from '../../../src/actors/worker/worker.js'
import type { Drover } from '../../../src/drover/drover.js'
import { serveStatus } from '../../../src/http.js'
import { compileInTurns, validateConfig } from '../../../src/options/validate.js'
import { showProgress } from '../../../src/progress/progress.js'
import { cleanUp, items, open, openWithParts, worker } from '../../support/system.js'

test.after.each(cleanUp)

test('4,000 workers that never ran are closed sooner than they were opened: the work does not grow with their square', async () => {
  const began = process.cpuUsage()
  const system = await open({ workers: Array.from({ length: 4_000 }, (_, i) => worker(`w${i}/x`)) })
  const opened = process.cpuUsage(began)
  const before = process.cpuUsage()
  await system.close()
  const closed = process.cpuUsage(before)
  // Of processors, not of a clock: a busy machine changes nothing.
  assert.ok(closed.user < 1.5 * opened.user, `opened in ${opened.user} us, closed in ${closed.user} us`)
})

const many = (length: number) => Array.from({ length }, (_, i) => worker(`w${i}/x`, { dataset: 'items' }))

/** The most calls of `count` in one turn of the event loop until the work is over. */
async function mostInATurn(work: (count: () => void) => Promise<unknown>): Promise<number> {
  let [now, most, over] = [0, 0, false]
  const done = work(() => {
    most = Math.max(most, ++now)
  }).finally(() => {
    over = true
  })
  while (!over) {
    now = 0
    await new Promise((resolve) => setImmediate(resolve))
  }
  await done
  return most
}

/** The most changes of state in one turn of the event loop while something is asked of a system. */
function mostInOneTurn(system: Drover, ask: () => Promise<unknown>): Promise<number> {
  return mostInATurn(async (count) => {
    system.on('worker:state:changed', count)
    await ask()
    system.off('worker:state:changed', count)
  })
}

test('after a call for hundreds of workers, few of them change their state in one turn of the event loop', async () => {
  const system = await open({ workers: many(400), concurrency: 1 })
  const most: Record<string, number> = {}
  most.start = await mostInOneTurn(system, () => system.start())
  most.stop = await mostInOneTurn(system, () => system.stop())
  most.restart = await mostInOneTurn(system, () => system.restart())
  most.blacklist = await mostInOneTurn(system, () => system.blacklist({}, 'enough'))
  most.reset = await mostInOneTurn(system, () => system.reset({}))
  most.again = await mostInOneTurn(system, () => system.start())
  most.close = await mostInOneTurn(system, () => system.close())
  for (const [name, count] of Object.entries(most)) assert.ok(count > 0 && count <= 30, `${name}: ${count} in one turn`)
})

test('a start of hundreds that is overtaken by a stop has no effect on those whose turn had not come', async () => {
  const system = await open({ workers: many(200), concurrency: 1 })
  const entered: string[] = []
  system.on('worker:state:changed', ({ worker, to }) => entered.push(`${worker} ${to}`))
  const [started, stopped] = await Promise.all([system.start(), system.stop()])
  assert.is(started.filter(({ ok }) => ok).length, 0)
  assert.ok(stopped.every(({ ok }) => ok))
  assert.equal(
    entered.filter((each) => !each.endsWith('stopped')),
    [],
  )
  const again = await system.start()
  assert.ok(again.every(({ ok }) => ok))
})

test('a start of hundreds right after a stop of all of them leaves all of them started', async () => {
  const system = await open({ workers: many(200), concurrency: 1 })
  await system.start()
  const [, started] = await Promise.all([system.stop(), system.start()])
  assert.equal(
    started.filter(({ ok }) => !ok),
    [],
  )
  assert.equal(system.status().states, { queued: 200 })
})

test('a stop of hundreds that is overtaken by a start of the last one leaves that one started', async () => {
  const system = await open({ workers: many(200), concurrency: 1 })
  await system.start()
  const [, [last]] = await Promise.all([system.stop(), system.start('w199/x')])
  assert.is(last?.message, 'started')
  assert.equal(system.status().states, { stopped: 199, queued: 1 })
})

test('a start in the same breath as a reset comes after it: all are reset, and all are started', async () => {
  // More than have their turn at once; each has an idle thread, which the reset ends.
  const system = await open({ workers: many(30), concurrency: 30, idleMs: 600_000 })
  await system.load('items', items(1))
  await system.start()
  assert.is((await system.done()).results, 30)
  const [reset, started] = await Promise.all([system.reset({}, { data: true }), system.start()])
  assert.equal(new Set(reset.map(({ ok, message, deleted }) => `${ok}: ${message}, ${deleted.results}`)), new Set(['true: reset, 1']))
  assert.equal(new Set(started.map(({ ok, message }) => `${ok}: ${message}`)), new Set(['true: started']))
  assert.is((await system.done()).results, 30)
})

test('a stop in the same breath as a reset and a start cancels the start', async () => {
  const system = await open({ workers: many(60), concurrency: 1 })
  const [reset, started] = await Promise.all([system.reset(), system.start(), system.stop()])
  assert.ok(reset.every(({ ok }) => ok))
  assert.equal(new Set(started.map(({ ok, message }) => `${ok}: ${message}`)), new Set(['false: stopped before it was started']))
  assert.equal(
    Object.keys(system.status().states).filter((state) => !['idle', 'stopped'].includes(state)),
    [],
  )
})

test('pause and resume of hundreds, asked in one breath, come in that order to each', async () => {
  const system = await open({ workers: many(200), concurrency: 1 })
  await system.start()
  const [paused, [last], resumed] = await Promise.all([system.pause(), system.resume('w199/x'), system.resume()])
  assert.ok(paused.every(({ ok }) => ok))
  assert.is(last?.message, 'resumed')
  assert.is(resumed.filter(({ ok }) => ok).length, 199)
})

test('a close, or a signal, that comes in the middle of a start or a stop of hundreds ends all of them', async () => {
  for (const end of ['close', 'interrupt'] as const) {
    const system = await open({ workers: many(300), concurrency: 1 })
    const started = system.start()
    await new Promise((resolve) => setImmediate(resolve))
    const stopped = system.stop()
    if (end === 'interrupt') system.interrupt('SIGTERM')
    const closed = system.close()
    await Promise.all([started, stopped, closed])
    const { states } = system.status()
    assert.is((states.idle ?? 0) + (states.stopped ?? 0), 300, JSON.stringify(states))
  }
})

test('the children of a supervisor of hundreds start in order, and what is asked of all finds none left out', async () => {
  const system = await open({ workers: [{ id: 'all', strategy: 'rest-for-one', children: many(150) }], concurrency: 1 })
  await system.start()
  await system.pause()
  const stopped = await system.stop('all')
  assert.is(stopped.length, 150)
  assert.equal(system.status().states, { stopped: 150 })
})

test('a start of hundreds of blacklisted workers tells of few of them in one turn, although their one module is read once', async () => {
  const system = await open({ workers: many(300), concurrency: 1 })
  await system.blacklist({}, 'enough')
  const most = await mostInATurn((count) => {
    system.onLog(({ message }) => message.startsWith('blacklisted: ') && count())
    return system.start()
  })
  assert.ok(most > 0 && most <= 30, `${most} in one turn`)
})

test('a stop that comes while a start of a worker on parole looks at its module wins', async () => {
  const system = await open({ workers: many(100).map((own) => ({ ...own, restart: { parole: { afterMs: 60_000 } } })), concurrency: 1 })
  await system.blacklist({}, 'enough')
  const started = system.start()
  await system.stop()
  assert.equal(
    (await started).filter(({ ok }) => ok),
    [],
  )
})

test('workers are given back to the store a few in each turn', async () => {
  const { system, parts } = await openWithParts({ workers: many(300), concurrency: 1 })
  await system.start()
  const most = await mostInATurn((count) => {
    const { client } = parts.store
    const { call } = client
    client.call = (operation, request) => {
      if (operation === 'free') count()
      return call.call(client, operation, request) as never
    }
    return system.stop()
  })
  assert.ok(most > 0 && most <= 30, `${most} in one turn`)
})

test('no call of the store is about thousands of workers: its answer would be read in one piece', async () => {
  const { system, parts } = await openWithParts({ workers: many(1_200), concurrency: 1 })
  const { client } = parts.store
  const { call } = client
  const asked: Record<string, number[]> = { declare: [], counts: [] }
  client.call = (operation, request) => {
    asked[operation]?.push((request as { workers: unknown[] }).workers.length)
    return call.call(client, operation, request) as never
  }
  await system.setTarget({}, 2)
  await system.stop()
  assert.equal(asked, { declare: [500, 500, 200], counts: [500, 500, 200] })
})

test('of two targets set in one breath the later one holds, however many workers have the earlier one', async () => {
  const system = await open({ workers: many(1_100), concurrency: 1 })
  await system.load('items', items(9))
  await Promise.all([system.setTarget({}, 2), system.setTarget('w1099/x', 7)])
  assert.is(system.worker('w1099/x').status().progress?.total, 7)
  assert.is(system.worker('w1098/x').status().progress?.total, 2)
})

/** How many whole statuses of workers are made meanwhile: only these tell of heaps. */
async function statusesMade(work: () => Promise<unknown>): Promise<number> {
  const { heapUsed } = Object.getOwnPropertyDescriptors(ManagedWorker.prototype)
  let made = 0
  Object.defineProperty(ManagedWorker.prototype, 'heapUsed', {
    ...heapUsed,
    get() {
      made++
      return heapUsed.get?.call(this)
    },
  })
  try {
    await work()
  } finally {
    Object.defineProperty(ManagedWorker.prototype, 'heapUsed', heapUsed)
  }
  return made
}

test('what is asked of hundreds of workers together makes no whole status of each of them', async () => {
  const system = await open({ workers: many(300), concurrency: 1, quotas: { key: { requests: { limit: 9, per: 'minute' } } } })
  const server = await serveStatus(system, { port: 0 })
  const get = (path: string) => async (): Promise<void> => {
    const answer = await fetch(`${server.url}${path}`)
    await answer.arrayBuffer()
    assert.is(answer.status, 200, path)
  }
  const made: Record<string, number> = {}
  made.page = await statusesMade(get('/api/v1/workers?limit=7'))
  made.overview = await statusesMade(get('/api/v1/overview'))
  made.quotas = await statusesMade(get('/api/v1/quotas'))
  made.old = await statusesMade(get('/api/monitoring/overview'))
  made.oldOne = await statusesMade(get('/api/monitoring/workers/w7/x'))
  await system.start()
  await system.blacklist({}, 'enough')
  made.blacklisted = await statusesMade(async () => system.blacklisted())
  made.done = await statusesMade(() => system.done())
  assert.equal(made, { page: 7, overview: 0, quotas: 0, old: 0, oldOne: 1, blacklisted: 0, done: 0 })
  await server.close()
})

test('progress looks at a part of a thousand workers in each turn, and makes whole statuses of those alone that it shows', async () => {
  const { system } = await openWithParts({ workers: many(1_100), concurrency: 1 })
  const { glances } = system.view
  let glanced = 0
  system.view.glances = function* () {
    for (const glance of glances.call(this)) {
      glanced++
      yield glance
    }
  }
  let tick = (): void => {}
  const drawn: string[] = []
  const made = await statusesMade(async () => {
    const progress = showProgress(system, {
      terminal: { isTTY: true, columns: 100, rows: 12, write: (text: string) => drawn.push(text) },
      every: (_, work) => {
        tick = work
        return () => {}
      },
    })
    drawn.length = 0
    glanced = 0
    const turns: number[] = []
    tick()
    for (; drawn.length === 0; await new Promise((resolve) => setImmediate(resolve))) turns.push(glanced)
    assert.equal([turns[0], glanced], [500, 1_100], `${turns}`)
    progress.stop()
  })
  // At first, at the tick, and in the end: 12 rows, two of them free, one for the system and one for the rest.
  assert.is(made, 3 * 8)
})

test('options of a thousand workers are checked in many turns of the event loop', async () => {
  let turns = 0
  let over = false
  const compiled = compileInTurns({
    store: ':memory:',
    workers: [{ id: 'under', children: many(1_000) }, ...many(1_000).map((own) => ({ ...own, id: `b${own.id}` }))],
  })
  const done = compiled.finally(() => {
    over = true
  })
  while (!over) {
    turns++
    await new Promise((resolve) => setImmediate(resolve))
  }
  const { workers, tree } = await done
  assert.is(workers.length, 2_000)
  assert.is(tree.length, 1_001)
  assert.ok(turns >= 20, `${turns} turns`)
})

test('mistakes among thousands are reported with their place', () => {
  const workers = many(500)
  const children = many(500).map((own) => ({ ...own, id: `b${own.id}` }))
  Object.assign(children[321] as object, { delayMs: 5 })
  Object.assign(workers[444] as object, { idd: 'x' })
  const checked = validateConfig({ store: ':memory:', workers: [...workers, { id: 'under', strategy: 'all', children }] })
  assert.equal(checked.ok ? [] : checked.issues.map(({ path }) => path), [
    'workers[444].idd',
    'workers[500].strategy',
    'workers[500].children[321].delayMs',
  ])
})

test.run()
