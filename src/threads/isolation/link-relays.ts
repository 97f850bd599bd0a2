/**
 * The links of a worker process to other workers: the main thread carries their messages between a port in this process and the pipe. A
 * pipe carries less than a port (no shared memory), so a message may fail here that its sender could send.
 */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import { DroverError, toErrorRecord } from '../../errors.js'
import type { FrameChannel } from '../../ports/frame-channel.js'
import { messageOf } from '../../values/plain.js'
import { post } from '../messages/batch.js'
import { Answer, answerFields, Sent, sentFields } from '../messages/wire.js'
import { processWiring } from '../protocol/messages.js'

type Refused = (fields: unknown[], error: unknown) => void

export class LinkRelays {
  readonly #channel: FrameChannel
  readonly #ports = new Map<MessagePort, (messages: unknown) => void>()
  #links = 0

  constructor(channel: FrameChannel) {
    this.#channel = channel
  }

  /**
   * The process asks over this link.
   *
   * @param tell gives the process the name of its end; called before anything is carried
   */
  toAsker(link: MessagePort, tell: (name: string) => void): void {
    this.#carry(link, tell, answerFields, (send) => ([kind, id], error) => {
      if (kind === Answer.Value) send([Answer.Error, id, unfit('the reply', error)])
    })
  }

  /** The process answers over this link. */
  toAnswerer(link: MessagePort, tell: (name: string) => void): void {
    this.#carry(link, tell, sentFields, () => ([kind, id], error) => {
      if (kind === Sent.Ask) link.postMessage([Answer.Error, id, unfit('the body', error)])
      else link.postMessage([Answer.Dead, id, 'undeliverable'])
    })
  }

  /** Carries what has arrived and was not told yet. */
  drain(): void {
    for (const [port, carry] of this.#ports) {
      for (let left = receiveMessageOnPort(port); left; left = receiveMessageOnPort(port)) carry(left.message)
    }
  }

  close(): void {
    for (const port of this.#ports.keys()) port.close()
    this.#ports.clear()
  }

  #carry(link: MessagePort, tell: (name: string) => void, size: number, refusedBy: (send: (message: unknown) => void) => Refused): void {
    const name = processWiring.link(++this.#links)
    const frames = this.#channel.port(name)
    const refused = refusedBy((message) => frames.postMessage(message))
    const carry = (messages: unknown): void => {
      if (Array.isArray(messages)) post(frames, messages, size, refused)
    }
    tell(name)
    frames.on('message', (messages: unknown) => {
      if (!Array.isArray(messages)) throw new Error('invalid messages to a worker')
      link.postMessage(messages)
    })
    this.#ports.set(link, carry)
    link.on('message', carry)
    link.once('close', () => {
      if (this.#ports.delete(link)) frames.postMessage(null)
      frames.close()
    })
    link.unref()
  }
}

function unfit(what: string, error: unknown): unknown {
  const cause = error instanceof Error ? error : undefined
  return toErrorRecord(new DroverError('MESSAGE_INVALID', `${what} cannot be sent to a process: ${messageOf(error)}`, { cause }))
}
