/**
 * Several ports over the one IPC channel between a process and its child, told apart by name. Like a `MessagePort`, one keeps
 * what arrives before anybody listens, and one whose other end is gone takes messages and loses them.
 */
import type { MessageListener, Port } from '../port.js'

/** What a `ChildProcess` and, in a child, `process` have in common. */
export interface IpcChannel {
  send?(message: unknown, done: () => void): boolean
  on(event: 'message', listener: (message: unknown) => void): unknown
  off(event: 'message', listener: (message: unknown) => void): unknown
}

interface Addressed {
  to: string
  message: unknown
}

const ignoreFailure = (): void => {}

export class ChannelPort implements Port {
  readonly #channel: IpcChannel
  readonly #name: string
  readonly #listeners = new Set<MessageListener>()
  #early: unknown[] = []

  /** @param name the same at both ends; at one end, one port of that name at a time */
  constructor(channel: IpcChannel, name: string) {
    this.#channel = channel
    this.#name = name
    channel.on('message', this.#onMessage)
  }

  /** @throws if the message cannot be serialised */
  postMessage(message: unknown): void {
    this.#channel.send?.({ to: this.#name, message } satisfies Addressed, ignoreFailure)
  }

  on(_: 'message', listener: MessageListener): void {
    this.#listeners.add(listener)
    for (const message of this.#early.splice(0)) listener(message)
  }

  off(_: 'message', listener: MessageListener): void {
    this.#listeners.delete(listener)
  }

  close(): void {
    this.#channel.off('message', this.#onMessage)
    this.#listeners.clear()
  }

  /** Others may use the channel as well: what is not addressed is not ours. */
  #onMessage = (received: unknown): void => {
    const { to, message } = (received ?? {}) as Partial<Addressed>
    if (to !== this.#name) return
    if (this.#listeners.size === 0) this.#early.push(message)
    for (const listener of [...this.#listeners]) listener(message)
  }
}
