import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { DroverEvents, QuotaReport } from '../../src/index.js'
import type { CallerResult, CallerTask } from '../fixtures/caller.worker.js'
import { cleanUp, collect, event, open, puppet, state, temporaryFolder, until, worker } from '../support/system.js'

test.after.each(cleanUp)

const caller = new URL('../fixtures/caller.worker.js', import.meta.url)
const calls = (count: number, more: (index: number) => Partial<CallerTask> = () => ({})): CallerTask[] =>
  Array.from({ length: count }, (_, index) => ({ id: `t${index}`, ...more(index) }))
const minute = { limit: 1_000, per: 'minute' } as const

test('a task waits until there is room for what it is estimated to take, and is corrected to what it used', async () => {
  const system = await open({
    workers: [worker('a/x', { module: caller, quota: { name: 'key', amounts: { tokens: 60 } }, concurrency: 4 })],
    quotas: { key: { requests: minute, tokens: { limit: 100, per: 'hour' } } },
  })
  await system.load(
    'data',
    calls(5, () => ({ used: { tokens: 10 } })),
  )
  await system.start()
  assert.is((await system.done()).results, 5)
  const { windows } = await system.quota('key').status()
  assert.equal(
    windows.map(({ unit, used }) => [unit, used]),
    [
      ['requests', 5],
      ['tokens', 50],
    ],
  )
})

test('a task that could never be granted is dead at once, and the others go on', async () => {
  const system = await open({
    workers: [worker('a/x', { module: caller, quota: 'key' })],
    quotas: { key: { tokens: { limit: 100, per: 'minute' } } },
  })
  await system.load(
    'data',
    calls(3, (index) => ({ amounts: { tokens: index === 1 ? 101 : 1 } })),
  )
  await system.start()
  const { results, dead } = await system.done()
  assert.equal([results, dead], [2, 1])
  const [row] = await collect(system.deadTasks())
  assert.equal([row?.key, row?.error.code, row?.attempt], ['t1', 'QUOTA_INVALID', 1])
  assert.match(row?.error.message ?? '', /never grants 101 tokens at once: tokens\/minute holds 100/)
})

test('amounts that are given back can be granted again', async () => {
  const system = await open({
    workers: [worker('a/x', { module: caller, quota: 'key' })],
    quotas: { key: { requests: { limit: 1, per: 'hour' } } },
  })
  await system.load(
    'data',
    calls(5, () => ({ refund: true })),
  )
  await system.start()
  assert.is((await system.done()).results, 5)
  assert.is((await system.quota('key').status()).requestsToday, 0)
})

test('several keys within one project share its limit, and each has its own', async () => {
  const system = await open({
    workers: ['a', 'b', 'c'].map((key) => worker(`${key}/x`, { module: caller, quota: key })),
    quotas: {
      project: { requests: { limit: 7, per: 'hour' } },
      a: { requests: { limit: 2, per: 'hour' }, within: 'project' },
      b: { requests: { limit: 100, per: 'hour' }, within: 'project' },
      c: { within: 'project' },
    },
  })
  await system.load('data', calls(10))
  await system.start()
  await Promise.all(['a/x', 'b/x', 'c/x'].map((id) => state(system, id, 'parked')))
  const results = await collect(system.results<CallerResult>())
  assert.is(results.length, 7)
  assert.ok(results.filter(({ annotator }) => annotator === 'a').length <= 2)
  assert.match(system.worker('b/x').status().reason, /^requests\/hour of quota project is spent until 20/)
})

test('a worker that names several keys takes the one that can go first; a key that is refused is retired, not tried again', async () => {
  const system = await open({
    workers: [worker('a/x', { module: caller, quota: { rotate: ['first', 'second', 'third'] } })],
    quotas: Object.fromEntries(['first', 'second', 'third'].map((key) => [key, { requests: { limit: 3, per: 'hour' } }])),
  })
  const retired: DroverEvents['quota:key:retired'][] = []
  system.on('quota:key:retired', (payload) => retired.push(payload))
  const body = { error: { code: 'invalid_api_key', message: 'Incorrect API key provided: sk-12345678' } }
  await system.load(
    'data',
    calls(20, (index) => (index === 0 ? { answer: { status: 401, body } } : {})),
  )
  await system.start()
  await state(system, 'a/x', 'parked')
  const results = await collect(system.results<CallerResult>())
  assert.is(results.length, 6, 'two keys with three calls each; the refused call was given back')
  assert.ok(results.every(({ value }) => value.quota !== retired[0]?.quota))
  assert.is(retired.length, 1)
  const quota = retired[0]?.quota as string
  const status = await system.quota(quota).status()
  assert.equal([status.retired?.reason, status.canMakeRequest], ['the provider does not accept the key', false])
  assert.not.match(JSON.stringify([retired, status, await system.history({})]), /12345678/)
  // The key is good again: its two calls that are left are made.
  await system.quota(quota).revive()
  await event(system, 'worker:state:changed', ({ to }) => to === 'parked')
  assert.is((await collect(system.results())).length, 8)
})

test('a worker whose only key is retired pauses and says so; once the key is revived it continues', async () => {
  const system = await open({ workers: [worker('a/x', { module: caller, quota: 'key' })], quotas: { key: { requests: minute } } })
  await system.load('data', calls(3))
  await system.quota('key').retire('somebody else has it')
  await system.start()
  await state(system, 'a/x', 'paused')
  assert.match(system.worker('a/x').status().reason, /every key of its quota \(key\) is retired: revive one to go on/)
  await system.quota('key').revive()
  assert.is((await system.done()).results, 3)
})

test('a refusal blocks the quota for as long as the provider says, and costs no attempt', async () => {
  const system = await open({
    workers: [worker('a/x', { module: caller, quota: 'key' })],
    quotas: { key: { requests: minute } },
  })
  const answer = { status: 429, headers: { 'retry-after-ms': '700' } }
  await system.load(
    'data',
    calls(3, (index) => (index === 0 ? { answer } : {})),
  )
  await system.start()
  assert.is((await system.done()).results, 3)
  const results = await collect(system.results<CallerResult>())
  assert.equal(
    results.map(({ attempt }) => attempt),
    [1, 1, 1],
  )
  const at = results.map((result) => result.value.at)
  assert.ok((await system.quota('key').status()).health < 1)
  assert.is(at.length, 3)
})

test('a task that is released is done later, at no attempt', async () => {
  const system = await open({ workers: [worker('a/x', { module: caller })] })
  await system.load(
    'data',
    calls(1, () => ({ releases: true })),
  )
  await system.start()
  assert.is((await system.done()).results, 1)
  assert.is((await collect(system.results()))[0]?.attempt, 1)
})

test('no more calls are in flight than a quota allows, over all workers, and a worker that dies gives its place back', async () => {
  const system = await open({
    workers: [
      ...['a', 'b', 'c'].map((id) => worker(`${id}/x`, { module: caller, quota: 'key', concurrency: 4 })),
      worker('dies/x', { module: puppet, dataset: 'deadly', quota: 'key' }),
    ],
    quotas: { key: { concurrency: 2 } },
  })
  await system.load('deadly', [{ id: 'exits', do: 'exit', times: 1 }, { id: 'well' }])
  await system.start('dies/x')
  await event(system, 'worker:failure:recorded')
  await system.load(
    'data',
    calls(12, () => ({ ms: 30 })),
  )
  await system.start()
  let most = 0
  const watch = setInterval(
    () =>
      void system
        .quota('key')
        .status()
        .then(({ inFlight }) => (most = Math.max(most, inFlight))),
    5,
  )
  try {
    await system.done()
  } finally {
    clearInterval(watch)
  }
  const spans = (await collect(system.results<CallerResult>({ dataset: 'data' }))).map(({ value }) => value.at)
  assert.is(spans.length, 36)
  assert.is(most, 2)
  assert.is((await system.quota('key').status()).inFlight, 0)
})

test('a budget that is spent pauses its workers and says so; raised, they go on', async () => {
  const system = await open({
    workers: [worker('a/x', { module: caller, quota: 'key' }), worker('b/x', { module: caller, quota: 'key' })],
    quotas: { key: { requests: minute } },
    budget: { cost: 1 },
  })
  const spent = event(system, 'quota:window:spent')
  await system.load(
    'data',
    calls(10, () => ({ used: { cost: 0.25 } })),
  )
  await system.start()
  const { quota, window, until: when } = await spent
  assert.equal([quota, window, when], ['system budget', 'cost/ever', null])
  await Promise.all(['a/x', 'b/x'].map((id) => state(system, id, 'paused')))
  assert.match(system.worker('a/x').status().reason, /cost\/ever of quota system budget is spent: raise it to go on/)
  const done = (await collect(system.results())).length
  assert.ok(done >= 4 && done <= 5, `${done} calls at 0.25 of 1`)
  const [usage] = await system.usage({ by: 'domain' })
  assert.equal([usage?.of, usage?.usage.requests, usage?.usage.cost], ['x', done, done * 0.25])
  await system.quota('system budget').set({ budget: { cost: 100 } })
  assert.is((await system.done()).results, 20)
  const tasks = await collect(system.taskUsage({ annotator: 'a' }))
  assert.equal(tasks[0]?.usage, { requests: 1, cost: 0.25 })
  assert.is(tasks.length, 10)
})

test('a worker whose budget is spent waits for that also with another thread: raised, it goes on', async () => {
  const system = await open({
    workers: [worker('a/x', { module: caller, quota: 'key' })],
    quotas: { key: { requests: minute, budget: { requests: 1 } } },
  })
  await system.load('data', calls(3))
  await system.start()
  await state(system, 'a/x', 'paused')
  const another = event(system, 'worker:state:changed', ({ to }) => to === 'starting')
  await system.update('a/x', { input: { other: true } })
  await another
  await state(system, 'a/x', 'paused')
  assert.match(system.worker('a/x').status().reason, /of quota key is spent: raise it to go on/)
  await system.quota('key').set({ requests: minute, budget: { requests: 100 } })
  assert.is((await system.done()).results, 3)
})

test('a worker that was paused by hand stays paused, in any state of the quota', async () => {
  const system = await open({
    workers: ['a', 'b'].map((id) => worker(`${id}/x`, { module: caller, quota: 'key' })),
    quotas: { key: { requests: minute, budget: { cost: 1 } } },
  })
  await system.load(
    'data',
    calls(6, () => ({ used: { cost: 1 }, ms: 100 })),
  )
  await system.start()
  await Promise.all(['a/x', 'b/x'].map((id) => state(system, id, 'paused')))
  // One that pauses for its budget is paused by hand as well; the other goes on, and is paused then.
  await system.pause('a/x')
  const goesOn = event(system, 'worker:state:changed', ({ worker: id, to }) => id === 'b/x' && to === 'running')
  await system.quota('key').set({ requests: minute, budget: { cost: 100 } })
  await goesOn
  await system.pause('b/x')
  const changed = event(system, 'quota:limits:changed')
  await system.quota('key').set({ requests: minute, budget: { cost: 200 } })
  await changed
  assert.equal(
    system.status().workers.map((each) => each.state),
    ['paused', 'paused'],
  )
  await system.resume()
  assert.is((await system.done()).results, 12)
})

test('a spent quota parks its workers and says until when; a raised limit wakes them at once', async () => {
  const system = await open({
    workers: ['a', 'b'].map((id) => worker(`${id}/x`, { module: caller, quota: 'key' })),
    quotas: { key: { requests: { limit: 4, per: 'hour' } } },
  })
  const told: DroverEvents['quota:window:spent'][] = []
  system.on('quota:window:spent', (payload) => told.push(payload))
  await system.load('data', calls(10))
  await system.start()
  await Promise.all(['a/x', 'b/x'].map((id) => state(system, id, 'parked')))
  assert.equal(
    told.map(({ quota, window }) => [quota, window]),
    [['key', 'requests/hour']],
  )
  assert.ok(Math.abs((told[0]?.until ?? 0) - Date.now() - 3_600_000) < 20_000)
  // Lanes are told of ten times a second.
  await until(() => system.status().done === 4, 'four are counted')
  const before: QuotaReport = await system.quota('key').status()
  assert.equal([before.requestsToday, before.quotaLimit, before.percentageUsed, before.canMakeRequest], [4, 4, 100, false])
  assert.is(before.backlog.tasks, 16)
  // Four an hour: four hours for sixteen.
  assert.ok(Math.abs((before.backlog.doneAt ?? 0) - Date.now() - 4 * 3_600_000) < 60_000)
  await system.quota('key').set({ requests: { limit: 100, per: 'hour' } })
  assert.is((await system.done()).results, 20)
  const after = await system.quota('key').status()
  assert.equal([after.requestsToday, after.quotaLimit, after.backlog.tasks], [20, 100, 0], 'what was used stays used')
})

test('as many calls are available at once as the bucket holds, not as many as run in within a minute', async () => {
  const system = await open({ workers: [], quotas: { key: { requests: { limit: 600, per: 'minute' }, burst: 5 } } })
  const { available, canMakeRequest, quotaLimit } = await system.quota('key').status()
  assert.equal([available, canMakeRequest, quotaLimit], [5, true, 600])
})

test('limits that cannot be are refused, and nothing changes', async () => {
  const system = await open({ workers: [], quotas: { key: { requests: minute } } })
  const failed = await system
    .quota('key')
    .set({ requests: { limit: 0, per: 'fortnight' as 'day' }, within: 'kye' })
    .catch((error: Error) => error)
  assert.match(String(failed), /requests\.limit: expected a number above 0/)
  assert.match(String(failed), /did you mean 'key'|within/)
  assert.is((await system.quota('key').status()).quotaLimit, 1_000)
  assert.throws(() => system.quota('kye'), /there is no quota "kye"; quotas has key/)
})

test('used amounts and parked workers outlive the host', async () => {
  const store = `${temporaryFolder()}/test.db`
  const options = {
    store,
    workers: [worker('a/x', { module: caller, quota: 'key' })],
    quotas: { key: { requests: { limit: 3, per: 'hour' as const } } },
  }
  const first = await open(options)
  await first.load('data', calls(5))
  await first.start()
  await state(first, 'a/x', 'parked')
  await first.close()
  const second = await open(options)
  assert.is((await second.quota('key').status()).requestsToday, 3)
  await second.start()
  await until(() => second.worker('a/x').status().state === 'parked', 'a/x is parked')
  assert.is(second.worker('a/x').status().threadId, null)
})

test('calls by hand take from the quota too, and are counted for their task', async () => {
  const system = await open({
    workers: [worker('a/x', { module: caller, quota: 'key' })],
    quotas: { key: { requests: minute, tokens: minute } },
  })
  await system.load(
    'data',
    calls(2, () => ({ more: { tokens: 7 }, penaltyMs: 1 })),
  )
  await system.start()
  await system.done()
  assert.equal((await collect(system.taskUsage()))[0]?.usage, { requests: 2, tokens: 7 })
  assert.equal(await system.usage(), [{ of: 'a/x', usage: { requests: 4, tokens: 14 } }])
})

test.run()
