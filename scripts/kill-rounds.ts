/**
 * The long version of "a host killed with -9 again and again": `npm run kill-rounds -- --rounds 200 --seed 1`.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { seededRandom } from '../src/testing/seeded-random.js'
import { killRounds } from '../test/support/kill-rounds.js'

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '200' }, seed: { type: 'string', default: String(Date.now() % 2 ** 31) } },
})
const folder = mkdtempSync(join(tmpdir(), 'drover-kills-'))
console.log(`seed ${values.seed}, ${values.rounds} rounds over 20,000 tasks on 4 lanes`)
const began = performance.now()
const report = await killRounds({
  folder,
  rounds: Number(values.rounds),
  items: 5_000,
  lanes: 4,
  everyMs: 20,
  withinMs: 250,
  random: seededRandom(Number(values.seed)),
})
rmSync(folder, { recursive: true, force: true })
console.log(
  `${JSON.stringify(report)} in ${Math.round((performance.now() - began) / 1_000)} s: one result per item and lane, none lost, none doubled`,
)
