// @ts-check
/** A system with many workers whose states change evenly, and a status server that dashboards in another process look at. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createDrover } from 'drover'
import { serveStatus } from 'drover/http'
import { answer } from '../support/child.js'

/**
 * @typedef {{ workers: number, events: number, seconds: number, dashboards: number, topics: string }} Round
 * @typedef {{ bytes: number, frames: number, events: number }} Seen of all dashboards together
 * @typedef {{ cpuShare: number, eventsPerSecond: number, bytesPerSecond: number, framesPerSecond: number, toldPerSecond: number }} Figures
 * the last three of one dashboard
 */

const warmUpMs = 3_000
const fewDown = 5

await answer(async (/** @type {Round & { folder: string }} */ { folder, workers, events, seconds, dashboards, topics }) => {
  const module = new URL('../memory/idle.worker.js', import.meta.url)
  const drover = await createDrover({
    store: join(folder, 'bench.db'),
    concurrency: 1,
    durability: 'process',
    log: { console: false, dir: false },
    quotas: { key: { requests: { limit: 1_000_000, per: 'minute' } } },
    workers: Array.from({ length: workers }, (_, n) => ({
      id: `annotator-${n}/${n % 2 ? 'odd' : 'even'}`,
      module,
      dataset: 'items',
      quota: 'key',
    })),
  })
  await drover.load('items', [{ id: 'a' }])
  const [first = '', ...others] = drover.status().workers.map(({ id }) => id)
  await drover.start(first)
  let told = 0
  drover.on('worker:state:changed', () => told++)
  let asked = 0
  const began = performance.now()
  const changing = setInterval(() => {
    for (const due = ((performance.now() - began) * events) / 1_000; asked < due; asked++) {
      // One event each, without a thread; a few are blacklisted at any time.
      const id = others[Math.floor(asked / 2 + (asked % 2 === 0 ? fewDown : 0)) % others.length] ?? ''
      void (asked % 2 === 0 ? drover.blacklist(id, 'for a moment') : drover.reset(id))
    }
  }, 5)

  const server = await serveStatus(drover, { port: 0 })
  const crowd =
    dashboards > 0
      ? fork(fileURLToPath(new URL('./viewers.js', import.meta.url)), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
      : null
  /** @returns {Promise<Seen>} what has come to all dashboards so far */
  const count = async () => {
    if (!crowd) return { bytes: 0, frames: 0, events: 0 }
    crowd.send('count')
    const [seen] = await once(crowd, 'message')
    return seen
  }
  if (crowd) {
    crowd.send({ url: server.url, dashboards, topics })
    await once(crowd, 'message')
  }
  await sleep(warmUpMs)

  const before = { seen: await count(), told, cpu: process.cpuUsage(), at: performance.now() }
  await sleep(seconds * 1_000)
  const { user, system } = process.cpuUsage(before.cpu)
  const took = (performance.now() - before.at) / 1_000
  const eventsPerSecond = (told - before.told) / took
  const seen = await count()
  clearInterval(changing)
  crowd?.send('over')
  await server.close()
  await drover.close({ drainMs: 0 })
  const each = dashboards * took || 1
  return {
    cpuShare: (user + system) / 1e6 / took,
    eventsPerSecond,
    bytesPerSecond: (seen.bytes - before.seen.bytes) / each,
    framesPerSecond: (seen.frames - before.seen.frames) / each,
    toldPerSecond: (seen.events - before.seen.events) / each,
  }
})
