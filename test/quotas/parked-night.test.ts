/** A day's quota is spent at ten in the morning: nobody keeps a thread overnight, and at midnight all go on by themselves. */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { SystemStatus } from '../../src/index.js'
import { drive, endHosts } from '../support/driven-hosts.js'
import { clockOf, faketime, setClock } from '../support/faketime.js'
import { hangMs } from '../support/hang.js'
import { said } from '../support/kill-rounds.js'
import { cleanUp, items, temporaryFolder } from '../support/system.js'

test.after.each(endHosts)
test.after.each(cleanUp)

const timeZone = 'America/Los_Angeles'
const domains = ['a', 'b', 'c', 'd', 'e', 'f']
const perDay = 30

async function look(host: ChildProcess): Promise<SystemStatus> {
  host.send('status')
  return (await said<{ at: string; status: SystemStatus }>(host, 'status')).status
}

async function lookUntil(host: ChildProcess, what: string, condition: (status: SystemStatus) => boolean): Promise<SystemStatus> {
  for (const deadline = performance.now() + hangMs; ; await sleep(100)) {
    const status = await look(host)
    if (condition(status)) return status
    if (performance.now() > deadline)
      throw new Error(`not within ${hangMs} ms: ${what}; ${JSON.stringify(status.states)}, ${status.done} done`)
  }
}

const allParked = ({ states, slots }: SystemStatus): boolean => states.parked === domains.length && slots.used === 0

const run = faketime ? test : test.skip
run('the quota of the day is spent at ten: no thread is left, and all go on after midnight, also in another host', async () => {
  const folder = temporaryFolder()
  const clock = join(folder, 'clock')
  // The night on which the clocks go forward: 13 hours from ten to midnight all the same, and the day after has 23.
  const setTo = (local: string): void => setClock(clock, Date.parse(local) - Date.now())
  setTo('2026-03-07T10:00:00-08:00')
  const start = (load?: Record<string, object[]>): ChildProcess =>
    drive(
      {
        store: join(folder, 'test.db'),
        heartbeat: { everyMs: 500, timeoutMs: 10_000, progressTimeoutMs: 20_000 },
        quotas: {
          key: {
            requests: [
              { limit: 600, per: 'minute' },
              { limit: perDay, per: 'day', timeZone },
            ],
          },
        },
        workers: domains.map((domain) => ({ id: `annotator-1/${domain}`, dataset: 'data', quota: 'key' })),
        ...(load && { load }),
      },
      clockOf(clock),
    )
  const first = start({ data: items(90) })
  // A grant that came later than it is good for goes back: those who parked meanwhile look again, and take it.
  const parked = await lookUntil(first, 'all are parked', (status) => allParked(status) && status.done >= perDay)
  assert.is(parked.done, perDay)
  const midnight = Date.parse('2026-03-08T00:00:00-08:00')
  for (const { until, threadId, reason } of parked.workers) {
    assert.ok(Math.abs((until ?? 0) - midnight) < 60_000, `parked until ${new Date(until ?? 0).toISOString()}`)
    assert.is(threadId, null)
    assert.match(reason, /^requests\/day America\/Los_Angeles of quota key is spent until 2026-03-08T0[78]:/)
  }
  const exited = once(first, 'exit')
  first.send('exit')
  await exited

  setTo('2026-03-07T23:59:15-08:00')
  const second = start()
  await said(second, 'started')
  const late = await lookUntil(second, 'all are parked again', allParked)
  assert.is(late.done, perDay)
  // Longer than a parked worker needs to look at the clock: it is not midnight yet.
  await sleep(6_000)
  assert.ok(allParked(await look(second)), 'somebody woke before midnight')

  setTo('2026-03-08T00:00:01-08:00')
  const next = await lookUntil(second, 'the next day is spent too', (status) => allParked(status) && status.done >= 2 * perDay)
  assert.is(next.done, 2 * perDay)
  for (const { until } of next.workers) {
    assert.ok(
      Math.abs((until ?? 0) - Date.parse('2026-03-09T00:00:00-07:00')) < 60_000,
      'the day after the clocks went forward has 23 hours',
    )
  }
})

test.run()
