// @ts-check
/**
 * Tasks a second of a pool against bare piscina, in turns. `npm run bench:pools -- [--rounds 5] [--tasks 20000]`
 *
 * Both have two threads. Piscina is measured with its defaults, and with the settings that drover gives it.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createDrover } from 'drover'
import { machine, spread, table } from '../support/figures.js'

const { Piscina } = /** @type {typeof import('piscina')} */ (createRequire(import.meta.url)('piscina'))
const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' }, tasks: { type: 'string', default: '20000' } } })
const rounds = Number(values.rounds)
const module = new URL('./work.js', import.meta.url)
const size = { min: 2, max: 2 }
const threads = { filename: module.href, minThreads: 2, maxThreads: 2 }
const shapes = [
  { title: 'answers at once, 64 in flight', inFlight: 64, name: 'echo', share: 1, value: { text: 'where is my order?' } },
  { title: 'answers at once, one by one', inFlight: 1, name: 'echo', share: 0.2, value: { text: 'where is my order?' } },
  { title: 'computes 1 ms, 64 in flight', inFlight: 64, name: 'compute', share: 0.05, value: 1 },
]

const folder = mkdtempSync(join(tmpdir(), 'drover-bench-'))
const drover = await createDrover({ store: join(folder, 'bench.db'), workers: [], log: { console: false, dir: false } })
const bare = new Piscina(threads)
const tuned = new Piscina({ ...threads, atomics: 'disabled', recordTiming: false })
const [plain, timed] = [
  drover.pool({ id: 'plain', module, name: 'echo', size }),
  drover.pool({ id: 'timed', module, name: 'echo', size, deadlineMs: 60_000 }),
]

/** @typedef {(value: unknown, options: { name: string }) => Promise<unknown>} Run */
/** @type {[string, Run][]} */
const contenders = [
  ['piscina, defaults', (value, options) => bare.run(value, options)],
  ["piscina, atomics: 'disabled', no timing", (value, options) => tuned.run(value, options)],
  ['drover.pool', (value, options) => plain.run(value, options)],
  ['drover.pool, a deadline each', (value, options) => timed.run(value, options)],
]

console.log(`${machine()}\n`)
const rows = []
for (const { title, inFlight, name, share, value } of shapes) {
  /** @type {number[][]} */
  const rates = contenders.map(() => [])
  const tasks = Math.ceil(Number(values.tasks) * share)
  for (const [, run] of contenders) await measure(run, name, value, Math.ceil(tasks / 4), inFlight)
  for (let round = 0; round < rounds; round++) {
    for (const [place, [, run]] of contenders.entries()) rates[place]?.push(await measure(run, name, value, tasks, inFlight))
  }
  for (const [place, [who]] of contenders.entries()) {
    const own = rates[place] ?? []
    const ratios = own.map((rate, round) => rate / (rates[0]?.[round] ?? Number.NaN))
    rows.push([title, who, spread(ratios, 2), spread(own)])
  }
}
console.log(table(['task', 'contender', 'x piscina', 'tasks/s'], rows))
await Promise.all([bare.destroy(), tuned.destroy(), drover.close()])
rmSync(folder, { recursive: true })

/**
 * @param {Run} run
 * @param {string} name
 * @param {unknown} value
 * @param {number} tasks
 * @param {number} inFlight
 */
async function measure(run, name, value, tasks, inFlight) {
  let left = tasks
  const from = performance.now()
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (left-- > 0) await run(value, { name })
    }),
  )
  return (tasks / (performance.now() - from)) * 1_000
}
