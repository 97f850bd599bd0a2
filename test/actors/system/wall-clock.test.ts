/** The wall clock is set while a host runs, by libfaketime: the machine's own is not touched. Monotonic clocks stay as they are. */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Failure, SystemStatus } from '../../../src/index.js'
import { drive, endHosts } from '../../support/driven-hosts.js'
import { clockOf, faketime, setClock } from '../../support/faketime.js'
import { said } from '../../support/kill-rounds.js'
import { cleanUp, collect, items, open, state, temporaryFolder, worker } from '../../support/system.js'

test.after.each(endHosts)
test.after.each(cleanUp)

const hour = 3_600_000

interface Seen {
  at: string
  status: SystemStatus
  wall: number
}

async function look(host: ChildProcess): Promise<Seen> {
  host.send('status')
  return said<Seen>(host, 'status')
}

for (const [name, offset] of [
  ['back', -hour],
  ['forward', hour],
] as const) {
  const run = faketime ? test : test.skip
  run(`a clock that is set ${name} by an hour ends nobody, and makes no wait an hour longer or shorter`, async () => {
    const folder = temporaryFolder()
    const clock = join(folder, 'clock')
    const store = join(folder, 'test.db')
    setClock(clock, 0)
    const host = drive(
      {
        store,
        concurrency: 3,
        heartbeat: { everyMs: 500, timeoutMs: 4_000, progressTimeoutMs: 20_000 },
        tasks: { backoff: { initialMs: 12_000, maxMs: 12_000, jitter: 0 } },
        restart: { backoff: { immediate: 0, initialMs: 12_000, maxMs: 12_000 } },
        quotas: { calls: { requests: { limit: 10, per: 12_000 } } },
        workers: [
          { id: 'retries/x', dataset: 'fails' },
          { id: 'crashes/x', dataset: 'crashes' },
          { id: 'paced/x', dataset: 'paced', quota: 'calls' },
        ],
        load: {
          fails: items(5, () => ({ do: 'throw', times: 1 })),
          crashes: items(1, () => ({ do: 'exit', times: 1 })),
          paced: items(20),
        },
      },
      clockOf(clock),
    )
    const failures: Failure[] = []
    host.on('message', (message: { at: string; failure: Failure }) => message.at === 'failure' && failures.push(message.failure))
    const done = said(host, 'done')
    await said(host, 'crashes/x backoff')
    // All three wait now: for another attempt, for a restart, for the quota.
    for (let all = false; !all; ) {
      const { workers } = (await look(host)).status
      all = workers[0]?.progress?.retrying === 5 && (workers[2]?.progress?.done ?? 0) >= 5
    }
    const before = await look(host)
    setClock(clock, offset)
    const after = await look(host)
    assert.ok(Math.abs(after.wall - before.wall - offset) < 60_000, `the clock was not set: ${after.wall - before.wall}`)
    const early = await look(host)
    assert.is(early.status.workers[0]?.progress?.done, 0, 'the next attempt came too early')
    // On a busy machine a grant may be used too late, and counts then.
    assert.ok((early.status.workers[2]?.progress?.done ?? 0) <= 10, 'the quota was forgotten')
    await done
    assert.equal(
      failures.map(({ kind }) => kind),
      ['exit'],
    )
    host.send('close')
    await said(host, 'closed')
    const exited = once(host, 'exit')
    host.send('end')
    await exited
    const system = await open({ store, workers: [worker('retries/x', { dataset: 'fails' })] })
    assert.is((await collect(system.results())).length, 26)
  })
}

for (const offset of [-3 * hour, 3 * hour]) {
  test(`after the clock was set by ${offset / hour} hours, a wait is as long as before, and status, store and the next host tell its end by the clock`, async () => {
    const store = join(temporaryFolder(), 'test.db')
    const options = { store, workers: [worker('a/x')], restart: { maxRestarts: 0, parole: { afterMs: 24 * hour } } }
    const real = Date.now
    try {
      const first = await open(options)
      await first.load(
        'data',
        items(1, () => ({ do: 'exit' })),
      )
      await first.start()
      await state(first, 'a/x', 'blacklisted')
      const before = first.worker('a/x').status().until as number
      Date.now = () => real() + offset
      const after = first.worker('a/x').status().until as number
      const moved = (until: number): boolean => Math.abs(until - before - offset) < 10_000
      assert.ok(moved(after), `${before}, ${after}`)
      await first.failures()
      const database = new Database(store, { readonly: true })
      const { memory } = database.prepare('SELECT memory FROM worker').get() as { memory: string }
      database.close()
      assert.ok(moved((JSON.parse(memory) as { until: number }).until), memory)
      await first.close()
      const second = await open(options)
      const again = second.worker('a/x').status()
      assert.equal([again.state, moved(again.until as number)], ['blacklisted', true])
    } finally {
      Date.now = real
    }
  })
}

test.run()
