/**
 * The chaos soak: `npm run soak -- --minutes 10 --workers 12 --seed 1`. What is done to whom comes from the seed, so that the same seed does
 * the same again; what it meets does not, for threads and processes keep their own time.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { describeViolations, summary } from '../test/soak/report.js'
import { soak } from '../test/soak/soak.js'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    workers: { type: 'string', default: '12' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    /** Keeps store and notes also of a run without violations. */
    keep: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  },
})
const options = { minutes: Number(values.minutes), workers: Number(values.workers), seed: Number(values.seed) }
for (const [name, value] of Object.entries(options)) {
  if (!(value > 0)) throw new TypeError(`--${name} must be a number above 0, got ${values[name as keyof typeof options]}`)
}
const folder = mkdtempSync(join(tmpdir(), 'drover-soak-'))
console.log(`seed ${options.seed}, ${options.workers} workers, ${options.minutes} minutes`)
const began = performance.now()
const report = await soak({ ...options, folder, log: (line) => values.verbose && console.log(`${elapsed()} ${line}`) })
if (report.violations.length > 0) {
  console.log(describeViolations(report, options.seed))
  process.exitCode = 1
}
if (values.keep || report.violations.length > 0) {
  console.log(`store and notes are kept in ${folder}`)
} else {
  rmSync(folder, { recursive: true, force: true })
}
console.log(`seed ${options.seed}, ${elapsed()}: ${summary(report)}`)

function elapsed(): string {
  return `${Math.round((performance.now() - began) / 1_000)} s`
}
