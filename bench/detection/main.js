// @ts-check
/**
 * How soon each kind of fault is noticed, and how soon work goes on: drover against PM2, BullMQ, piscina and poolifier.
 * `npm run bench:detection -- [--rounds 10] [--patience 120] [--at-once 1] [--only '^(drover|PM2).*: (exit|loop)$']`; patience
 * is in seconds; `--at-once` is faster and noisier; what takes part is chosen by a regular expression.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { machine } from '../support/figures.js'
import { startRedis } from '../tasks/redis.js'
import { contenders } from './contenders.js'
import { installPeers } from './peers.js'
import { runRound } from './round.js'
import { printTables } from './tables.js'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '10' },
    patience: { type: 'string', default: '120' },
    'at-once': { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
  },
})
/** In a round: enough for whoever is to notice within a second, on a busy machine too. */
const roundLimitMs = 20_000
/** Who says nothing in the first round gets one more chance, all of these at the same time. */
const patienceMs = Number(values.patience) * 1_000
const patientAtOnce = 32
const only = new RegExp(values.only)

console.log(`${machine()}\n`)
const folder = mkdtempSync(join(tmpdir(), 'drover-bench-'))
const redis = await startRedis(folder, 'everysec')
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))
process.once('exit', () => void redis.stop())
try {
  const peers = join(folder, 'peers')
  const there = installPeers(peers)
  const cells = contenders
    .filter(({ needs }) => !needs || there.has(needs))
    .flatMap((contender) =>
      contender.faults.filter((fault) => only.test(`${contender.name}: ${fault}`)).map((fault) => ({ contender, fault })),
    )
    .map((cell) => ({ ...cell, outcomes: /** @type {import('./round.js').Outcome[]} */ ([]), waitedMs: 0 }))

  const run = async (/** @type {typeof cells[number]} */ cell, /** @type {number} */ limitMs) => {
    const outcome = await runRound(cell.contender, cell.fault, { limitMs, peers, redisPort: redis.connection.port }).catch((error) => {
      console.error(`${cell.contender.name}, ${cell.fault}: left out of this round: ${error.message}`)
      return null
    })
    if (!outcome) return
    cell.outcomes.push(outcome)
    cell.waitedMs = limitMs
    const { verdictMs, againMs, job, says } = outcome
    const time = (/** @type {number | null} */ ms) => (ms === null ? 'never' : ms.toFixed(1)).padStart(9)
    const words = says.join(' | ').replaceAll('\n', ' ').slice(0, 150)
    console.error(
      `${cell.contender.name.padEnd(28)} ${cell.fault.padEnd(7)} ${time(verdictMs)} ${time(againMs)}  ${job.padEnd(8)} ${words}`,
    )
  }
  const silent = (/** @type {typeof cells[number]} */ { contender, outcomes }) =>
    contender.slowMs ||
    outcomes.some(({ verdictMs, againMs, hostDied }) => (verdictMs === null || againMs === null) && (!hostDied || contender.durable))

  for (let round = 1; round <= Number(values.rounds); round++) {
    console.error(`round ${round}`)
    await eachOf(cells, Number(values['at-once']), async (cell) => {
      if (!silent(cell)) await run(cell, roundLimitMs)
    })
  }
  const patient = cells
    .filter((cell) => cell.outcomes.length === 0 || silent(cell))
    .sort((one, other) => (other.contender.slowMs ?? 0) - (one.contender.slowMs ?? 0))
  for (const cell of patient) cell.outcomes = []
  await eachOf(patient, patientAtOnce, (cell) => run(cell, cell.contender.slowMs ?? patienceMs))
  printTables(cells)
} finally {
  await redis.stop()
  rmSync(folder, { recursive: true, force: true })
}

/**
 * Some at a time, in order.
 *
 * @template T
 */
async function eachOf(/** @type {T[]} */ list, /** @type {number} */ atOnce, /** @type {(one: T) => Promise<void>} */ use) {
  const turns = list.values()
  const next = async () => {
    for (const one of turns) await use(one)
  }
  await Promise.all(Array.from({ length: atOnce }, next))
}
