// @ts-check
/**
 * How soon each kind of fault is noticed, and how soon work goes on: drover against PM2, BullMQ, piscina and poolifier.
 * `npm run bench:detection -- [--rounds 10] [--patience 150] [--only drover,PM2] [--faults exit,loop]`; patience is in seconds.
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
    patience: { type: 'string', default: '150' },
    only: { type: 'string', default: '' },
    faults: { type: 'string', default: '' },
  },
})
/** In a round: enough for whoever is to notice within a second, on a busy machine too. */
const roundLimitMs = 10_000
/** Who says nothing in the first round gets one more chance, all of these at the same time. */
const patienceMs = Number(values.patience) * 1_000
const patientAtOnce = 6
const wanted = (/** @type {string} */ list, /** @type {string} */ name) =>
  list === '' || list.split(',').some((part) => name.startsWith(part))

console.log(`${machine()}\n`)
const folder = mkdtempSync(join(tmpdir(), 'drover-bench-'))
const redis = await startRedis(folder, 'everysec')
try {
  const peers = join(folder, 'peers')
  const there = installPeers(peers)
  const cells = contenders
    .filter(({ name, needs }) => wanted(values.only, name) && (!needs || there.has(needs)))
    .flatMap((contender) => contender.faults.filter((fault) => wanted(values.faults, fault)).map((fault) => ({ contender, fault })))
    .map((cell) => ({ ...cell, outcomes: /** @type {import('./round.js').Outcome[]} */ ([]), waitedMs: 0 }))

  const run = async (/** @type {typeof cells[number]} */ cell, /** @type {number} */ limitMs) => {
    const outcome = await runRound(cell.contender, cell.fault, { limitMs, peers, redisPort: redis.connection.port })
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
    contender.slow ||
    outcomes.some(({ verdictMs, againMs, hostDied }) => (verdictMs === null || againMs === null) && (!hostDied || contender.durable))

  for (let round = 1; round <= Number(values.rounds); round++) {
    console.error(`round ${round}`)
    for (const cell of cells) if (!silent(cell)) await run(cell, roundLimitMs)
  }
  const patient = cells.filter(silent)
  for (const cell of patient) cell.outcomes = []
  const turns = patient.values()
  const next = async () => {
    for (const cell of turns) await run(cell, cell.contender.name.startsWith('drover') ? Math.max(patienceMs, 330_000) : patienceMs)
  }
  await Promise.all(Array.from({ length: patientAtOnce }, next))
  printTables(cells)
} finally {
  await redis.stop()
  rmSync(folder, { recursive: true, force: true })
}
