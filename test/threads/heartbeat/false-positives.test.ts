import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { seededRandom } from '../../../src/testing/seeded-random.js'
import { patience } from '../../../src/threads/heartbeat/hang-verdict.js'
import { keepToOneCore, runUnderLoad } from '../../support/false-positives.js'
import { temporaryFolder } from '../../support/system.js'

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))
/** Of those that hang. */
const timeoutMs = 1_000
/** Of the healthy ones, whose tasks need a second of a core: on the clock several times this. */
const healthyTimeoutMs = 3_000

test('on a machine with ten times too much to do no healthy worker is killed, and those that hang are found', async () => {
  keepToOneCore()
  const seen = await runUnderLoad({
    folder: temporaryFolder(),
    forMs: 10_000,
    heartbeat: { everyMs: 500, timeoutMs: healthyTimeoutMs },
    hangTimeoutMs: timeoutMs,
    oversubscribed: 10,
    workers: 2,
    taskMs: { shortest: 800, longest: 1_000 },
    withHangs: true,
    random: seededRandom(seed),
  })
  console.log(`  seed ${seed}, ${JSON.stringify(seen)}`)
  assert.equal(seen.kills, [])
  assert.ok(seen.longestSilenceMs > healthyTimeoutMs, 'the load is too light to show anything')
  const { spins = Number.NaN, sleeps = Number.NaN } = seen.hangFoundMs
  // A scan that comes late counts for less than what passed, hence the room.
  assert.ok(sleeps >= timeoutMs && sleeps < 12_000, `the one that sleeps was found after ${sleeps} ms`)
  assert.ok(spins >= timeoutMs && spins < timeoutMs * patience * 3, `the one that spins was found after ${spins} ms`)
})

test.run()
