// @ts-check
/**
 * A help desk that has users, pages and a login of its own, and shows the workers that label its messages under `/drover`.
 * `node examples/status-server/main.js [--port 8080]`
 */
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { serve } from '@hono/node-server'
import { createDrover } from 'drover'
import { WebSocketServer } from 'ws'
import { createApp } from './app.js'
import { createUsers } from './users.js'

const { values } = parseArgs({
  options: { port: { type: 'string', default: '8080' }, data: { type: 'string', default: 'data/status-server' } },
})
await mkdir(values.data, { recursive: true })

const drover = await createDrover({
  store: join(values.data, 'drover.db'),
  log: { console: false },
  workers: ['urgency', 'topic'].map((domain) => ({
    id: `rules/${domain}`,
    module: new URL('../quickstart/label.worker.js', import.meta.url),
    dataset: 'messages',
  })),
})
await drover.start()

const users = createUsers()
const app = createApp(drover, users)
const sockets = new WebSocketServer({ noServer: true, maxPayload: 65_536 })
const server = serve({
  fetch: app.fetch,
  hostname: '127.0.0.1',
  port: Number(values.port),
  // The live state of the dashboard comes over a WebSocket. Without these lines it is asked for every two seconds instead.
  // (The types of the two packages differ in what may be undefined.)
  websocket: { server: /** @type {any} */ (sockets) },
})
await once(server, 'listening')
const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
console.log(`Help desk: http://127.0.0.1:${port}`)
for (const { name, password, may } of users.all()) console.log(`  ${name}, password ${password}: ${may}`)

drover.stopOnSignals()
drover.once('system:state:changed', () => {
  server.close()
  // Connections that became WebSockets are the server's no more: an open dashboard would hold up the end of the process.
  for (const socket of sockets.clients) socket.close(1001, 'the server is closing')
  if ('closeAllConnections' in server) server.closeAllConnections()
})
