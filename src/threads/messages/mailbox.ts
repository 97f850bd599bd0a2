/**
 * The messages that wait for a worker's handlers, of all senders, in the order in which they came. A handler that throws fails its
 * message and nothing else.
 */
import { DroverError, toErrorRecord } from '../../errors.js'
import type { MailboxPolicy } from '../../options/mailbox.js'
import type { Port } from '../../ports/port.js'
import type { Redactor } from '../../redact.js'
import { read } from '../../values/plain.js'
import { Incoming, type Job } from './incoming.js'
import { Queue } from './queue.js'
import { Sent } from './wire.js'

/** The handlers as `receive` has them, with their context. */
export type Handle = (name: string) => ((job: Job) => unknown) | null

export interface MailboxMeans {
  id: string
  policy: MailboxPolicy
  /** The handler of a name; null: there is none. */
  handle: Handle
  redact: Redactor
  /** The handler of a tell threw. */
  tellFailed: (name: string, error: unknown) => void
}

/** The event loop gets a turn after this time of handlers, and the clock is read after this many. */
const turnMs = 10
const readClockEvery = 32
/** How long the end of a mailbox waits for messages that are on their way, in case a sender does not answer. */
const closeMs = 250

export class Mailbox {
  readonly #means: MailboxMeans
  readonly #queue = new Queue<Job>()
  readonly #links = new Set<Incoming>()
  readonly #inWork = new Set<Job>()
  #paused = false
  #ending = false
  #isLooping = false
  /** Called when something has ended. */
  #onEnd = (): void => {}

  constructor(means: MailboxMeans) {
    this.#means = means
  }

  accept(from: string | null, port: Port, begun: SharedArrayBuffer | null): void {
    const link: Incoming = new Incoming({
      from,
      port,
      begun: begun && new Float64Array(begun),
      redact: this.#means.redact,
      received: (job) => this.#receive(job),
      turn: () => this.#pump(),
      closed: () => {
        this.#links.delete(link)
        this.#onEnd()
      },
    })
    this.#links.add(link)
    if (this.#ending) link.close()
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#pump()
  }

  /** Aborts the signals of all handlers in work. */
  abort(reason: unknown): void {
    for (const job of this.#inWork) job.abort(reason)
  }

  flush(): void {
    for (const link of this.#links) link.flush()
  }

  /** Gives back what was not begun, and resolves when all handlers have ended and no message is on its way. */
  async end(): Promise<void> {
    this.#ending = true
    for (let job = this.#queue.take(); job; job = this.#queue.take()) job.link.giveBack(job)
    const links = new Set(this.#links)
    for (const link of links) link.close()
    const late = setTimeout(() => {
      links.clear()
      this.#onEnd()
    }, closeMs)
    await new Promise<void>((resolve) => {
      this.#onEnd = () => {
        if (this.#inWork.size === 0 && [...links].every(({ isClosed }) => isClosed)) resolve()
      }
      this.#onEnd()
    })
    clearTimeout(late)
    for (const link of [...links, ...this.#links]) link.flush()
  }

  #receive(job: Job): void {
    if (this.#ending) {
      job.link.giveBack(job)
      return
    }
    this.#queue.add(job)
    const { capacity, whenFull } = this.#means.policy
    if (whenFull !== 'drop-oldest') return
    const { line } = job.link
    line.add(job)
    // One that can begin at once does not have to wait for the rest of its turn.
    this.#pump()
    if (line.size > capacity) this.#drop(line.take() as Job)
  }

  #drop(job: Job): void {
    if (job.kind === Sent.Tell) job.link.dead(job, 'dropped')
    else if (job.unwanted) job.link.cancelled(job)
    else {
      const message = `the mailbox of ${this.#means.id} was full, and the message was the oldest`
      job.link.failed(job, toErrorRecord(new DroverError('MAILBOX_FULL', message, { details: { delivered: 'no' } })))
    }
  }

  #pump(): void {
    if (this.#isLooping) return
    const until = performance.now() + turnMs
    this.#isLooping = true
    for (let count = 1; this.#mayBegin; count++) {
      const job = this.#queue.take()
      if (!job) break
      this.#begin(job)
      if (count % readClockEvery === 0 && performance.now() > until) {
        setImmediate(() => this.#pump())
        break
      }
    }
    this.#isLooping = false
  }

  get #mayBegin(): boolean {
    return !this.#paused && (this.#means.policy.order === 'concurrent' || this.#inWork.size === 0)
  }

  #begin(job: Job): void {
    if (job.over) return
    // Of one sender, messages begin in order.
    job.link.line.take()
    job.link.begins(job)
    if (job.unwanted) {
      job.link.cancelled(job)
      return
    }
    const handler = this.#means.handle(job.name)
    if (!handler) {
      this.#unhandled(job)
      return
    }
    this.#inWork.add(job)
    let value: unknown
    try {
      value = handler(job)
    } catch (error) {
      this.#failed(job, error)
      return
    }
    if (typeof read(value, 'then') === 'function') {
      Promise.resolve(value).then(
        (reply) => this.#ended(job, reply),
        (error) => this.#failed(job, error),
      )
    } else this.#ended(job, value)
  }

  #unhandled(job: Job): void {
    if (job.kind === Sent.Tell) {
      job.link.dead(job, 'undeliverable')
      return
    }
    const error = new DroverError('HANDLER_UNKNOWN', `${this.#means.id} has no handler for ${job.name}`, { details: { delivered: 'no' } })
    job.link.failed(job, toErrorRecord(error, this.#means.redact))
  }

  #ended(job: Job, reply: unknown): void {
    job.link.replied(job, reply)
    this.#next(job)
  }

  #failed(job: Job, thrown: unknown): void {
    if (job.kind === Sent.Tell) this.#means.tellFailed(job.name, thrown)
    // It gave up because it was told to.
    if (job.unwanted) job.link.cancelled(job)
    else job.link.failed(job, toErrorRecord(thrown, this.#means.redact))
    this.#next(job)
  }

  #next(job: Job): void {
    this.#inWork.delete(job)
    if (this.#ending) this.#onEnd()
    else this.#pump()
  }
}
