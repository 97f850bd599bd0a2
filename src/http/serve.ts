/** Serves the status app on its own port. */
import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import { WebSocketServer } from 'ws'
import type { Drover } from '../drover.js'
import { createStatusApp } from './app.js'
import type { ServeOptions, StatusServer } from './options.js'

/** As node-server wants it: its type and that of ws differ in what may be undefined. */
type WebSocketServerLike = NonNullable<NonNullable<Parameters<typeof serve>[0]['websocket']>['server']>

export async function serveStatus(drover: Drover, options: ServeOptions = {}): Promise<StatusServer> {
  const { port = 8_000, hostname = '127.0.0.1', ...rest } = options
  const app = createStatusApp(drover, rest)
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 65_536 })
  const server = serve({
    fetch: app.fetch,
    port,
    hostname,
    websocket: { server: sockets as unknown as WebSocketServerLike },
  }) as Server
  await once(server, 'listening')
  const { port: bound } = server.address() as AddressInfo
  const close = async (): Promise<void> => {
    server.close()
    server.closeAllConnections()
  }
  return { url: `http://${hostname}:${bound}`, port: bound, close, [Symbol.asyncDispose]: close }
}
