/** What counts for and against a worker, with real threads and hosts that really end; the rules by themselves are in `test/machines`. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { drive, endHosts } from '../../support/driven-hosts.js'
import { kill, said } from '../../support/kill-rounds.js'
import {
  cleanUp,
  event,
  isolations,
  items,
  open,
  openWithParts,
  quick,
  state,
  temporaryFolder,
  until,
  worker,
} from '../../support/system.js'

test.after.each(async () => {
  await endHosts()
  await cleanUp()
})

test('a worker that is recycled after a moment is forgiven for what it was up for, over all its threads', async () => {
  // Nine tasks between two failures, three to a thread: no thread lives for as long as the policy asks for, the worker does.
  const everyMs = 40
  const { system, opened } = await openWithParts({
    workers: [worker('a/x', { prefetch: 0, recycle: { maxTasks: 3 }, input: { everyMs } })],
    restart: { maxRestarts: 1, resetAfterMs: 9 * everyMs, backoff: { immediate: 9 } },
    tasks: { poisonAfter: 9, maxAttempts: 9 },
  })
  await system.load('data', items(60))
  await system.start()
  for (const done of [10, 20, 30]) {
    // A thread that is being replaced, or has yet to start, ends as asked: what ends it then is no failure.
    const isHalfway = (): boolean => {
      const { state, activity, progress } = system.worker('a/x').status()
      return state === 'running' && activity === 'working' && (progress?.done ?? 0) >= done
    }
    await until(isHalfway, `${done} tasks are done`)
    const crashed = state(system, 'a/x', 'crashed')
    opened.managed.get('a/x')?.tell({ type: 'STUCK', kind: 'heartbeat-lost', message: 'says the test' })
    await crashed
  }
  const report = await system.done()
  assert.equal([report.completed, report.blacklisted, report.results], [['a/x'], [], 60])
  assert.is(system.worker('a/x').status().restarts, 3)
})

test('a worker that becomes ready while evidence is taken of it was not ready in time all the same', async () => {
  const folder = temporaryFolder()
  const file = join(folder, 'go')
  const system = await open({
    workers: [worker('a/x', { input: { setup: 'wait', file } })],
    heartbeat: { ...quick, startTimeoutMs: 2_000 },
    evidence: { dir: folder, cpuProfileMs: 500 },
    restart: { startup: { maxRestarts: 0 } },
  })
  await system.load('data', items(1))
  system.on('worker:state:changed', ({ to }) => to === 'stuck' && writeFileSync(file, ''))
  await system.start()
  const report = await system.done()
  assert.equal(report.blacklisted, ['a/x'])
  assert.equal(
    (await system.failures()).map(({ failure }) => [failure.kind, failure.uptimeMs]),
    [['start-timeout', null]],
  )
})

test('setup that asks for more time than the start timeout gets it, in a thread and in a process', async () => {
  const startTimeoutMs = 8_000
  const system = await open({
    workers: isolations.map((isolation) => worker(`${isolation}/x`, { isolation, input: { setup: 'extend', ms: startTimeoutMs + 100 } })),
    heartbeat: { ...quick, startTimeoutMs },
    restart: { maxRestarts: 0 },
  })
  await system.load('data', items(1))
  await system.start()
  const report = await system.done()
  assert.equal([report.completed.length, report.blacklisted, await system.failures()], [2, [], []])
})

test('a blacklisting or a deadline is in the store before its event', async () => {
  const store = join(temporaryFolder(), 'told.db')
  const system = await open({
    store,
    workers: [worker('a/x', { input: { setup: 'throw' } })],
    restart: { maxRestarts: 1, backoff: { immediate: 0, initialMs: 1_000 }, parole: { afterMs: 3_600_000 } },
  })
  await system.load('data', items(1))
  const db = new Database(store, { readonly: true })
  const told: string[] = []
  system.on('worker:state:changed', ({ to }) => {
    if (to !== 'backoff' && to !== 'blacklisted') return
    const row = db.prepare('SELECT state, memory FROM worker').get() as { state: string; memory: string }
    told.push(`${to}: ${row.state} until ${typeof JSON.parse(row.memory).until}`)
  })
  await system.start()
  await state(system, 'a/x', 'blacklisted')
  assert.equal(told, ['backoff: backoff until number', 'blacklisted: blacklisted until number'])
  db.close()
})

test('hosts killed as soon as they tell of a backoff, and of a blacklisting, lose no count: the third failure is the last', async () => {
  const store = join(temporaryFolder(), 'killed.db')
  const restart = { maxRestarts: 2, backoff: { immediate: 0, initialMs: 50, factor: 1 } }
  const input = { setup: 'throw' } as const
  for (const state of ['backoff', 'backoff', 'blacklisted']) {
    const host = drive({ store, restart, workers: [{ id: 'a/x', dataset: 'data', input }], load: { data: items(1) } })
    await said(host, `a/x ${state}`)
    await kill(host)
  }
  const system = await open({ store, restart, workers: [worker('a/x', { input })] })
  const { state: left, reason, restarts } = system.worker('a/x').status()
  assert.equal([left, reason, restarts], ['blacklisted', 'failed 3 times, last: start-error', 2])
})

test('a worker whose wait for its restart began under a host that was killed tells what is left of it', async () => {
  const store = join(temporaryFolder(), 'test.db')
  const restart = { backoff: { immediate: 0, initialMs: 60_000, maxMs: 60_000 } }
  const input = { setup: 'throw' } as const
  const host = drive({ store, restart, workers: [{ id: 'a/x', dataset: 'data', input }], load: { data: items(1) } })
  await said(host, 'a/x backoff')
  await kill(host)
  const system = await open({ store, restart, workers: [worker('a/x', { input })] })
  const scheduled = event(system, 'worker:restart:scheduled')
  await system.start()
  const { delayMs } = await scheduled
  assert.ok(delayMs > 0 && delayMs < 60_000, `${delayMs} ms are left`)
})

test('workers paused by hand are paused again under the next host, which says so, whether theirs was killed or closed', async () => {
  const folder = temporaryFolder()
  const orders = (name: string) => ({ store: join(folder, `${name}.db`), load: { data: items(20) } })
  for (const end of ['killed', 'closed'] as const) {
    const { store, load } = orders(end)
    const host = drive({ store, load, workers: [{ id: 'a/x', dataset: 'data', input: { everyMs: 50 } }], heartbeat: quick })
    await said(host, 'a/x running')
    host.send('pause')
    await said(host, 'told to pause')
    if (end === 'closed') {
      host.send('close')
      await said(host, 'closed')
    }
    await kill(host)
    const system = await open({ store, workers: [worker('a/x')] })
    await system.start()
    const { reason } = await event(system, 'worker:state:changed', ({ to }) => to === 'paused')
    assert.is(reason, 'paused by hand under an earlier host: resume it to go on', end)
    assert.is((await system.resume())[0]?.ok, true)
    assert.is((await system.done()).results, 20)
    assert.is(system.worker('a/x').status().state, 'completed')
  }
})

test.run()
