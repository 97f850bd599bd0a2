/**
 * Several named ports over one byte stream between a process and its child. Like a `MessagePort`, a port keeps messages that
 * arrive before there is a listener, and loses messages after its other end is gone.
 *
 * The frames are drover's own and not those of Node's IPC channel: code in a child may write to any descriptor, and Node.js
 * treats unreadable bytes there as an error of the host. Here any mistake is a fault of the channel, reported once.
 */
import type { Duplex } from 'node:stream'
import { DefaultSerializer, deserialize } from 'node:v8'
import { messageOf } from '../values/plain.js'
import type { MessageListener, Port } from './port.js'

/** Each frame begins with this ("drov") and the length of what follows. */
const magic = 0x64_72_6f_76
const headBytes = 8
/** The most that V8 writes. */
const longest = 2 ** 31 - 1

export class FrameChannel {
  readonly #stream: Duplex
  readonly #onFault: (why: string) => void
  readonly #ports = new Map<string, FramePort>()
  #chunks: Buffer[] = []
  #size = 0
  /** Bytes needed for the next step: the head of a frame, or the whole frame. */
  #needed = headBytes
  #broken = false

  /** @param onFault called when bytes are not a frame or a listener threw; then nothing more is read */
  constructor(stream: Duplex, onFault: (why: string) => void) {
    this.#stream = stream
    this.#onFault = onFault
    stream.on('data', (chunk: Buffer) => this.#onData(chunk))
    // The other end is watched by other means.
    stream.on('error', () => {})
  }

  /** @param name the same at both ends; at one end, one port of that name at a time */
  port(name: string): Port {
    const port = new FramePort(
      (message) => this.#send(name, message),
      () => this.#ports.get(name) === port && this.#ports.delete(name),
    )
    this.#ports.set(name, port)
    return port
  }

  close(): void {
    this.#broken = true
    this.#ports.clear()
    this.#stream.destroy()
  }

  #send(name: string, message: unknown): void {
    const serializer = new DefaultSerializer()
    serializer.writeRawBytes(Buffer.alloc(headBytes))
    serializer.writeHeader()
    serializer.writeValue([name, message])
    const frame = serializer.releaseBuffer()
    frame.writeUInt32BE(magic, 0)
    frame.writeUInt32BE(frame.length - headBytes, 4)
    if (this.#stream.writable) this.#stream.write(frame)
  }

  #onData(chunk: Buffer): void {
    if (this.#broken) return
    this.#chunks.push(chunk)
    this.#size += chunk.length
    try {
      while (this.#size >= this.#needed && !this.#broken) this.#step()
    } catch (error) {
      this.#broken = true
      this.#chunks = []
      this.#onFault(messageOf(error))
    }
  }

  #step(): void {
    const bytes = this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks)
    this.#chunks = [bytes]
    if (this.#needed === headBytes) {
      const length = bytes.readUInt32BE(4)
      if (bytes.readUInt32BE(0) !== magic || length === 0 || length > longest) throw new Error('bytes that are not a message')
      this.#needed = headBytes + length
      return
    }
    const frame = bytes.subarray(headBytes, this.#needed)
    this.#chunks = [bytes.subarray(this.#needed)]
    this.#size -= this.#needed
    this.#needed = headBytes
    const received: unknown = deserialize(frame)
    if (!Array.isArray(received) || typeof received[0] !== 'string') throw new Error('a message without a port')
    // A port of an earlier connection no longer exists.
    this.#ports.get(received[0])?.receive(received[1])
  }
}

class FramePort implements Port {
  readonly postMessage: (message: unknown) => void
  readonly #onClose: () => void
  readonly #listeners = new Set<MessageListener>()
  #early: unknown[] = []

  constructor(send: (message: unknown) => void, onClose: () => void) {
    this.postMessage = send
    this.#onClose = onClose
  }

  on(_: 'message', listener: MessageListener): void {
    this.#listeners.add(listener)
    for (const message of this.#early.splice(0)) listener(message)
  }

  off(_: 'message', listener: MessageListener): void {
    this.#listeners.delete(listener)
  }

  close(): void {
    this.#listeners.clear()
    this.#early = []
    this.#onClose()
  }

  receive(message: unknown): void {
    if (this.#listeners.size === 0) this.#early.push(message)
    for (const listener of [...this.#listeners]) listener(message)
  }
}
