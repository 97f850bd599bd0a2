/** One connection of the hub. */

import type { Caller } from '../base/request-env.js'
import type { Topic } from '../contract/socket.js'
import { BoundedSender, type SenderLimits } from './bounded-sender.js'
import { frame } from './frames.js'
import { readMessage } from './messages.js'
import type { RawSocket } from './raw-socket.js'

export interface Wish {
  caller: Caller
  /** 1: whole states, for clients of the replaced system. 2: patches. */
  protocol: 1 | 2
  topics: readonly Topic[]
  /** Whether it understands patches of the tree; else it gets whole trees. */
  treePatches: boolean
}

/** This number of invalid messages in a row ends a connection. */
const mostBad = 20

export class Connection {
  readonly caller: Caller
  readonly protocol: 1 | 2
  readonly sender: BoundedSender
  topics: ReadonlySet<Topic>
  readonly treePatches: boolean
  /** Whether a message has arrived since the last ping. */
  alive = true
  readonly #whole: (connection: Connection) => void
  #bad = 0

  /** @param whole sends the whole state */
  constructor(socket: RawSocket, wish: Wish, limits: SenderLimits, whole: (connection: Connection) => void) {
    this.caller = wish.caller
    this.protocol = wish.protocol
    this.topics = new Set(wish.topics)
    this.treePatches = wish.treePatches
    this.#whole = whole
    this.sender = new BoundedSender(socket, limits, () => whole(this))
    socket.on('pong', () => {
      this.alive = true
    })
  }

  /** Handles a frame. */
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
      if (this.#bad >= mostBad) this.sender.end(1008, 'too many invalid messages')
      return
    }
    this.#bad = 0
    const { message } = read
    if (message.type === 'ping') this.sender.send(frame({ type: 'pong' }))
    if (message.type === 'subscribe') this.topics = new Set(message.topics)
    if (message.type === 'subscribe' || message.type === 'request_full_state') this.#whole(this)
  }

  /** Sends a ping. Clients of protocol 1 do not know drover's pings; their WebSocket answers its own. */
  ping(at: number): void {
    this.alive = false
    if (this.protocol === 1) this.sender.ping()
    else this.sender.send(frame({ type: 'ping', at }))
  }
}
