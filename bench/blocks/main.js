// @ts-check
/**
 * What keeps the main thread busy for how long in one turn of its event loop. `npm run bench:blocks -- [--workers 5000] [--rounds 3]
 * [--supervised] [--threads 300] [--what 20]`; `supervised` puts all workers under one supervisor, `threads` starts so many real threads
 * instead of all else, `what` prints, for each piece of work that took longer than so many ms in one turn, the functions that took it.
 */
import { parseArgs } from 'node:util'
import { inChild } from '../support/child.js'
import { machine, median, number, table } from '../support/figures.js'

const { values } = parseArgs({
  options: {
    workers: { type: 'string', default: '5000' },
    rounds: { type: 'string', default: '3' },
    what: { type: 'string' },
    threads: { type: 'string', default: '0' },
    supervised: { type: 'boolean', default: false },
  },
})
console.log(`${machine()}\n`)
/** @type {Map<string, import('./turns.js').Phase[]>} */
const seen = new Map()
for (let round = 0; round < Number(values.rounds); round++) {
  const input = {
    workers: Math.max(Number(values.workers), Number(values.threads)),
    threads: Number(values.threads),
    supervised: values.supervised,
    profiles: values.what !== undefined,
  }
  /** @type {import('./turns.js').Phase[]} */
  const phases = await inChild(new URL('./round.ts', import.meta.url), input)
  for (const phase of phases) seen.set(phase.name, [...(seen.get(phase.name) ?? []), phase])
}
const rows = [...seen].map(([name, phases]) => {
  const longest = phases.map(({ longestMs }) => longestMs)
  return [
    name,
    number(median(longest), 1),
    number(Math.max(...longest), 1),
    number(median(phases.map(({ delayMs }) => delayMs)), 1),
    number(median(phases.map(({ busyMs }) => busyMs))),
    number(median(phases.map(({ tookMs }) => tookMs))),
  ]
})
console.log(table(['', 'longest turn, ms: median', 'highest', 'by the clock, ms', 'busy in all, ms', 'all of it, ms'], rows))
if (values.what !== undefined)
  for (const { name, longestMs, what } of [...seen.values()].flat())
    if (longestMs > Number(values.what)) console.log(`\n${name}: ${longestMs.toFixed(1)} ms\n  ${what.join('\n  ')}`)
