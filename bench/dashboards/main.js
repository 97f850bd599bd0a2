// @ts-check
/**
 * What dashboards cost the host: its CPU time, of all its threads, and the bytes that reach each dashboard, with 1,000 workers whose
 * states change 200 times a second. `npm run bench:dashboards -- [--workers 1000] [--events 200] [--dashboards 1,100] [--seconds 10]`
 */
import { parseArgs } from 'node:util'
import { inChild } from '../support/child.js'
import { machine, number, table } from '../support/figures.js'

/** @typedef {import('./host.js').Figures} Figures */

const { values } = parseArgs({
  options: {
    workers: { type: 'string', default: '1000' },
    events: { type: 'string', default: '200' },
    dashboards: { type: 'string', default: '1,100' },
    seconds: { type: 'string', default: '10' },
  },
})
const [workers, events, seconds] = [values.workers, values.events, values.seconds].map(Number)

/** What the dashboard asks for, by its page. */
const pages = {
  'any page': 'overview,workers,quotas',
  'the tree': 'overview,workers,quotas,tree',
  'the events': 'overview,workers,quotas,events',
}

console.log(`${machine()}\n`)

/** @returns {Promise<Figures>} */
const measure = (/** @type {number} */ dashboards, topics = '') =>
  inChild(new URL('./host.js', import.meta.url), { workers, events, seconds, dashboards, topics })

const nobody = await measure(0)
/** @type {string[][]} */
const rows = [['nobody looks', number(nobody.cpuShare * 100, 1), '-', '-', '-', number(nobody.eventsPerSecond), '-']]
for (const [page, topics] of Object.entries(pages))
  for (const dashboards of values.dashboards.split(',').map(Number)) {
    const { cpuShare, eventsPerSecond, bytesPerSecond, framesPerSecond, toldPerSecond } = await measure(dashboards, topics)
    const more = (cpuShare - nobody.cpuShare) * 100
    rows.push([
      `${page}, ${dashboards} dashboard${dashboards === 1 ? '' : 's'}`,
      number(cpuShare * 100, 1),
      number(more, 1),
      number(bytesPerSecond / 1_000, 1),
      number(framesPerSecond, 1),
      number(eventsPerSecond),
      topics.includes('events') ? number(toldPerSecond) : '-',
    ])
    console.error(rows.at(-1)?.join(' | '))
  }
const head = ['', 'CPU of the host, % of a core', 'beyond nobody', 'kB/s to each', 'frames/s', 'events/s', 'told to each']
console.log(table(head, rows))
