// @ts-check
/** A thread that asks for grants, so many at once, until it is time; it notes when it got each, and how long that took. */
import { once } from 'node:events'
import { parentPort, workerData } from 'node:worker_threads'
import { asker } from './contenders.js'

const main = /** @type {import('node:worker_threads').MessagePort} */ (parentPort)
const { contender, file, limit, data, depth, most } = workerData
const { acquire, close } = asker(contender, file, limit, data)
const machineMs = () => Number(process.hrtime.bigint() / 1_000n) / 1_000
main.postMessage('ready')
const [{ from, until }] = await once(main, 'message')

const times = new Float64Array(most)
const tookMs = new Float64Array(most)
let count = 0
let waiting = depth
/** @type {() => void} */
let end = () => {}
const ended = new Promise((resolve) => {
  end = () => resolve(null)
})

async function ask() {
  for (let since = machineMs(); since < until; ) {
    await acquire()
    const at = machineMs()
    // What was granted before or after does not count, but for those who were let in together with it.
    if (at >= from && at < until && count < most) {
      times[count] = at
      tookMs[count++] = at - since
    }
    since = at
    // A grant that was here already resolves without a turn of the loop: timers and messages need one now and then.
    if ((count & 1_023) === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  if (--waiting === 0) end()
}

for (let each = 0; each < depth; each++) ask()
// Those who still wait are refused when the limit is closed.
await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, until - machineMs() + 100))])
main.postMessage({ times: times.slice(0, count), tookMs: tookMs.slice(0, count) })
process.on('unhandledRejection', () => {})
await close()
process.exit(0)
