// @ts-check
/**
 * How many tasks a second. `npm run bench:tasks -- [compare] [shapes] [growth] [--rounds 3] [--tasks 400000] [--ten-million]`; without
 * a part it is `compare`.
 */
import { parseArgs } from 'node:util'
import { machine } from '../support/figures.js'
import { compare } from './compare.js'
import { growth } from './growth.js'
import { shapes } from './shapes.js'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '3' },
    tasks: { type: 'string', default: '400000' },
    'ten-million': { type: 'boolean', default: false },
  },
})
const rounds = Number(values.rounds)
const tasks = Number(values.tasks)
const parts = positionals.length > 0 ? positionals : ['compare']
const unknown = parts.filter((part) => !['compare', 'shapes', 'growth'].includes(part))
if (unknown.length > 0) throw new Error(`there is no ${unknown.join(', ')}; there is compare, shapes, growth`)

console.log(`${machine()}\n`)
if (parts.includes('compare')) await compare({ rounds, tasks })
if (parts.includes('shapes')) await shapes({ rounds, tasks })
if (parts.includes('growth')) await growth({ rounds, tenMillion: values['ten-million'] })
