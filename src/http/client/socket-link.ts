/** One WebSocket, from its opening to its end. */
import type { ClientMessage, ServerMessage } from '../contract/socket.js'

/** The part of a WebSocket, of browsers or `ws`, that is used. */
export interface WebSocketLike {
  readonly readyState: number
  onopen: unknown
  onclose: unknown
  onerror: unknown
  onmessage: unknown
  send(text: string): void
  close(code?: number): void
  /** Aborts the connection; only in `ws`. */
  terminate?(): void
}
export type WebSocketClass = new (url: string, protocols: string[]) => WebSocketLike

export interface LinkHandlers {
  message(message: ServerMessage): void
  /** Called once. `code` is 0 if it ended by silence or never opened. */
  end(code: number): void
}

/** A handshake that takes longer has failed. */
const openingMs = 10_000
/** The longest closing handshake. */
const closingMs = 1_000
/** A server that is silent for this multiple of its `pingMs` counts as gone. */
const silence = 2.5

export class Link {
  readonly #socket: WebSocketLike
  readonly #handlers: LinkHandlers
  #timer: ReturnType<typeof setTimeout> | undefined
  #silentMs = openingMs
  #ended = false

  constructor(socket: WebSocketLike, handlers: LinkHandlers) {
    this.#socket = socket
    this.#handlers = handlers
    this.#watch()
    socket.onmessage = ({ data }: { data: unknown }) => this.#take(data)
    socket.onclose = ({ code }: { code: number }) => this.#end(code)
    socket.onerror = () => this.#end(0)
  }

  send(message: ClientMessage): void {
    if (!this.#ended && this.#socket.readyState === 1) this.#socket.send(JSON.stringify(message))
  }

  /** Closes without further callbacks. Resolves when the connection is gone. */
  close(): Promise<void> {
    return this.#quit()
  }

  #take(data: unknown): void {
    if (this.#ended) return
    this.#watch()
    let message: ServerMessage
    try {
      message = JSON.parse(String(data)) as ServerMessage
    } catch {
      // Not a drover server.
      this.#end(0)
      return
    }
    if (message.type === 'ping') this.send({ type: 'pong' })
    else if (message.type === 'hello') {
      this.#silentMs = message.pingMs * silence
      this.#watch()
    }
    this.#handlers.message(message)
  }

  #watch(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#end(0), this.#silentMs)
  }

  #end(code: number): void {
    if (this.#ended) return
    void this.#quit()
    this.#handlers.end(code)
  }

  #quit(): Promise<void> {
    this.#ended = true
    clearTimeout(this.#timer)
    if (this.#socket.readyState === 3) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#socket.terminate?.()
        resolve()
      }, closingMs)
      this.#socket.onclose = () => {
        clearTimeout(timer)
        resolve()
      }
      this.#socket.close()
    })
  }
}

/** A token as a subprotocol: browsers allow no other header, and URLs end up in logs. */
export function protocolsFor(token: string | undefined): string[] {
  if (!token) return ['drover.v2']
  const bytes = new TextEncoder().encode(token)
  const base64 = btoa(String.fromCharCode(...bytes))
  return ['drover.v2', `drover.token.${base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')}`]
}

/** The class given, else the global one, else that of the package `ws`. */
export async function webSocketClass(given: WebSocketClass | undefined): Promise<WebSocketClass> {
  const own = given ?? (globalThis as { WebSocket?: WebSocketClass }).WebSocket
  if (own) return own
  // A variable, so that bundlers ignore the import.
  const name = 'ws'
  const ws = (await import(/* webpackIgnore: true */ /* @vite-ignore */ name)) as { WebSocket: WebSocketClass }
  return ws.WebSocket
}
