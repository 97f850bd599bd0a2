/** A status app with nothing but the socket, and raw connections to it whose messages can be waited for. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serve, type WebSocketServerLike } from '@hono/node-server'
import { Hono } from 'hono'
import { type ClientOptions, WebSocket, WebSocketServer } from 'ws'
import type { Drover } from '../../src/drover/drover.js'
import type { Env } from '../../src/http/base/request-env.js'
import { applyPatch } from '../../src/http/client/apply-patch.js'
import type { ClientMessage, ServerMessage } from '../../src/http/contract/socket.js'
import { Hub } from '../../src/http/socket/hub.js'
import type { HubOptions } from '../../src/http/socket/hub-options.js'
import { socketRoutes } from '../../src/http/socket/routes.js'
import { hangMs } from './hang.js'

const closers: (() => Promise<void>)[] = []

export function closeLater(close: () => Promise<void>): void {
  closers.push(close)
}

/** To be run after each test, before systems are closed. */
export async function closeSockets(): Promise<void> {
  for (const close of closers.splice(0).reverse()) await close()
}

export interface SocketServer {
  hub: Hub
  app: Hono<Env>
  url: string
  port: number
  sockets: WebSocketServer
  close(): Promise<void>
}

/** @param prepare routes and middleware that come before the socket's */
export async function serveSockets(
  drover: Drover,
  options: HubOptions & { port?: number; prefix?: string } = {},
  prepare: (app: Hono<Env>) => void = () => {},
): Promise<SocketServer> {
  const { port = 0, prefix = '', ...hubOptions } = options
  const hub = new Hub(drover, hubOptions)
  const app = new Hono<Env>()
  app.use(async (c, next) => {
    c.set('caller', { role: 'control', who: c.req.header('x-who') ?? 'local', name: null, from: '127.0.0.1' })
    await next()
  })
  app.onError((error, c) => c.json({ success: false, message: error.message }, 400))
  prepare(app)
  app.route(`${prefix}/api`, socketRoutes(hub))
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 65_536 })
  const server = serve({
    fetch: app.fetch,
    port,
    hostname: '127.0.0.1',
    websocket: { server: sockets as unknown as WebSocketServerLike },
  }) as Server
  await once(server, 'listening')
  let closed: Promise<void> | null = null
  const close = (): Promise<void> => {
    closed ??= (async () => {
      hub.close()
      for (const socket of sockets.clients) socket.terminate()
      const ended = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await ended
    })()
    return closed
  }
  closers.push(close)
  const bound = (server.address() as AddressInfo).port
  return { hub, app, port: bound, url: `http://127.0.0.1:${bound}${prefix}`, sockets, close }
}

interface OldMessage<Type> {
  type: Type
  timestamp: string
  data: { overview: object; workers: object[] }
}
type Any = ServerMessage | OldMessage<'full_state'> | OldMessage<'update'>
type Of<Type extends Any['type']> = Extract<Any, { type: Type }>

/** A connection as a plain WebSocket. */
export class RawClient {
  readonly socket: WebSocket
  readonly received: Any[] = []
  closed: { code: number; reason: string } | null = null
  #waiting: (() => void)[] = []

  constructor(url: string, query = 'protocol=2', options: ClientOptions = {}) {
    this.socket = new WebSocket(`${url.replace('http', 'ws')}/api/ws?${query}`, options)
    this.socket.on('message', (data) => {
      this.received.push(JSON.parse(String(data)) as Any)
      this.#wake()
    })
    this.socket.on('close', (code, reason) => {
      this.closed = { code, reason: String(reason) }
      this.#wake()
    })
    this.socket.on('error', () => {})
    closers.push(async () => this.socket.terminate())
  }

  send(message: ClientMessage | object | string): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message))
  }

  /** The next message of a type that satisfies the condition, beginning with those that are here; what came before it is dropped. */
  async next<Type extends Any['type']>(type: Type, condition: (message: Of<Type>) => boolean = () => true): Promise<Of<Type>> {
    for (const deadline = performance.now() + hangMs; ; ) {
      const at = this.received.findIndex((message) => message.type === type && condition(message as Of<Type>))
      if (at >= 0) return this.received.splice(0, at + 1).at(-1) as Of<Type>
      if (this.closed) throw new Error(`closed with ${this.closed.code} before ${type} with ${condition}`)
      await this.#more(deadline, `${type} with ${condition}`)
    }
  }

  async end(): Promise<{ code: number; reason: string }> {
    for (const deadline = performance.now() + hangMs; !this.closed; ) await this.#more(deadline, 'a close')
    return this.closed
  }

  #more(deadline: number, what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`not within ${hangMs} ms: ${what}`)), Math.max(0, deadline - performance.now()))
      this.#waiting.push(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }
}

/** The state as a connection has it: the first one, with each patch applied. */
export interface Followed {
  data: StateOf
  seq: number
}
type StateOf = Of<'state'>['data']

/** Follows the patches of a new connection, and checks that none is missing. */
export async function follow(client: RawClient, onPatch: (followed: Followed) => void = () => {}): Promise<Followed> {
  const { data, seq } = await client.next('state')
  const followed: Followed = { data, seq }
  const take = (message: Any): void => {
    if (message.type !== 'patch' && message.type !== 'state') return
    // One that reads too slowly, on a busy machine, gets a whole state in place of the patches.
    if (message.type === 'patch') assert.equal(message.seq, followed.seq + 1)
    followed.seq = message.seq
    followed.data = message.type === 'state' ? message.data : applyPatch(followed.data, message.data)
    onPatch(followed)
  }
  // Patches may come right behind the state.
  for (const message of client.received) take(message)
  client.socket.on('message', (text) => take(JSON.parse(String(text)) as Any))
  return followed
}
