// @ts-check
/** The work as a module whose default export is called for each task: piscina and BullMQ's sandbox take it as it is. */
import { setUp, work } from '../work.js'

await setUp()

export default (/** @type {{ data: { task: string } }} */ { data }) => work(data.task)
