// @ts-check
/** A system at full speed with a status server: a worker beside the busy ones changes its state again and again. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { serve } from '@hono/node-server'
import { createDrover } from 'drover'
import { createStatusApp } from 'drover/http'
import { Hono } from 'hono'
import { WebSocketServer } from 'ws'
import { answer } from '../support/child.js'

/**
 * @typedef {{ clients: number, deaf: number, pollers: number, samples: number, busy: number, holdMs: number }} Round
 * @typedef {{
 *   toMain: number[], toClients: number[], toPollers: number[], lag: number, tasksPerSecond: number,
 *   rss: { before: number, connected: number, after: number }, mostOnTheWay: number, letGo: number
 * }} Figures ms and bytes
 */

const trivial = new URL('../tasks/trivial.worker.js', import.meta.url)
const flip = new URL('./flip.worker.js', import.meta.url)
const items = 3_000_000
/** Declared and never started, so that a state has the size of a real one. */
const idle = 30

await answer(async (/** @type {Round & { folder: string }} */ { folder, clients, deaf, pollers, samples, busy, holdMs }) => {
  const stamps = new SharedArrayBuffer(8)
  const stamp = new BigInt64Array(stamps)
  const drover = await createDrover({
    store: join(folder, 'bench.db'),
    log: { console: false, dir: false },
    workers: [
      { id: 'flip', module: flip, input: { stamps } },
      ...Array.from({ length: busy }, (_, n) => ({ id: `busy-${n}/x`, module: trivial, dataset: 'items', input: { how: 'sync' } })),
      ...Array.from({ length: idle }, (_, n) => ({ id: `idle-${n}/x`, module: trivial, dataset: 'none', input: { how: 'sync' } })),
    ],
  })
  await drover.load(
    'items',
    Array.from({ length: busy > 0 ? items : 1 }, (_, n) => ({ id: n, n })),
  )
  if (busy > 0) await drover.start(Array.from({ length: busy }, (_, n) => `busy-${n}/x`).map(String))

  const app = new Hono()
  app.get('/poll', (c) => c.json(drover.status().workers))
  app.route('/', createStatusApp(drover))
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 65_536 })
  const websocket = { server: /** @type {any} */ (sockets) }
  const server = /** @type {import('node:http').Server} */ (serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1', websocket }))
  await once(server, 'listening')
  const url = `http://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (server.address()).port}`
  const rss = { before: process.memoryUsage().rss, connected: 0, after: 0 }

  const crowd = fork(fileURLToPath(new URL('./clients.js', import.meta.url)), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  crowd.send({ url, sockets: clients, deaf, pollers, pollMs: 2_000 })
  const [first] = await once(crowd, 'message')
  if (first !== 'ready') throw new Error(first.error)
  rss.connected = process.memoryUsage().rss

  let letGo = 0
  let mostOnTheWay = 0
  for (const socket of sockets.clients) socket.once('close', () => letGo++)
  const looking = setInterval(() => {
    let bytes = 0
    for (const socket of sockets.clients) bytes += socket.bufferedAmount
    mostOnTheWay = Math.max(mostOnTheWay, bytes)
  }, 100)

  /** @type {Map<number, number>} since when the worker runs -> when its thread was ready */
  const ready = new Map()
  /** @type {number[]} */
  const toMain = []
  const lag = monitorEventLoopDelay({ resolution: 1 })
  lag.enable()
  const doneBefore = drover.status().done
  const began = performance.now()
  for (let n = 0; n < samples + 5; n++) {
    const running = new Promise((resolve) => {
      const listener = (/** @type {import('drover').DroverEvents['worker:state:changed']} */ { worker, to }) => {
        if (worker !== 'flip' || to !== 'running') return
        const at = process.hrtime.bigint()
        drover.off('worker:state:changed', listener)
        resolve(at)
      }
      drover.on('worker:state:changed', listener)
    })
    await drover.restart('flip')
    const at = await running
    const readyAt = Number(stamp[0]) / 1e6
    // At any moment with regard to whatever else is told.
    await sleep(20 + Math.random() * 80)
    if (n < 5) continue
    ready.set(drover.worker('flip').status().since, readyAt)
    toMain.push(Number(at) / 1e6 - readyAt)
  }
  const tasksPerSecond = ((drover.status().done - doneBefore) / (performance.now() - began)) * 1_000
  const working = drover.status().states.running ?? 0
  if (working < busy + 1) throw new Error(`only ${working} workers run at the end: too few items`)
  await sleep(holdMs)
  clearInterval(looking)
  // The last may still be on its way; what pollers know next.
  await sleep(2_500)
  rss.after = process.memoryUsage().rss
  // All others go in the end.
  const slow = letGo
  crowd.send('over')
  const [said] = await once(crowd, 'message')
  if (!said.ok) throw new Error(said.error)
  /** @type {import('./clients.js').Seen} */
  const seen = said.value
  const toClients = seen.sockets.flatMap((own) => delays(ready, own))
  const toPollers = seen.pollers.flatMap((own) => delays(ready, own))
  if (toClients.length < ready.size * clients) throw new Error(`${ready.size * clients - toClients.length} states were never known`)
  for (const socket of sockets.clients) socket.terminate()
  server.close()
  server.closeAllConnections()
  await drover.close({ drainMs: 0 })
  return { toMain, toClients, toPollers, lag: lag.percentile(99) / 1e6, tasksPerSecond, rss, mostOnTheWay, letGo: slow }
})

/** From each time that the thread was ready until that state, or a later one, was known. */
function delays(/** @type {Map<number, number>} */ ready, /** @type {import('./clients.js').Log} */ seen) {
  let next = 0
  return [...ready].flatMap(([since, readyAt]) => {
    while (next < seen.length && /** @type {[number, number]} */ (seen[next])[0] < since) next++
    const known = seen[next]
    return known ? [known[1] - readyAt] : []
  })
}
