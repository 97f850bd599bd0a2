import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createActor } from 'xstate'
import { BeatMemory } from '../../../src/threads/heartbeat/beats.js'
import { monitor } from '../../../src/threads/heartbeat/monitor.js'

/** A monitor that scans every 1 ms of real time and believes the clock it is given. Answers at which scan it told of a stuck worker. */
function stuckAtScan(clock: (scan: number) => number, timeoutMs: number, scans: number): Promise<number | null> {
  return new Promise((resolve) => {
    let calls = 0
    const end = (scan: number | null): void => {
      actor.stop()
      resolve(scan)
    }
    const now = (): number => {
      if (calls > scans) queueMicrotask(() => end(null))
      return clock(calls++)
    }
    const actor = createActor(monitor, { input: { everyMs: 1, now, silence: new Map() } })
    actor.start()
    const ref = { send: () => end(calls - 1) }
    const limits = { everyMs: 2, timeoutMs, progressTimeoutMs: 1e9 }
    actor.send({ type: 'WATCH', worker: 'a', cell: new BeatMemory().take(), limits, ref })
  })
}

const keepAlive = setInterval(() => {}, 1_000)
test.after(() => clearInterval(keepAlive))

test('a thread that never beats is stuck after its timeout in scans that came on time', async () => {
  const scan = await stuckAtScan((n) => n, 20, 1_000)
  assert.ok(scan !== null && scan >= 20 && scan <= 23, `${scan}`)
})

test('a host that slept for an hour finds no worker stuck because of this', async () => {
  const scan = await stuckAtScan((n) => (n < 5 ? n : n + 3_600_000), 20, 1_000)
  assert.ok(scan !== null && scan >= 19 && scan <= 23, `the hour counted: stuck at scan ${scan}`)
})

test('a clock that goes backwards makes no worker stuck sooner, and hides no stuck one', async () => {
  const scan = await stuckAtScan((n) => (n < 5 ? n : n - 3_600_000), 20, 1_000)
  assert.ok(scan !== null && scan >= 19 && scan <= 25, `${scan}`)
})

test.run()
