/**
 * The send buffer of one connection. A reader that falls behind gets nothing more until it has read the sent bytes, and is
 * disconnected if that takes too long.
 */

import { every } from '../../time/every.js'
import { closeCodes } from '../contract/socket.js'
import type { RawSocket } from './raw-socket.js'

export interface SenderLimits {
  /** Unread bytes above which a connection counts as behind. */
  maxBufferedBytes: number
  /** How long a connection that is behind may take to read them, in ms. */
  drainMs: number
}

/** Time between looks at a connection that is behind. */
const lookEveryMs = 50
/** The longest closing handshake before the connection is aborted. */
const closingMs = 1_000

export class BoundedSender {
  readonly #socket: RawSocket
  readonly #limits: SenderLimits
  readonly #onDrained: () => void
  #stopLooking: (() => void) | null = null
  #allowance = 0

  /** @param onDrained called when a connection that was behind has read everything */
  constructor(socket: RawSocket, limits: SenderLimits, onDrained: () => void) {
    this.#socket = socket
    this.#limits = limits
    this.#onDrained = onDrained
  }

  /** Whether it takes frames. */
  get ready(): boolean {
    return this.#socket.readyState === this.#socket.OPEN && this.#stopLooking === null
  }

  /** @param whole whether it is a whole state, whose size alone does not count as slow */
  send(frame: Buffer, whole = false): void {
    if (!this.ready) return
    if (whole) this.#allowance = frame.length
    this.#socket.send(frame, { binary: false })
    if (this.#socket.bufferedAmount > this.#limits.maxBufferedBytes + this.#allowance) this.#waitUntilRead()
  }

  /** A ping of the WebSocket protocol. */
  ping(): void {
    if (this.ready) this.#socket.ping()
  }

  end(code: number, reason: string): void {
    this.stop()
    if (this.#socket.readyState === this.#socket.CLOSED) return
    this.#socket.close(code, reason)
    const timer = setTimeout(() => this.#socket.terminate(), closingMs).unref()
    this.#socket.once('close', () => clearTimeout(timer))
  }

  /** It is closed. */
  stop(): void {
    this.#stopLooking?.()
    this.#stopLooking = null
  }

  #waitUntilRead(): void {
    const since = performance.now()
    this.#stopLooking = every(lookEveryMs, () => {
      if (this.#socket.bufferedAmount === 0) {
        this.stop()
        this.#onDrained()
      } else if (performance.now() - since > this.#limits.drainMs) this.end(closeCodes.slow, 'reads too slowly')
    })
  }
}
