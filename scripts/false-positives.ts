/**
 * Whether healthy workers are killed on a machine with ten times too much to do, with the default limits and with short ones:
 * `npm run false-positives -- --minutes 2 --seed 1`. Ends with code 1 if one was, or if one that hangs is not found.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { seededRandom } from '../src/testing/seeded-random.js'
import { runUnderLoad } from '../test/support/false-positives.js'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '2' },
    oversubscribed: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
  },
})
const short = { everyMs: 500, timeoutMs: 2_000 }
const rounds = [
  { name: 'default limits', heartbeat: {}, withHangs: false },
  { name: 'beats every 500 ms, timeoutMs: 2_000, and two workers that hang', heartbeat: short, withHangs: true },
]

console.log(`seed ${values.seed}, ${values.minutes} minutes each, ${values.oversubscribed} busy processes for each core`)
for (const { name, ...round } of rounds) {
  const folder = mkdtempSync(join(tmpdir(), 'drover-load-'))
  const seen = await runUnderLoad({
    folder,
    forMs: Number(values.minutes) * 60_000,
    oversubscribed: Number(values.oversubscribed),
    workers: 4,
    random: seededRandom(Number(values.seed)),
    ...round,
  })
  rmSync(folder, { recursive: true, force: true })
  console.log(`${name}: ${JSON.stringify(seen)}`)
  const { spins, sleeps } = seen.hangFoundMs
  if (seen.kills.length > 0 || (round.withHangs && (spins === undefined || sleeps === undefined))) process.exitCode = 1
}
