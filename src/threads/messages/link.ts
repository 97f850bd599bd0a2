/**
 * The sender's end of a link to one thread of a worker. It counts what the receiver has not handled yet (credits), so that no more is
 * sent than the mailbox holds, and knows at the end which messages were begun.
 */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import { DroverError, type ErrorRecord, fromErrorRecord } from '../../errors.js'
import type { Failure } from '../../failure.js'
import type { Port } from '../../ports/port.js'
import { messageOf } from '../../values/plain.js'
import { Batch, isLarge } from './batch.js'
import type { DeathCause } from './contract.js'
import { type Outgoing, type PendingAsk, PendingTell } from './outgoing.js'
import { Answer, answerFields, type PeerNews, Sent, sentFields } from './wire.js'

interface LinkMeans {
  /** There may be room again. */
  moved: () => void
  /** A message died. */
  dead: (name: string, why: DeathCause) => void
}

/** Ids of messages rise in a thread, so no late reply is taken for that of another ask, and a receiver can say how far it came. */
let lastId = 0

export class Link {
  readonly #to: string
  readonly #port: Port
  readonly #means: LinkMeans
  readonly #batch: Batch
  /** How many messages may be sent and not handled. */
  readonly #most: number
  /** The id of the last message that was begun; null: not known. */
  readonly #begun: Float64Array | null
  readonly #asks = new Map<number, PendingAsk>()
  /** Names of asks that nobody waits for any more, and that were not answered yet. */
  readonly #forgotten = new Map<number, string>()
  /** Names of tells that were not handled yet, by id. */
  readonly #tells = new Map<number, string>()
  #unhandled = 0
  #returned: Outgoing[] = []
  /** false: its receiver ends. */
  isOpen = true

  constructor(to: string, port: Port, { mailbox, begun }: Extract<PeerNews, { is: 'up' }>, means: LinkMeans) {
    this.#to = to
    this.#port = port
    this.#means = means
    // The receiver drops the oldest: it needs to see new ones.
    this.#most = mailbox.whenFull === 'drop-oldest' ? mailbox.capacity * 2 : mailbox.capacity
    this.#begun = begun && new Float64Array(begun)
    this.#batch = new Batch({ port, size: sentFields, refused: (fields, error) => this.#uncloneable(fields, error) })
    port.on('message', this.#take)
    port.unref?.()
  }

  get hasRoom(): boolean {
    return this.isOpen && this.#unhandled < this.#most
  }

  send(message: Outgoing): void {
    const { ask, name, body, path } = message
    const id = ++lastId
    this.#unhandled++
    message.body = undefined
    if (ask) {
      ask.id = id
      this.#asks.set(id, ask)
    } else this.#tells.set(id, name)
    this.#batch.add(isLarge(body), ask ? Sent.Ask : Sent.Tell, id, name, body, path.length === 0 ? undefined : path)
  }

  /** Nobody waits for the reply any more. */
  forget(ask: PendingAsk): void {
    if (!this.#asks.delete(ask.id)) return
    this.#forgotten.set(ask.id, ask.name)
    this.#batch.add(false, Sent.Cancel, ask.id, undefined, undefined, undefined)
  }

  flush(): void {
    this.#batch.flush()
  }

  drain(): void {
    // A pipe has no messages that were not told yet.
    if (!isMessagePort(this.#port)) return
    for (let left = receiveMessageOnPort(this.#port); left; left = receiveMessageOnPort(this.#port)) this.#take(left.message)
  }

  /**
   * The receiver's thread has ended. Takes the replies that have arrived, and settles all other asks that it may have begun.
   *
   * @returns messages that come back because they were not begun, and the names of tells that are lost
   */
  end(failure: Failure | null): { returned: Outgoing[]; lost: string[] } {
    const unsent = this.#outgoing(this.#batch.takeBack())
    this.drain()
    this.#port.off('message', this.#take)
    this.#port.close()
    const begun = this.#begun?.[0] ?? null
    const asks = [...this.#asks.values()]
    this.#asks.clear()
    for (const ask of asks) ask.refused(this.#crash(failure, begun === null || ask.id <= begun ? 'maybe' : 'no'))
    const lost = [...this.#tells].flatMap(([id, name]) => (begun === null || id > begun ? [name] : []))
    return { returned: [...this.#returned, ...unsent], lost }
  }

  readonly #take = (answers: unknown): void => {
    if (!Array.isArray(answers)) return
    const handled = this.#unhandled
    try {
      for (let at = 0; at < answers.length; at += answerFields) this.#answer(answers[at], answers[at + 1], answers[at + 2])
    } catch {
      // Other code in the worker wrote them: asks that they would have answered end by their time limits.
    }
    if (this.#unhandled !== handled) this.#means.moved()
  }

  #answer(kind: Answer, id: number, value: unknown): void {
    switch (kind) {
      case Answer.Value:
        this.#replied(id)?.answered(value)
        break
      case Answer.Error:
        this.#replied(id)?.refused(fromErrorRecord(value as ErrorRecord))
        break
      case Answer.Told:
        this.#told(value as number)
        break
      case Answer.Back:
        this.#unhandled--
        this.#returned.push(...this.#outgoing(value as unknown[]))
        break
      case Answer.Cancelled:
        this.#unhandled--
        this.#forgotten.delete(id)
        break
      case Answer.Dead: {
        const name = this.#tells.get(id)
        this.#unhandled--
        this.#tells.delete(id)
        this.#means.dead(name ?? '', value as DeathCause)
        break
      }
      case Answer.Closing:
        this.isOpen = false
        this.#batch.add(false, Sent.Closed, 0, undefined, undefined, undefined)
        break
      default:
        kind satisfies never
    }
  }

  /** @returns the ask that was answered; null: nobody waits for it, so the reply is a dead letter */
  #replied(id: number): PendingAsk | null {
    const ask = this.#asks.get(id)
    if (ask) {
      this.#unhandled--
      this.#asks.delete(id)
      return ask
    }
    const name = this.#forgotten.get(id)
    if (name === undefined) return null
    this.#unhandled--
    this.#forgotten.delete(id)
    this.#means.dead(name, 'late')
    return null
  }

  #told(count: number): void {
    this.#unhandled -= count
    let left = count
    for (const id of this.#tells.keys()) {
      if (left-- === 0) return
      this.#tells.delete(id)
    }
  }

  /** Messages that were not begun, from their fields. */
  #outgoing(fields: unknown[]): Outgoing[] {
    const messages: Outgoing[] = []
    for (let at = 0; at < fields.length; at += sentFields) {
      const [kind, id, name, body] = fields.slice(at, at + sentFields) as [Sent, number, string, unknown]
      if (kind === Sent.Tell) {
        this.#tells.delete(id)
        messages.push(new PendingTell(name, body))
      }
      const ask = kind === Sent.Ask ? this.#asks.get(id) : undefined
      if (!ask) continue
      this.#asks.delete(id)
      ask.id = 0
      ask.body = body
      messages.push(ask)
    }
    return messages
  }

  #uncloneable([kind, id, name]: unknown[], cause: unknown): void {
    if (kind !== Sent.Ask && kind !== Sent.Tell) return
    this.#unhandled--
    if (kind === Sent.Tell) {
      this.#tells.delete(id as number)
      this.#means.dead(name as string, 'undeliverable')
    } else {
      const ask = this.#asks.get(id as number)
      this.#asks.delete(id as number)
      const message = `the body of ${name} cannot be sent to ${this.#to}: ${messageOf(cause)}`
      ask?.refused(new DroverError('MESSAGE_INVALID', message, { cause, details: { delivered: 'no' } }))
    }
    this.#means.moved()
  }

  #crash(failure: Failure | null, delivered: 'no' | 'maybe'): DroverError {
    if (failure === null) {
      const message = `${this.#to} was stopped or replaced before it replied`
      return new DroverError('WORKER_DOWN', message, { details: { delivered } })
    }
    const cause = failure.error === null ? {} : { cause: fromErrorRecord(failure.error) }
    const message = `${this.#to} failed before it replied: ${failure.kind}: ${failure.message}`
    return new DroverError('WORKER_CRASHED', message, { ...cause, details: { failure, delivered } })
  }
}

function isMessagePort(port: Port): port is MessagePort {
  return 'start' in port
}
