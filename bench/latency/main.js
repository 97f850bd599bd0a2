// @ts-check
/**
 * How soon clients know what a worker does, while tasks run at full speed beside it; and what a thousand clients cost.
 *
 * usage: npm run bench:latency -- [--samples 150] [--clients 1,100,1000]
 */
import { parseArgs } from 'node:util'
import { inChild } from '../support/child.js'
import { machine, median, number, percentile, table } from '../support/figures.js'

/** @typedef {import('./host.js').Figures} Figures */

const { values } = parseArgs({
  options: { samples: { type: 'string', default: '150' }, clients: { type: 'string', default: '1,100,1000' } },
})
const samples = Number(values.samples)
const host = new URL('./host.js', import.meta.url)

console.log(`${machine()}\n`)
const ms = (/** @type {number} */ value) => number(value, 1)
const mb = (/** @type {number} */ bytes) => number(bytes / 1e6, 0)

/** @type {string[][]} */
const rows = []
/** @type {number[]} */
const polled = []
for (const busy of [0, 2])
  for (const clients of values.clients.split(',').filter(Boolean).map(Number)) {
    const figures = /** @type {Figures} */ (
      await inChild(host, { clients, deaf: 0, pollers: busy === 2 && clients === 100 ? 10 : 0, samples, busy, holdMs: 0 })
    )
    polled.push(...figures.toPollers)
    const { toMain, toClients, lag, tasksPerSecond } = figures
    rows.push([
      `${busy} busy, ${clients} client${clients === 1 ? '' : 's'}`,
      ms(median(toClients)),
      ms(percentile(toClients, 0.99)),
      ms(Math.max(...toClients)),
      ms(median(toMain)),
      ms(percentile(toMain, 0.99)),
      ms(lag),
      number(tasksPerSecond),
    ])
    console.error(rows.at(-1)?.join(' | '))
  }
console.log('From the thread being ready to the frame parsed in a client, ms\n')
console.log(table(['', 'median', 'p99', 'worst', 'main knows: median', 'p99', 'main late: p99', 'tasks/s'], rows))
if (polled.length > 0)
  console.log(
    `\nPolled every 2 s, 100 clients on the socket beside: median ${ms(median(polled))} ms, p99 ${ms(percentile(polled, 0.99))} ms`,
  )

const { rss, mostOnTheWay, letGo } = /** @type {Figures} */ (
  await inChild(host, { clients: 990, deaf: 10, pollers: 0, samples: 10, busy: 0, holdMs: 15_000 })
)
console.log(`
1,000 clients, ten of which ask for whole states 400 times a second and never read, MB resident of the host's process:
${mb(rss.before)} before, ${mb(rss.connected)} with all connected, ${mb(rss.after)} in the end; at most ${number(mostOnTheWay / 1e6, 1)} MB on the way to clients, ${letGo} let go`)
