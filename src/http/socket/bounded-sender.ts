/**
 * One connection's way out. It never holds more than a reader that keeps up needs: who falls behind gets nothing more until it has read
 * what is on the way, and is let go if that takes too long.
 */

import { every } from '../../time/every.js'
import { closeCodes } from '../contract/socket.js'
import type { RawSocket } from './raw-socket.js'

export interface SenderLimits {
  /** Bytes on the way to a connection above which it counts as behind. */
  maxBufferedBytes: number
  /** How long one that is behind may take to read what is on the way. */
  drainMs: number
}

/** How often is looked whether one that is behind has read. */
const lookEveryMs = 50
/** What the closing handshake may take before the connection is broken off. */
const closingMs = 1_000

export class BoundedSender {
  readonly #socket: RawSocket
  readonly #limits: SenderLimits
  readonly #onDrained: () => void
  #stopLooking: (() => void) | null = null
  #allowance = 0

  /** @param onDrained told when one that was behind has read everything that was on the way */
  constructor(socket: RawSocket, limits: SenderLimits, onDrained: () => void) {
    this.#socket = socket
    this.#limits = limits
    this.#onDrained = onDrained
  }

  /** Whether it takes frames. */
  get ready(): boolean {
    return this.#socket.readyState === this.#socket.OPEN && this.#stopLooking === null
  }

  /** @param whole it is a whole state: its size alone does not make anybody slow */
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
