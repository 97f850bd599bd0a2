/** Calls through `ctx.withQuota`, and what becomes of quotas while the store cannot be written. */
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ScriptedCall, ScriptedTask } from '../../fixtures/with-quota.worker.js'
import { hangMs } from '../../support/hang.js'
import { cleanUp, collect, open, puppet, quick, temporaryFolder, until, worker } from '../../support/system.js'

test.after.each(cleanUp)

const module = new URL('../../fixtures/with-quota.worker.js', import.meta.url)
const body = { usage: { prompt_tokens: 30, completion_tokens: 10, total_tokens: 40 } }
const minute = { limit: 1_000, per: 'minute' } as const
const task = (id: string, ...calls: ScriptedCall[]): ScriptedTask => ({ id, calls })

interface Made {
  values: unknown[]
  attempt: number
}

/** Does tasks one after the other, and tells what was used, of each unit. */
async function used(tasks: ScriptedTask[]) {
  const system = await open({
    workers: [worker('a/x', { module, quota: { name: 'key', amounts: { tokens: 100 } } })],
    quotas: { key: { requests: minute, tokens: { limit: 100_000, per: 'hour' }, budget: { cost: 100 }, concurrency: 1 } },
    tasks: { maxAttempts: 2, backoff: { initialMs: 5, maxMs: 20 } },
  })
  await system.load('data', tasks)
  await system.start()
  await system.done()
  const { windows, inFlight } = await system.quota('key').status()
  return { system, inFlight, used: Object.fromEntries(windows.map((window) => [window.unit, window.used])) }
}

test('a call is made on what its task was granted, and what its answer says, and what it cost, is settled', async () => {
  const says: ScriptedCall[] = [
    { response: { body } },
    { gives: body },
    { gives: { data: body, response: null } },
    { gives: { status: 200, headers: {}, data: body } },
  ]
  const { system, used: sums, inFlight } = await used(says.map((call, index) => task(`t${index}`, { ...call, used: { cost: 0.5 } })))
  // The third answer says nothing that is known: it counts as it was estimated.
  assert.equal([sums, inFlight], [{ requests: 4, tokens: 3 * 40 + 100, cost: 2 }, 0])
  const rows = await collect(system.results<Made>())
  assert.equal(rows[0]?.value.values, [body], 'the body of a response is there to be read')
  const [first] = await collect(system.taskUsage())
  assert.equal(first?.usage, { requests: 1, tokens: 40, inputTokens: 30, outputTokens: 10, cost: 0.5 })
})

test('each further call of a task is granted by itself, as its tasks are estimated or as it says', async () => {
  const { used: sums, inFlight } = await used([task('t', { gives: 1 }, { gives: 2 }, { gives: 3, amounts: { tokens: 7 } })])
  assert.equal([sums, inFlight], [{ requests: 3, tokens: 207, cost: 0 }, 0])
})

test('a call that the provider refuses is made again later at no attempt, and blocks the quota by what the answer says', async () => {
  const headers = { 'retry-after-ms': '300' }
  for (const call of [{ throws: { status: 429, headers } }, { response: { status: 429, headers, body: {} } }]) {
    const { system, inFlight } = await used([task('t', call, { gives: 'well' })])
    const [row] = await collect(system.results<Made>())
    assert.equal([row?.value.values, row?.attempt, inFlight], [['well'], 1, 0])
    assert.ok((await system.quota('key').status()).health < 1)
  }
})

test('a call that fails costs its attempt, what it used counts, and its place in flight is free', async () => {
  const {
    system,
    used: sums,
    inFlight,
  } = await used([task('t', { throws: { status: 500, body } }, { gives: body }), task('own', { throws: { status: 500, release: true } })])
  const [row] = await collect(system.results<Made>())
  assert.equal([row?.value.values, row?.attempt], [[body], 2])
  const [dead] = await collect(system.deadTasks())
  assert.equal([dead?.error.code, inFlight], ['OF_THE_CALL', 0], 'what the call itself throws as a TaskError stays that')
  assert.equal(sums, { requests: 3, tokens: 40 + 40 + 100, cost: 0 })
})

test('calls under way are counted for every quota, also without a limit to them, and for those that it is within', async () => {
  const system = await open({
    heartbeat: { ...quick, progressTimeoutMs: 600_000 },
    workers: [
      ...['a', 'b'].map((id) => worker(`${id}/x`, { module, quota: 'key', concurrency: 4 })),
      worker('c/x', { module, quota: { rotate: ['other', 'key'] }, concurrency: 2 }),
    ],
    quotas: {
      project: { requests: minute },
      key: { requests: { limit: 10, per: 'hour' }, within: 'project' },
      other: { requests: { limit: 1, per: 'hour' }, within: 'project' },
    },
  })
  await system.load(
    'data',
    Array.from({ length: 4 }, (_, index) => task(`t${index}`, { gives: 1, ms: 600_000 })),
  )
  await system.start()
  const inFlight = async () => Object.fromEntries((await system.quotas()).map((quota) => [quota.name, quota.inFlight]))
  let seen: Record<string, number> = {}
  for (const deadline = performance.now() + hangMs; seen.project !== 10; seen = await inFlight()) {
    assert.ok(performance.now() < deadline, `seen last: ${JSON.stringify(seen)}`)
  }
  assert.equal(seen, { project: 10, key: 9, other: 1 })
  await system.stop(undefined, { drainMs: 0 })
  assert.equal(await inFlight(), { project: 0, key: 0, other: 0 })
})

test('a place in flight that could not be given back while the store could not be written is given back when it can', async () => {
  const store = join(temporaryFolder(), 'test.db')
  const system = await open({
    store,
    workers: ['a', 'b'].map((id) => worker(`${id}/x`, { module, quota: 'key', concurrency: 2 })),
    quotas: { key: { concurrency: 1 } },
  })
  const db = new Database(store, { timeout: hangMs })
  try {
    await system.load(
      'data',
      Array.from({ length: 3 }, (_, index) => task(`t${index}`, { gives: index, ms: 20 })),
    )
    db.exec("CREATE TRIGGER full BEFORE DELETE ON quota_flight BEGIN SELECT RAISE(ABORT, 'the disk is full'); END")
    await system.start()
    // One has gone and could not be settled; nobody else can go.
    const warned = (): boolean => system.logs({ limit: 100 }).some(({ message }) => /disk is full/.test(message))
    await until(warned, 'a settlement is refused')
    assert.is((await system.quota('key').status()).inFlight, 1)
    db.exec('DROP TRIGGER full')
    const { results, dead } = await system.done()
    assert.equal([results, dead, (await system.quota('key').status()).inFlight], [6, 0, 0])
    const attempts = (await collect(system.results())).map(({ attempt }) => attempt)
    assert.ok(
      attempts.every((attempt) => attempt === 1),
      'that the store could not be written cost an attempt',
    )
  } finally {
    db.close()
  }
})

test('a place in flight of a thread that ended while the store could not be written is given back when it can', async () => {
  const store = join(temporaryFolder(), 'test.db')
  const system = await open({
    store,
    workers: [
      worker('dies/x', { module: puppet, dataset: 'deadly', quota: 'key', restart: { maxRestarts: 0 } }),
      worker('next/x', { module, quota: 'key' }),
    ],
    quotas: { key: { concurrency: 1 } },
  })
  const db = new Database(store, { timeout: hangMs })
  try {
    await system.load('deadly', [{ id: 'exits', do: 'exit' }])
    await system.load('data', [task('t', { gives: 1 })])
    db.exec("CREATE TRIGGER full BEFORE DELETE ON quota_flight BEGIN SELECT RAISE(ABORT, 'the disk is full'); END")
    await system.start('dies/x')
    await until(() => system.worker('dies/x').status().state === 'blacklisted', 'dies/x is given up')
    assert.is((await system.quota('key').status()).inFlight, 1)
    await system.start('next/x')
    db.exec('DROP TRIGGER full')
    await until(() => system.worker('next/x').status().state === 'completed', 'next/x is done')
    assert.is((await system.quota('key').status()).inFlight, 0)
  } finally {
    db.close()
  }
})

test.run()
