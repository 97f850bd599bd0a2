/** The receiver's end of a link: the messages of one sender, and the answers to it. */
import { type ErrorRecord, toErrorRecord } from '../../errors.js'
import type { Port } from '../../ports/port.js'
import type { Redactor } from '../../redact.js'
import { messageOf } from '../../values/plain.js'
import { Batch, isLarge } from './batch.js'
import type { DeathCause, MessageCall } from './contract.js'
import { Queue } from './queue.js'
import { Answer, answerFields, Sent, sentFields } from './wire.js'

/** A message that was received. */
export class Job implements MessageCall {
  readonly link: Incoming
  readonly kind: Sent.Ask | Sent.Tell
  readonly id: number
  readonly name: string
  readonly body: unknown
  readonly path: readonly string[]
  /** Nobody waits for its reply any more. */
  unwanted = false
  /** It was answered, or will never be begun. */
  over = false
  #controller: AbortController | null = null
  #aborted: { reason: unknown } | null = null

  constructor(link: Incoming, [kind, id, name, body, path]: [Sent.Ask | Sent.Tell, number, string, unknown, string[] | undefined]) {
    this.link = link
    this.kind = kind
    this.id = id
    this.name = name
    this.body = body
    this.path = path ?? []
  }

  get from(): string | null {
    return this.link.from
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController()
      if (this.#aborted) this.#controller.abort(this.#aborted.reason)
    }
    return this.#controller.signal
  }

  abort(reason: unknown): void {
    this.#aborted ??= { reason }
    this.#controller?.abort(reason)
  }
}

export interface IncomingMeans {
  from: string | null
  port: Port
  /** See `PeerNews`. */
  begun: Float64Array | null
  redact: Redactor
  received: (job: Job) => void
  /** A turn's messages have been received. */
  turn: () => void
  /** Its sender has stopped sending, or is gone. */
  closed: () => void
}

export class Incoming {
  readonly from: string | null
  readonly #means: IncomingMeans
  readonly #batch: Batch
  /** Asks that were not answered yet. */
  readonly #asks = new Map<number, Job>()
  /** Tells that were handled since the last answers. */
  #told = 0
  isClosed = false
  /** Its messages that wait, in a mailbox that drops the oldest. */
  readonly line = new Queue<Job>()

  constructor(means: IncomingMeans) {
    this.#means = means
    this.from = means.from
    this.#batch = new Batch({
      port: means.port,
      size: answerFields,
      refused: (fields, error) => this.#uncloneable(fields, error),
      sending: () => this.#addTold(),
    })
    means.port.on('message', (messages: unknown) => this.#take(messages))
    means.port.once?.('close', () => this.#leave())
    means.port.unref?.()
  }

  begins({ id }: Job): void {
    if (this.#means.begun) this.#means.begun[0] = id
  }

  replied(job: Job, value: unknown): void {
    if (this.#ends(job)) this.#batch.add(isLarge(value), Answer.Value, job.id, value)
  }

  failed(job: Job, error: ErrorRecord): void {
    if (this.#ends(job)) this.#batch.add(false, Answer.Error, job.id, error)
  }

  /** A tell is never handled. */
  dead(job: Job, why: DeathCause): void {
    job.over = true
    this.#batch.add(false, Answer.Dead, job.id, why)
  }

  /** An ask that nobody waits for was not begun, or has failed. */
  cancelled(job: Job): void {
    job.over = true
    this.#asks.delete(job.id)
    this.#batch.add(false, Answer.Cancelled, job.id, undefined)
  }

  /** It was not begun, and will not be by this thread. */
  giveBack(job: Job): void {
    if (job.unwanted) {
      this.cancelled(job)
      return
    }
    job.over = true
    this.#asks.delete(job.id)
    this.#batch.add(false, Answer.Back, job.id, [job.kind, job.id, job.name, job.body, job.path])
  }

  /** Asks the sender to send no more. */
  close(): void {
    if (!this.isClosed) this.#batch.add(false, Answer.Closing, 0, undefined)
  }

  flush(): void {
    this.#batch.flush()
  }

  /** @returns whether a reply is to be sent */
  #ends(job: Job): boolean {
    if (job.over) return false
    job.over = true
    if (job.kind === Sent.Ask) {
      this.#asks.delete(job.id)
      return true
    }
    this.#told++
    this.#batch.due()
    return false
  }

  #addTold(): void {
    const told = this.#told
    this.#told = 0
    if (told > 0) this.#batch.add(false, Answer.Told, 0, told)
  }

  #take(messages: unknown): void {
    // null: the other end of a relay is gone.
    if (messages === null) this.#leave()
    if (!Array.isArray(messages)) return
    for (let at = 0; at < messages.length; at += sentFields) {
      const kind = messages[at] as Sent
      if (kind === Sent.Cancel) this.#cancel(messages[at + 1])
      else if (kind === Sent.Closed) this.#close()
      else this.#receive(new Job(this, [kind, messages[at + 1], messages[at + 2], messages[at + 3], messages[at + 4]]))
    }
    this.#means.turn()
  }

  #receive(job: Job): void {
    if (job.kind === Sent.Ask) this.#asks.set(job.id, job)
    this.#means.received(job)
  }

  #cancel(id: number): void {
    const job = this.#asks.get(id)
    if (!job) return
    job.unwanted = true
    job.abort(new DOMException('the sender no longer waits for the reply', 'AbortError'))
  }

  #close(): void {
    if (this.isClosed) return
    this.isClosed = true
    this.#means.closed()
  }

  /** The sender is gone: nobody waits for replies. */
  #leave(): void {
    for (const id of [...this.#asks.keys()]) this.#cancel(id)
    this.#close()
  }

  #uncloneable([kind, id]: unknown[], cause: unknown): void {
    if (kind !== Answer.Value) return
    const error = { name: 'DroverError', code: 'MESSAGE_INVALID', message: `the reply cannot be sent: ${messageOf(cause)}` }
    this.#batch.add(false, Answer.Error, id, { ...error, cause: toErrorRecord(cause, this.#means.redact) })
  }
}
