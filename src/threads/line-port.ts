/** A port over a byte stream: plain data, a line of JSON for each message. */
import type { Duplex } from 'node:stream'
import type { MessageListener, Port } from '../port.js'

export class LinePort implements Port {
  readonly #stream: Duplex
  readonly #listeners = new Set<MessageListener>()
  #rest = ''

  constructor(stream: Duplex) {
    this.#stream = stream
    stream.setEncoding('utf8')
    stream.on('data', (text: string) => this.#onText(text))
    // Who is at the other end is watched by other means.
    stream.on('error', () => {})
  }

  postMessage(message: unknown): void {
    if (this.#stream.writable) this.#stream.write(`${JSON.stringify(message)}\n`)
  }

  on(_: 'message', listener: MessageListener): void {
    this.#listeners.add(listener)
  }

  off(_: 'message', listener: MessageListener): void {
    this.#listeners.delete(listener)
  }

  close(): void {
    this.#listeners.clear()
    this.#stream.destroy()
  }

  #onText(text: string): void {
    const lines = text.split('\n')
    lines[0] = this.#rest + lines[0]
    this.#rest = lines.pop() as string
    for (const line of lines) {
      const message = JSON.parse(line)
      for (const listener of [...this.#listeners]) listener(message)
    }
  }
}
