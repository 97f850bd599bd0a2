// @ts-check
/** drover against what it could be at best, against BullMQ, and against a bare message; all take turns, round by round. */
import { number, spread, table } from '../support/figures.js'
import { requireRedis } from './redis.js'
import { runBull, runDrover, runEcho, runOneThread } from './runs.js'

const bytes = 100
const batch = 256

/** BullMQ gets fewer tasks: it would take minutes, and does not get faster with more. */
const bullTasks = { everysec: 40_000, always: 20_000, threads: 4_000 }

export async function compare(/** @type {{ rounds: number, tasks: number }} */ { rounds, tasks }) {
  requireRedis()
  /** @type {{ name: string, run: () => Promise<import('./runs.js').Run> }[]} */
  const contenders = [
    { name: 'drover, 2 worker threads', run: () => runDrover({ tasks, workers: 2, bytes }) },
    { name: '(a) its engine in one thread', run: () => runOneThread({ tasks, bytes, by: 'engine', batch }) },
    { name: "(a') bare statements in one thread", run: () => runOneThread({ tasks, bytes, by: 'statements', batch }) },
    { name: '(b) BullMQ, everysec', run: () => bull(bullTasks.everysec, 'everysec', 1) },
    { name: '(b) BullMQ, everysec, 2 workers', run: () => bull(bullTasks.everysec, 'everysec', 2) },
    { name: '(b) BullMQ, always', run: () => bull(bullTasks.always, 'always', 1) },
    { name: '(b) BullMQ, 2 sandboxed threads', run: () => bullThreads(bullTasks.threads) },
    { name: '(c) echo, 64 in flight', run: () => runEcho({ tasks, batch: 1, depth: 64 }) },
    { name: '(c) echo, 256 a message', run: () => runEcho({ tasks: tasks * 5, batch, depth: 2 }) },
  ]
  /** @type {Map<string, import('./runs.js').Run[]>} */
  const runs = new Map(contenders.map(({ name }) => [name, []]))
  for (let round = 1; round <= rounds; round++) {
    for (const { name, run } of contenders) {
      const figures = await run()
      runs.get(name)?.push(figures)
      console.error(`round ${round}  ${name.padEnd(36)} ${number(figures.perSecond).padStart(9)}/s`)
    }
  }
  const rates = (/** @type {string} */ name) => (runs.get(name) ?? []).map(({ perSecond }) => perSecond)
  const drover = rates(contenders[0]?.name ?? '')
  const rows = [...runs].map(([name, each]) => {
    // Each round by itself: what slows the machine down slows down both.
    const ratios = drover.map((rate, round) => rate / (rates(name)[round] ?? Number.NaN))
    const cpu = each.flatMap(({ cpuMicros }) => cpuMicros ?? [])
    return [name, spread(ratios, 2), spread(rates(name)), cpu.length > 0 ? spread(cpu, 1) : '-']
  })
  console.log(`${tasks.toLocaleString('en-US')} tasks of ${bytes} bytes, median of ${rounds} rounds (lowest to highest)\n`)
  console.log(table(['', 'drover is x times that', 'tasks/s', 'CPU, us/task'], rows))
}

const bull = (/** @type {number} */ tasks, /** @type {import('./redis.js').Fsync} */ fsync, /** @type {number} */ workers) =>
  runBull({ tasks, bytes, fsync, where: 'in process', workers, concurrency: 50 })

const bullThreads = (/** @type {number} */ tasks) =>
  runBull({ tasks, bytes, fsync: 'everysec', where: 'threads', workers: 1, concurrency: 2 })
