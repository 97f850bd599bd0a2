import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Failure, SystemStatus } from '../../../src/index.js'
import { closeWhenDone, drive, endHosts, stopBetweenTransactions } from '../../support/driven-hosts.js'
import { hangMs } from '../../support/hang.js'
import { said } from '../../support/kill-rounds.js'
import { cleanUp, collect, items, open, quick, temporaryFolder, worker } from '../../support/system.js'

test.after.each(endHosts)
test.after.each(cleanUp)

for (const end of ['by itself', 'by process.exit'] as const) {
  test(`a thread blocked in a native call costs one slot and nothing else: close comes back, and the process ends ${end}`, async () => {
    const folder = temporaryFolder()
    const pipe = join(folder, 'pipe')
    execFileSync('mkfifo', [pipe])
    const host = drive({
      store: join(folder, 'test.db'),
      workers: [
        { id: 'bad/x', dataset: 'data' },
        { id: 'good/x', dataset: 'calm', input: { everyMs: 50 } },
      ],
      load: { data: items(1, () => ({ do: 'native', pipe })), calm: items(2_000) },
      concurrency: 2,
      killMs: 300,
      heartbeat: { everyMs: 100, timeoutMs: 1_000 },
    })
    const { failure } = await said<{ at: string; failure: Failure }>(host, 'failure')
    assert.is(failure.kind, 'unkillable')
    host.send('status')
    const before = (await said<{ at: string; status: SystemStatus }>(host, 'status')).status
    assert.is(before.slots.used, 2)
    assert.is(before.workers[0]?.state, 'blacklisted')
    assert.is(before.workers[1]?.state, 'running')
    // The other one goes on.
    for (let { done } = before; done <= before.done; ) {
      host.send('status')
      ;({ done } = (await said<{ at: string; status: SystemStatus }>(host, 'status')).status)
    }
    const exited = once(host, 'exit')
    host.send('close')
    await said(host, 'closed')
    host.send(end === 'by process.exit' ? 'exit' : 'end')
    const late = sleep(hangMs, ['late'], { ref: false })
    assert.equal(await Promise.race([exited, late]), [null, 'SIGKILL'])
  })
}

test('a host that was suspended for longer than all its timeouts kills no worker when it continues, nor is any worker taken from it', async () => {
  const folder = temporaryFolder()
  const stopMs = Number(process.env.STOP_MS ?? 10_000)
  const starts = join(folder, 'starts.jsonl')
  const store = join(folder, 'test.db')
  const heartbeat = { everyMs: 200, timeoutMs: 2_000, progressTimeoutMs: 2_000, startTimeoutMs: 8_000 }
  const orders = {
    store,
    heartbeat,
    killMs: 1_000,
    concurrency: 2,
    workers: [
      { id: 'a/x', dataset: 'data', input: { starts, everyMs: 30 } },
      { id: 'b/x', dataset: 'data', input: { starts, everyMs: 30 } },
    ],
  }
  const host = drive({ ...orders, load: { data: items(150) } })
  const failures: unknown[] = []
  host.on('message', (message: { at: string }) => message.at === 'failure' && failures.push(message))
  // While it starts, where the start timeout runs, ...
  await said(host, 'a/x starting')
  host.kill('SIGSTOP')
  await sleep(stopMs)
  host.kill('SIGCONT')
  await said(host, 'b/x running')
  // ... and while it works, with a second host at its store.
  await stopBetweenTransactions(store, Number(host.pid))
  const second = await open({ store, workers: orders.workers.map(({ id }) => worker(id)) })
  const outcomes = await second.start()
  assert.equal(
    outcomes.map(({ message }) => message.split(':', 2).join(':')),
    ['waits: held by another host', 'waits: held by another host'],
  )
  await sleep(stopMs)
  assert.equal(
    second.status().workers.map(({ state }) => state),
    ['queued', 'queued'],
  )
  await second.close()
  const exited = once(host, 'exit')
  closeWhenDone(host)
  host.kill('SIGCONT')
  await exited
  assert.equal(failures, [])
  const third = await open({ store, workers: orders.workers.map(({ id }) => worker(id)) })
  const results = await collect(third.results())
  assert.is(results.length, 300)
  assert.ok(results.every(({ attempt }) => attempt === 1))
  assert.is(readFileSync(starts, 'utf8').trimEnd().split('\n').length, 300, 'no task was started twice')
})

for (const [setup, kind] of [
  ['exit', 'exit'],
  ['throw in a timer', 'uncaught-error'],
] as const) {
  test(`a thread that does "${setup}" before it is ready is one failure, not two`, async () => {
    const system = await open({ workers: [worker('a/x', { input: { setup } })], restart: { maxRestarts: 0 } })
    await system.load('data', items(1))
    const crashed: string[] = []
    system.on('worker:state:changed', ({ to }) => to === 'crashed' && crashed.push(to))
    await system.start()
    assert.equal((await system.done()).blacklisted, ['a/x'])
    const failures = await system.failures()
    assert.equal(
      failures.map(({ failure }) => [failure.kind, failure.uptimeMs]),
      [[kind, null]],
    )
    assert.is(crashed.length, 1)
  })
}

for (const [file, kind] of [
  ['exits.worker.mjs', 'exit'],
  ['throws.worker.mjs', 'start-error'],
  ['never-loads.worker.mjs', 'start-timeout'],
] as const) {
  test(`a worker whose module (${file}) does not load fails once as ${kind}`, async () => {
    const module = new URL(`../../fixtures/${file}`, import.meta.url)
    const system = await open({
      workers: [{ id: 'a/x', module, dataset: 'data' }],
      heartbeat: { ...quick, startTimeoutMs: kind === 'start-timeout' ? 1_000 : hangMs },
      restart: { maxRestarts: 0 },
    })
    await system.load('data', items(1))
    await system.start()
    assert.equal((await system.done()).blacklisted, ['a/x'])
    assert.equal(
      (await system.failures()).map(({ failure }) => failure.kind),
      [kind],
    )
  })
}

test.run()
