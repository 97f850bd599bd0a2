// @ts-check
/** How many grants a second, how soon, and how exactly. `npm run bench:quotas -- [uncontended] [contended] [processes] [--rounds 3] [--seconds 2]` */
import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { inChild } from '../support/child.js'
import { machine, median, number, spread, table } from '../support/figures.js'
import { ofOneThread, titles } from './contenders.js'

/** @typedef {import('./contenders.js').Contender} Contender */
/** @typedef {import('./host.js').QuotaFigures} QuotaFigures */

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '2' },
  },
})
const rounds = Number(values.rounds)
const seconds = Number(values.seconds)
const known = ['uncontended', 'contended', 'processes']
const unknown = positionals.filter((part) => !known.includes(part))
if (unknown.length > 0) throw new Error(`there is no ${unknown.join(', ')}; there is ${known.join(', ')}`)
const parts = positionals.length > 0 ? positionals : known
const contenders = /** @type {Contender[]} */ (Object.keys(titles))
const far = 100_000_000

/** @returns {Promise<QuotaFigures>} */
const measure = (/** @type {Partial<import('./host.js').QuotaRun>} */ run) =>
  inChild(new URL('./host.js', import.meta.url), { threads: 1, depth: 64, limit: far, seconds, warmSeconds: 1, ...run })

/**
 * All take turns, round by round.
 *
 * @param {Contender[]} those
 * @param {Partial<import('./host.js').QuotaRun>} run
 * @returns {Promise<Map<Contender, QuotaFigures[]>>}
 */
async function takeTurns(those, run) {
  const runs = new Map(those.map((contender) => [contender, /** @type {QuotaFigures[]} */ ([])]))
  for (let round = 1; round <= rounds; round++) {
    for (const contender of those) {
      const figures = await measure({ contender, ...run })
      runs.get(contender)?.push(figures)
      console.error(`round ${round}  ${titles[contender].padEnd(32)} ${number(figures.perSecond)}/s  ${JSON.stringify(run)}`)
    }
  }
  return runs
}

const shared = contenders.filter((contender) => !ofOneThread.includes(contender))
const of = (/** @type {QuotaFigures[] | undefined} */ runs, /** @type {keyof QuotaFigures} */ what) => (runs ?? []).map((run) => run[what])
/** `perSecond` against that of rate-limiter-flexible on SQLite in the same round. */
const times = (/** @type {QuotaFigures[] | undefined} */ runs, /** @type {QuotaFigures[] | undefined} */ base) =>
  runs ? number(median(of(runs, 'perSecond').map((rate, round) => rate / (of(base, 'perSecond')[round] ?? Number.NaN))), 1) : '-'

async function uncontended() {
  const byThreads = [
    await takeTurns(contenders, { threads: 1 }),
    await takeTurns(shared, { threads: 2 }),
    await takeTurns(shared, { threads: 4 }),
  ]
  const alone = await takeTurns(contenders, { depth: 1 })
  console.log(
    `Grants a second where no limit binds, 64 asked for at once in each thread, median of ${rounds} rounds of ${seconds} s; x: times that of\n`,
  )
  console.log('rate-limiter-flexible on SQLite; and ms for one grant when one is asked for after the other.\n')
  const head = ['', ...[1, 2, 4].flatMap((threads) => [`${threads} thread${threads > 1 ? 's' : ''}`, 'x']), 'one: p50, ms', 'p99, ms']
  const rows = contenders.map((contender) => [
    titles[contender],
    ...byThreads.flatMap((runs) => {
      const own = runs.get(contender)
      return own ? [spread(of(own, 'perSecond')), times(own, runs.get('rlf-sqlite'))] : ['-', '-']
    }),
    spread(of(alone.get(contender), 'p50'), 3),
    spread(of(alone.get(contender), 'p99'), 3),
  ])
  console.log(`${table(head, rows)}\n`)
}

const bound = { limit: 1_000, warmSeconds: 0, seconds: 4.9, depth: 64 }

/** Of five windows' worth, which is what a perfect client gets in 4.9 s. */
const achieved = (/** @type {QuotaFigures[] | undefined} */ runs) =>
  runs
    ? spread(
        of(runs, 'perSecond').map((rate) => (rate * bound.seconds) / (bound.limit * 5)),
        3,
      )
    : '-'
const most = (/** @type {QuotaFigures[] | undefined} */ runs) => (runs ? spread(of(runs, 'most'), 3) : '-')

async function contended() {
  const byThreads = [
    await takeTurns(contenders, { ...bound, threads: 1 }),
    await takeTurns(shared, { ...bound, threads: 2 }),
    await takeTurns(shared, { ...bound, threads: 4 }),
  ]
  console.log('Where 1,000 a second bind: granted, of what a perfect client gets, and the most in any one second, of the limit\n')
  const head = ['', ...[1, 2, 4].flatMap((threads) => [`${threads} thread${threads > 1 ? 's' : ''}`, 'most in 1 s'])]
  const rows = contenders.map((contender) => [
    titles[contender],
    ...byThreads.flatMap((runs) => [achieved(runs.get(contender)), most(runs.get(contender))]),
  ])
  console.log(`${table(head, rows)}\n`)
}

async function processes() {
  const free = await takeTurns(shared, { threads: 2, processes: 2 })
  const tight = await takeTurns(shared, { ...bound, threads: 2, processes: 2 })
  console.log('Two processes with two threads each on one file\n')
  const head = ['', 'grants/s, no limit binds', 'x', '1,000/s bind: granted', 'most in 1 s']
  const rows = shared.map((contender) => {
    const own = free.get(contender)
    return [
      titles[contender],
      spread(of(own, 'perSecond')),
      times(own, free.get('rlf-sqlite')),
      achieved(tight.get(contender)),
      most(tight.get(contender)),
    ]
  })
  console.log(`${table(head, rows)}\n`)
}

console.log(`${machine()}\n`)
if (parts.includes('uncontended')) await uncontended()
if (parts.includes('contended')) await contended()
if (parts.includes('processes')) await processes()
console.log(`load afterwards: ${loadavg()[0]?.toFixed(1)}`)
