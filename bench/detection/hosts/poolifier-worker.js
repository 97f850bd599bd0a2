// @ts-check
/** The work as poolifier's worker. */
import { peer } from '../peers.js'
import { setUp, work } from '../work.js'

await setUp()
const { ThreadWorker } = await peer('poolifier')

export default new ThreadWorker((/** @type {{ data: { task: string } }} */ { data }) => work(data.task))
