/**
 * Random control calls at any moment, with periods in which the store is locked and, where a small disk can be mounted, its disk is full:
 * `npm run random-control -- --seeds 20 --seed 1`. What is called comes from the seed; what it meets does not.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { randomControl } from '../test/support/random-control.js'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    steps: { type: 'string', default: '120' },
  },
})
const [seeds, first, steps] = [Number(values.seeds), Number(values.seed), Number(values.steps)]
for (const value of [seeds, first, steps]) if (!(value > 0)) throw new TypeError('--seeds, --seed and --steps are numbers above 0')
let failed = 0
for (let seed = first; seed < first + seeds; seed++) {
  const folder = mkdtempSync(join(tmpdir(), 'drover-control-'))
  const { wrong, said, filled } = await randomControl(seed, steps, join(folder, 'disk'))
  if (wrong.length > 0) failed++
  console.log(`seed ${seed}${filled ? '' : ' (no small disk can be mounted here)'}: ${said}`)
  for (const line of wrong) console.log(`  ${line}`)
  rmSync(folder, { recursive: true, force: true })
}
console.log(`${seeds} seeds, ${failed} of them with something wrong`)
process.exitCode = failed === 0 ? 0 : 1
