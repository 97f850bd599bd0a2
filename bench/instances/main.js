// @ts-check
/** What several threads bring one lane. `npm run bench:instances -- [--rounds 5] [--tasks 4000]` */
import { parseArgs } from 'node:util'
import { inChild } from '../support/child.js'
import { machine, median, number, spread, table } from '../support/figures.js'

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' }, tasks: { type: 'string', default: '4000' } } })
const rounds = Number(values.rounds)
const tasks = Number(values.tasks)
const shapes = [
  { name: 'computes 2.5 ms', steps: 250_000, share: 1, instances: [1, 2, 4] },
  { name: 'answers at once', steps: 0, share: 25, instances: [1, 2, 4, 8, 32] },
]

console.log(`${machine()}\n`)
const rows = []
for (const { name, steps, share, instances } of shapes) {
  /** @type {Map<number, number[]>} */
  const rates = new Map(instances.map((count) => [count, []]))
  for (let round = 0; round < rounds; round++) {
    for (const count of instances) {
      /** @type {{ perSecond: number }} */
      const { perSecond } = await inChild(new URL('./lane.js', import.meta.url), {
        tasks: tasks * share,
        instances: count,
        steps,
        lanes: 1,
      })
      rates.get(count)?.push(perSecond)
    }
  }
  const one = median(rates.get(1) ?? [])
  for (const [count, own] of rates) rows.push([name, String(count), spread(own), number(median(own) / one, 2)])
}
console.log(table(['process(task), one lane', 'instances', 'tasks/s', 'of one'], rows))
