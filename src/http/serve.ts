/** Serves the status app on its own port. */
import { once } from 'node:events'
import type { IncomingMessage, Server, ServerOptions } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo, Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { createAdaptorServer } from '@hono/node-server'
import type { Drover } from '../drover/drover.js'
import { DroverError } from '../errors.js'
import { buildStatusApp } from './app.js'
import type { ServeOptions, StatusServer } from './base/options.js'
import { compileServeOptions } from './compile-options.js'

/**
 * Compression only for whole states, not for patches: ws compresses for each connection separately, in the thread pool that also
 * reads files. No context is kept between frames: it would cost some 100 kB for each connection.
 */
const deflate = { threshold: 16_384, serverNoContextTakeover: true, clientNoContextTakeover: true, zlibDeflateOptions: { level: 3 } }

/** The type that node-server expects: it differs from that of ws only in optional fields. */
type WebSocketServerLike = NonNullable<NonNullable<Parameters<typeof createAdaptorServer>[0]['websocket']>['server']>

/** Limits of a client's request. Tests set them lower. */
export type ServerLimits = Pick<ServerOptions, 'headersTimeout' | 'requestTimeout' | 'connectionsCheckingInterval' | 'maxHeaderSize'>

const limits: Required<ServerLimits> = {
  headersTimeout: 10_000,
  requestTimeout: 60_000,
  connectionsCheckingInterval: 1_000,
  maxHeaderSize: 16_384,
}

/** The subprotocol that the server confirms. The other one carries the token and is never echoed. */
const subprotocol = 'drover.v2'

const defaultGraceMs = 2_000

/**
 * Serves the status of a system: API, WebSocket and dashboard. Closing the system does not close the server, nor the other way
 * round.
 *
 * @throws DroverError CONFIG_INVALID with every mistake in the options, or if other machines could connect without a token;
 * LISTEN_FAILED if the port is in use or not permitted
 * @example
 * await using server = await serveStatus(drover, { port: 8000, token })
 * console.log(server.url)
 */
export function serveStatus(drover: Drover, options: ServeOptions = {}): Promise<StatusServer> {
  return serveWith(drover, options)
}

/** As {@link serveStatus}, with other limits and clock, for tests. */
export async function serveWith(
  drover: Drover,
  options: ServeOptions,
  own: { limits?: ServerLimits; now?: () => number } = {},
): Promise<StatusServer> {
  const { port, hostname, status } = compileServeOptions(options)
  const { app, end } = buildStatusApp(drover, status, own.now)
  // The app and the sockets' code each take a turn of the event loop.
  await turn()
  // Not imported: it is CommonJS, and in a bundle it throws before `createDrover` can say why.
  const { WebSocketServer } = createRequire(import.meta.url)('ws') as typeof import('ws')
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: 65_536,
    perMessageDeflate: deflate,
    handleProtocols: (offered) => offered.has(subprotocol) && subprotocol,
  })
  const server = createAdaptorServer({
    fetch: app.fetch,
    hostname,
    websocket: { server: sockets as unknown as WebSocketServerLike },
    serverOptions: { ...limits, ...own.limits },
  }) as Server
  const connections = new Set<Socket>()
  /** Connections without a request yet, which the server does not count as idle. */
  const silent = new Set<Socket>()
  server.on('connection', (socket) => {
    connections.add(socket)
    silent.add(socket)
    socket.once('close', () => connections.delete(socket) && silent.delete(socket))
  })
  refuseOtherUpgrades(server)
  const asked = ({ socket }: IncomingMessage): boolean => silent.delete(socket)
  server.on('request', asked)
  // Not on the server: with a second listener there, node-server leaves refused upgrades unanswered.
  sockets.on('connection', (_socket, request) => asked(request))
  await listen(server, port, hostname)

  const shut = async (graceMs: number): Promise<void> => {
    const closed = once(server, 'close')
    server.close()
    end()
    for (const client of sockets.clients) client.close(1001, 'the server is closing')
    for (const socket of silent) socket.destroy()
    const sweep = setInterval(() => server.closeIdleConnections(), 50)
    const deadline = setTimeout(() => {
      for (const socket of connections) socket.destroy()
    }, graceMs)
    await closed
    clearInterval(sweep)
    clearTimeout(deadline)
  }
  let closing: Promise<void> | null = null
  const close = ({ graceMs = defaultGraceMs } = {}): Promise<void> => {
    closing ??= shut(graceMs)
    return closing
  }
  const { port: bound } = server.address() as AddressInfo
  return { url: urlOf(hostname, bound), port: bound, close, [Symbol.asyncDispose]: () => close() }
}

/** How long a client may take to close its end after the server. */
const closingMs = 1_000

/**
 * node-server leaves two kinds of upgrades open without an answer: other protocols (`Upgrade: h2c`) and invalid host names. It answers
 * an invalid target with 500. No timeout of the server applies to an upgraded socket. It answers its refusals only while it is the only listener, so this
 * listener replaces it and calls it.
 */
function refuseOtherUpgrades(server: Server): void {
  const [upgrade] = server.listeners('upgrade')
  server.removeAllListeners('upgrade')
  server.on('upgrade', (request, socket: Socket, head) => {
    // A refused client that does not close its end would keep the socket open.
    socket.once('finish', () => setTimeout(() => socket.destroy(), closingMs).unref())
    if (
      request.headers.upgrade?.toLowerCase() === 'websocket' &&
      isHostName(request.headers.host) &&
      URL.canParse(request.url ?? '', 'http://localhost')
    )
      upgrade?.call(server, request, socket, head)
    else socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
  })
}

function isHostName(host: string | undefined): boolean {
  return host !== undefined && /^[a-z0-9._:[\]-]+$/i.test(host) && URL.canParse(`http://${host}`)
}

async function listen(server: Server, port: number, hostname: string): Promise<void> {
  try {
    server.listen(port, hostname)
    await once(server, 'listening')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const why = code === 'EADDRINUSE' ? 'it is in use' : code === 'EACCES' ? 'listening is not permitted' : 'listening failed'
    throw new DroverError('LISTEN_FAILED', `port ${port} of ${hostname}: ${why}`, { cause, details: { hostname, port, code } })
  }
}

/** A URL that can be opened on this machine, even if the server listens on all addresses. */
function urlOf(hostname: string, port: number): string {
  const name = hostname === '0.0.0.0' ? '127.0.0.1' : hostname === '::' ? '::1' : hostname
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`
}
