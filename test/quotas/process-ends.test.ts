import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import { machineMs } from '../../src/time/machine-clock.js'
import type { QuotaHostOrders } from '../fixtures/quota-host.js'
import { inFolder } from '../store/support/folders.js'
import { callFor, endQuotaHosts, judge, notesIn, type QuotaHost, startHosts } from '../support/quota-processes.js'

const minute = 60_000

/** With two threads each. */
const hosts = (folder: string, processes: number, limit: number, burst: number, round = 1): QuotaHostOrders[] =>
  Array.from({ length: processes }, (_, process) => ({
    quota: { store: `${folder}/quota.db`, name: 'key', requests: { limit, per: 'minute' }, burst },
    threads: 2,
    folder: `${folder}/notes`,
    weigh: null,
    name: `process-${process}-${round}`,
  }))

test.after.each(endQuotaHosts)

test('a process that is killed takes nothing with it but what it was granted, and its places in line are given up', () =>
  inFolder(async (folder) => {
    const started = await startHosts(hosts(folder, 3, 600, 5))
    const killOne = async ([first]: readonly QuotaHost[], untilMs: number): Promise<QuotaHost[]> => {
      await sleep(untilMs - 5_000 - machineMs())
      await (first as QuotaHost).kill()
      return [first as QuotaHost]
    }
    const { span, worstLagMs } = await callFor(started, 10_000, killOne)
    judge({ together: [{ limit: 600, per: minute, burst: 5 }], notes: notesIn(`${folder}/notes`), spans: [span], worstLagMs })
  }))

test('when all processes have ended and others are started, what was used is still used', () =>
  inFolder(async (folder) => {
    // Loaded before the others end, so that a bucket which takes three seconds to fill is still nearly empty.
    const first = await startHosts(hosts(folder, 2, 3_000, 150))
    const second = await startHosts(hosts(folder, 2, 3_000, 150, 2))
    const before = await callFor(first, 4_000)
    const after = await callFor(second, 4_000)
    const notes = notesIn(`${folder}/notes`)
    const again = notes.find(({ at }) => at > before.span.until)?.at ?? 0
    judge({
      together: [{ limit: 3_000, per: minute, burst: 150 }],
      notes,
      spans: [before.span, { from: again, until: after.span.until }],
      worstLagMs: Math.max(before.worstLagMs, after.worstLagMs),
    })
  }))

test.run()
