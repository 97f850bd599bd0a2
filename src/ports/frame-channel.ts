/**
 * Several ports over one byte stream between a process and its child, told apart by name. Like a `MessagePort`, one keeps what arrives before
 * anybody listens, and one whose other end is gone takes messages and loses them.
 *
 * The frames are our own and not those of Node's IPC channel: code in a child may write to any descriptor, and Node.js takes what it cannot read
 * there for an error of the host. Here whatever is wrong is a fault of the channel, told once.
 */
import type { Duplex } from 'node:stream'
import { DefaultSerializer, deserialize } from 'node:v8'
import { messageOf } from '../values/plain.js'
import type { MessageListener, Port } from './port.js'

/** Each frame begins with this ("drov") and the length of what follows. */
const magic = 0x64_72_6f_76
const headBytes = 8
/** V8 writes no more than that. */
const longest = 2 ** 31 - 1

export class FrameChannel {
  readonly #stream: Duplex
  readonly #onFault: (why: string) => void
  readonly #ports = new Map<string, FramePort>()
  #chunks: Buffer[] = []
  #size = 0
  /** How many bytes the next step needs: the head of a frame, or the whole of it. */
  #needed = headBytes
  #broken = false

  /** @param onFault what came is no frame, or a listener threw; nothing more is read then */
  constructor(stream: Duplex, onFault: (why: string) => void) {
    this.#stream = stream
    this.#onFault = onFault
    stream.on('data', (chunk: Buffer) => this.#onData(chunk))
    // Who is at the other end is watched by other means.
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
      if (bytes.readUInt32BE(0) !== magic || length === 0 || length > longest) throw new Error('bytes that are no message')
      this.#needed = headBytes + length
      return
    }
    const frame = bytes.subarray(headBytes, this.#needed)
    this.#chunks = [bytes.subarray(this.#needed)]
    this.#size -= this.#needed
    this.#needed = headBytes
    const received: unknown = deserialize(frame)
    if (!Array.isArray(received) || typeof received[0] !== 'string') throw new Error('a message to nobody')
    // A port of an earlier connection is not there any more.
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
