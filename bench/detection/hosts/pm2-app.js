// @ts-check
/** The work as a process that PM2 keeps alive. */
import { forEver } from '../faults.js'
import { setUp, work } from '../work.js'

await setUp()
process.send?.('ready')
await work('a')
await forEver()
