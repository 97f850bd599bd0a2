/** The messages of a worker's thread: those that it sends, and its mailbox. */
import type { MessagePort } from 'node:worker_threads'
import { toErrorRecord } from '../../errors.js'
import type { WorkerLog } from '../../logs/log.js'
import type { Port } from '../../ports/port.js'
import type { Redactor } from '../../redact.js'
import type { BeatCell } from '../heartbeat/beats.js'
import { DeadLetters } from '../messages/dead-letters.js'
import { type Handle, Mailbox } from '../messages/mailbox.js'
import { Messenger } from '../messages/messenger.js'
import type { PeerNews } from '../messages/wire.js'
import type { ThreadControl, ThreadReport, WorkerBoot } from '../protocol/messages.js'

type Received = Parameters<ThreadControl['reconnect']>[0]

interface Means {
  boot: WorkerBoot
  beats: BeatCell
  redact: Redactor
  report: (report: ThreadReport) => void
  log: WorkerLog
  openPort: (received: Received) => Port
}

/** Time between signs of progress while a message waits: a wait is not a stall. */
const showMs = 1_000
/** Errors of tells that are logged in this time; the rest is counted. */
const mostErrors = 10
const errorsMs = 1_000

export class ThreadMessages {
  readonly messenger: Messenger
  readonly #means: Means
  readonly #dead: DeadLetters
  #mailbox: Mailbox | null = null
  #isPaused = false
  #showing: NodeJS.Timeout | null = null
  #errors = 0

  constructor(means: Means) {
    const { boot, report } = means
    this.#means = means
    this.#dead = new DeadLetters((letters) => report({ type: 'dead-letters', letters }))
    this.messenger = new Messenger({
      self: boot.id,
      want: (peer) => report({ type: 'wanted', peer }),
      dead: (letter) => this.#dead.add(letter),
      waits: () => this.#show(),
    })
    process.on('exit', () => {
      this.messenger.flush()
      this.#mailbox?.flush()
      this.#dead.flush()
    })
  }

  /** From now on messages may come. */
  open(handle: Handle): void {
    const { boot, redact } = this.#means
    const tellFailed = (name: string, error: unknown): void => this.#tellFailed(name, error)
    this.#mailbox = new Mailbox({ id: boot.id, policy: boot.mailbox, handle, redact, tellFailed })
    if (this.#isPaused) this.#mailbox.pause()
  }

  pause(): void {
    this.#isPaused = true
    this.#mailbox?.pause()
  }

  resume(): void {
    this.#isPaused = false
    this.#mailbox?.resume()
  }

  abort(reason: unknown): void {
    this.#mailbox?.abort(reason)
  }

  /** Resolves when its handlers have ended. What was not begun goes back to its senders. */
  async end(): Promise<void> {
    await this.#mailbox?.end()
    this.messenger.flush()
  }

  news(news: PeerNews, link: Received | null): void {
    this.messenger.news(news, link === null ? null : (this.#means.openPort(link) as MessagePort))
  }

  accept(from: string | null, link: Received, begun: SharedArrayBuffer | null): void {
    this.#mailbox?.accept(from, this.#means.openPort(link), begun)
  }

  #show(): void {
    this.#showing ??= setInterval(() => {
      if (this.messenger.isWaiting) this.#means.beats.progress()
      else if (this.#showing !== null) {
        clearInterval(this.#showing)
        this.#showing = null
      }
    }, showMs).unref()
  }

  #tellFailed(name: string, error: unknown): void {
    const { log, redact } = this.#means
    if (this.#errors++ === 0) {
      setTimeout(() => {
        const more = this.#errors - mostErrors
        this.#errors = 0
        if (more > 0) log.error(`${more} more messages failed, whose senders do not wait for a reply`)
      }, errorsMs).unref()
    }
    if (this.#errors > mostErrors) return
    log.error(`receive.${name} threw, and the sender does not wait for a reply`, { error: toErrorRecord(error, redact) })
  }
}
