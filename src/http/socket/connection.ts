/** What the hub knows of a connection. */

import type { Caller } from '../base/request-env.js'
import type { Topic } from '../contract/socket.js'
import { BoundedSender, type SenderLimits } from './bounded-sender.js'
import { frame } from './frames.js'
import { readMessage } from './messages.js'
import type { RawSocket } from './raw-socket.js'

export interface Wish {
  caller: Caller
  /** 1: whole states, for clients of the system that drover took over from. 2: patches. */
  protocol: 1 | 2
  topics: readonly Topic[]
}

/** So many messages in a row that make no sense end a connection. */
const mostBad = 20

export class Connection {
  readonly caller: Caller
  readonly protocol: 1 | 2
  readonly sender: BoundedSender
  topics: ReadonlySet<Topic>
  /** Whether it has given a sign of life since the last ping. */
  alive = true
  readonly #whole: (connection: Connection) => void
  #bad = 0

  /** @param whole sends it everything there is */
  constructor(socket: RawSocket, wish: Wish, limits: SenderLimits, whole: (connection: Connection) => void) {
    this.caller = wish.caller
    this.protocol = wish.protocol
    this.topics = new Set(wish.topics)
    this.#whole = whole
    this.sender = new BoundedSender(socket, limits, () => whole(this))
    socket.on('pong', () => {
      this.alive = true
    })
  }

  /** Takes what came in a frame. */
  take(data: unknown): void {
    this.alive = true
    if (typeof data !== 'string') {
      this.sender.end(1003, 'text frames only')
      return
    }
    const read = readMessage(data)
    if ('error' in read) {
      this.sender.send(frame({ type: 'error', ...read }))
      this.#bad++
      if (this.#bad >= mostBad) this.sender.end(1008, 'too many messages that make no sense')
      return
    }
    this.#bad = 0
    const { message } = read
    if (message.type === 'ping') this.sender.send(frame({ type: 'pong' }))
    if (message.type === 'subscribe') this.topics = new Set(message.topics)
    if (message.type === 'subscribe' || message.type === 'request_full_state') this.#whole(this)
  }

  /** Asks for a sign of life. Clients of protocol 1 know no pings of ours; the WebSocket's own are answered for them. */
  ping(at: number): void {
    this.alive = false
    if (this.protocol === 1) this.sender.ping()
    else this.sender.send(frame({ type: 'ping', at }))
  }
}
