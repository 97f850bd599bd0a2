// @ts-check
/** The work as poolifier's worker. */
import { peer } from '../peers.js'
import { setUp, work } from '../work.js'

await setUp()
const { ThreadWorker } = await peer('poolifier')

// It waits only for functions that are declared async.
export default new ThreadWorker(async (/** @type {{ data: { task: string } }} */ { data }) => work(data.task))
