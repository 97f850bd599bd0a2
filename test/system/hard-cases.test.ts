import { type ChildProcess, execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Failure, SystemStatus } from '../../src/index.js'
import type { DrivenOrders } from '../fixtures/driven-host.js'
import { kill, said } from '../support/kill-rounds.js'
import { cleanUp, collect, items, open, temporaryFolder, worker } from '../support/system.js'

const hosts: ChildProcess[] = []
test.after.each(async () => {
  for (const host of hosts.splice(0)) {
    host.kill('SIGCONT')
    await kill(host)
  }
  await cleanUp()
})

function drive(orders: DrivenOrders): ChildProcess {
  const host = fork(fileURLToPath(new URL('../fixtures/driven-host.ts', import.meta.url)), [JSON.stringify(orders)], {
    stdio: ['ignore', 'inherit', 'ignore', 'ipc'],
  })
  hosts.push(host)
  return host
}

const small = { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 8 }

test('a task that makes V8 abort the whole process again and again is quarantined, and nothing else is lost, doubled or given up', async () => {
  const folder = temporaryFolder()
  const starts = join(folder, 'starts.jsonl')
  const store = join(folder, 'test.db')
  const lanes = [
    { id: 'bad/x', dataset: 'data', resourceLimits: small, input: { starts } },
    { id: 'good/x', dataset: 'calm', input: { starts, everyMs: 20 } },
  ]
  const load = { data: items(20, (i) => (i === 5 ? { do: 'burst' } : {})), calm: items(100) }
  const ends: (string | number | null)[] = []
  for (let round = 0; round < 15 && ends.at(-1) !== 0; round++) {
    const host = drive({ store, workers: lanes, load })
    host.on('message', ({ at }: { at: string }) => at === 'done' && host.send('close'))
    const [code, signal] = (await once(host, 'exit')) as [number | null, string | null]
    ends.push(signal ?? code)
  }
  assert.is(ends.pop(), 0, `the last host was to end in order: ${ends}`)
  assert.equal([...new Set(ends)], ['SIGABRT'], 'the process was to abort')
  assert.is(ends.length, 10)
  const system = await open({ store, workers: [worker('bad/x'), worker('good/x', { dataset: 'calm' })] })
  const dead = await collect(system.deadTasks())
  assert.equal(
    dead.map(({ key, kind, attempt }) => [key, kind, attempt]),
    [['item-5', 'poison', 10]],
  )
  const results = (await collect(system.results())).map(({ worker, key }) => `${worker} ${key}`)
  assert.is(results.length, 119)
  assert.is(new Set(results).size, 119)
  const numbers = readFileSync(starts, 'utf8').trimEnd().split('\n')
  assert.is(new Set(numbers).size, numbers.length, 'no attempt was made twice under one number')
})

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
    const { ms } = await said<{ at: string; ms: number }>(host, 'closed')
    assert.ok(ms < 10_000, `close took ${ms} ms`)
    if (end === 'by process.exit') host.send('exit', () => {})
    const late = sleep(20_000, ['late'], { ref: false })
    assert.equal(await Promise.race([exited, late]), [null, 'SIGKILL'])
  })
}

test('a host that was suspended for longer than all its timeouts kills nobody when it goes on, nor is anything taken from it', async () => {
  const folder = temporaryFolder()
  const stopMs = Number(process.env.STOP_MS ?? 8_000)
  const starts = join(folder, 'starts.jsonl')
  const store = join(folder, 'test.db')
  const heartbeat = { everyMs: 200, timeoutMs: 2_000, progressTimeoutMs: 2_000, startTimeoutMs: 2_000 }
  const orders = {
    store,
    heartbeat,
    killMs: 1_000,
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
  await sleep(stopMs / 2)
  host.kill('SIGCONT')
  await said(host, 'b/x running')
  // ... and while it works, with a second host at its store.
  host.kill('SIGSTOP')
  const second = await open({ store, workers: orders.workers.map(({ id }) => worker(id)) })
  const outcomes = await second.start()
  assert.equal(
    outcomes.map(({ ok }) => ok),
    [false, false],
  )
  await sleep(stopMs)
  await second.close()
  const done = said(host, 'done')
  host.kill('SIGCONT')
  await done
  assert.equal(failures, [])
  host.send('close')
  await once(host, 'exit')
  const third = await open({ store, workers: orders.workers.map(({ id }) => worker(id)) })
  const results = await collect(third.results())
  assert.is(results.length, 300)
  assert.ok(results.every(({ attempt }) => attempt === 1))
  assert.is(readFileSync(starts, 'utf8').trimEnd().split('\n').length, 300, 'no task was started twice')
})

test.run()
