// @ts-check
/**
 * What keeps the main thread busy for how long in one turn of its event loop. `npm run bench:blocks -- [--workers 5000] [--rounds 3]
 * [--what 20]`; `what` prints, for each piece of work that took longer than so many ms in one turn, the functions that took it.
 */
import { parseArgs } from 'node:util'
import { inChild } from '../support/child.js'
import { machine, number, table } from '../support/figures.js'

const { values } = parseArgs({
  options: {
    workers: { type: 'string', default: '5000' },
    rounds: { type: 'string', default: '3' },
    what: { type: 'string' },
    supervised: { type: 'boolean', default: false },
  },
})
console.log(`${machine()}\n`)
/** @type {Map<string, import('./turns.js').Phase>} */
const least = new Map()
for (let round = 0; round < Number(values.rounds); round++) {
  const input = {
    workers: Number(values.workers),
    supervised: values.supervised,
    profiles: values.what !== undefined,
  }
  /** @type {import('./turns.js').Phase[]} */
  const phases = await inChild(new URL('./round.ts', import.meta.url), input)
  for (const phase of phases)
    if (phase.longestMs < (least.get(phase.name)?.longestMs ?? Number.POSITIVE_INFINITY)) least.set(phase.name, phase)
}
const rows = [...least.values()].map(({ name, longestMs, delayMs, busyMs, tookMs }) => [
  name,
  number(longestMs, 1),
  number(delayMs, 1),
  number(busyMs),
  number(tookMs),
])
console.log(table(['', 'longest turn, ms', 'by the clock, ms', 'busy in all, ms', 'all of it, ms'], rows))
if (values.what !== undefined)
  for (const { name, longestMs, what } of least.values())
    if (longestMs > Number(values.what)) console.log(`\n${name}: ${longestMs.toFixed(1)} ms\n  ${what.join('\n  ')}`)
