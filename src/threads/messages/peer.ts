/**
 * A worker as this thread talks to it: the line of messages that wait for it, and the link to its thread while it has one. The main
 * thread says when there is a link and when it has ended (`wire.ts`); until then its `close` says nothing, because it may come late.
 */
import type { MessagePort } from 'node:worker_threads'
import { DroverError } from '../../errors.js'
import type { MailboxPolicy } from '../../options/mailbox.js'
import { plural } from '../../values/count.js'
import type { DeathCause } from './contract.js'
import { Link } from './link.js'
import { type Outgoing, type PendingAsk, PendingTell } from './outgoing.js'
import type { PeerNews } from './wire.js'

/** How many messages may wait for room in a mailbox that blocks its senders. */
const mostBlocked = 10_000

export interface PeerMeans {
  dead: (message: string, why: DeathCause, count: number) => void
}

export class Peer {
  readonly id: string
  readonly #means: PeerMeans
  /** In the order of sending; one that settles leaves it. */
  #line = new Set<Outgoing>()
  /** Why it is down for good; null: it is not, as far as is known. */
  #down: DroverError | null = null
  /** null: not known yet. */
  #mailbox: MailboxPolicy | null = null
  #link: Link | null = null

  constructor(id: string, means: PeerMeans) {
    this.id = id
    this.#means = means
  }

  send(message: Outgoing): void {
    if (this.#down) this.#refuse(message, this.#down, 'gone')
    else if (this.#line.size === 0 && this.#link?.hasRoom) this.#pass(message, this.#link)
    else if (this.#line.size < this.#lineRoom) this.#line.add(message)
    else if (this.#mailbox?.whenFull !== 'drop-oldest') this.#refuse(message, this.#full(), 'full')
    else {
      const [oldest] = this.#line
      if (oldest) this.#drop(oldest)
      this.#line.add(message)
    }
  }

  /** An ask has settled: it no longer waits in the line. */
  settled(ask: PendingAsk): void {
    if (!this.#line.delete(ask)) this.#link?.forget(ask)
  }

  /** Reads replies that have arrived but were not told yet. */
  drain(): void {
    this.#link?.drain()
  }

  flush(): void {
    this.#link?.flush()
  }

  /** @param port its end of the link, if it is up */
  news(news: PeerNews, port: MessagePort | null): void {
    switch (news.is) {
      case 'unknown':
        this.#goDown(new DroverError('WORKER_UNKNOWN', `there is no worker ${this.id}`, { details: { delivered: 'no' } }), 'undeliverable')
        break
      case 'down':
        this.#goDown(new DroverError('WORKER_DOWN', `${this.id} is down: ${news.why}`, { details: { delivered: 'no' } }), 'gone')
        break
      case 'coming':
        this.#down = null
        this.#mailbox = news.mailbox
        break
      case 'ended':
        this.#unlink(news.failure)
        break
      case 'up':
        this.#unlink(null)
        this.#down = null
        this.#mailbox = news.mailbox
        this.#link = new Link(this.id, port as MessagePort, news, {
          moved: () => this.#pump(),
          dead: (name, why) => this.#means.dead(name, why, 1),
        })
        this.#pump()
        break
      default:
        news satisfies never
    }
  }

  /** Nothing is sent any more: what waits is refused. */
  end(error: DroverError): void {
    this.#unlink(null)
    this.#goDown(error, 'gone')
  }

  get #lineRoom(): number {
    const { whenFull = 'block', capacity = mostBlocked } = this.#mailbox ?? {}
    if (whenFull === 'block') return mostBlocked
    return whenFull === 'reject' && this.#link?.isOpen ? 0 : capacity
  }

  #pump(): void {
    for (const message of this.#line) {
      if (!this.#link?.hasRoom) return
      this.#line.delete(message)
      this.#pass(message, this.#link)
    }
  }

  #pass(message: Outgoing, link: Link): void {
    if (message.ask && this.#mailbox?.order === 'serial' && message.path.includes(this.id)) {
      const path = [...message.path.slice(message.path.indexOf(this.id)), this.id]
      const what = `${path.join(' asks ')}: each waits for the next, so none could go on`
      message.refused(new DroverError('ASK_CYCLE', what, { details: { path } }))
      return
    }
    link.send(message)
    message.accepted()
  }

  /** Settles what was sent over the link; what comes back goes to the head of the line. */
  #unlink(failure: Parameters<Link['end']>[0]): void {
    if (!this.#link) return
    const { returned, lost } = this.#link.end(failure)
    this.#link = null
    this.#line = new Set([...returned.filter(({ ask }) => !ask?.settled), ...this.#line])
    for (const name of lost) this.#means.dead(name, 'gone', 1)
  }

  #goDown(error: DroverError, why: DeathCause): void {
    this.#down = error
    const line = [...this.#line]
    this.#line.clear()
    for (const message of line) this.#refuse(message, error, why)
  }

  #refuse(message: Outgoing, error: DroverError, why: DeathCause): void {
    if (!message.ask) this.#means.dead(message.name, why, 1)
    message.refused(error)
  }

  #drop(message: Outgoing): void {
    this.#line.delete(message)
    // For a tell: it has left the line, and its sender does not wait any more.
    if (message instanceof PendingTell) message.accepted()
    this.#refuse(message, this.#full(), 'dropped')
  }

  #full(): DroverError {
    const { capacity = mostBlocked } = this.#mailbox ?? {}
    const message = `the mailbox of ${this.id} is full: it holds ${plural(capacity, 'message')} of a sender`
    return new DroverError('MAILBOX_FULL', message, { details: { delivered: 'no' } })
  }
}
