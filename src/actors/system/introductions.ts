/**
 * Introduces workers that talk to each other: makes a link at first use, and tells each sender what becomes of the worker that it talks to.
 * The messages themselves pass over the links.
 */
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import type { DroverEvents } from '../../events/event-map.js'
import type { Failure } from '../../failure.js'
import type { DeadLetter } from '../../threads/messages/contract.js'
import { DeadLetters } from '../../threads/messages/dead-letters.js'
import { Messenger } from '../../threads/messages/messenger.js'
import type { PeerNews } from '../../threads/messages/wire.js'
import { firstLine } from '../../values/first-of.js'
import type { WorkerIntroductions } from '../worker/contract.js'
import { free } from '../worker/state-groups.js'
import type { ManagedWorker } from '../worker/worker.js'

interface Means {
  worker: (id: string) => ManagedWorker | undefined
  publish: (name: 'message:dead', payload: DroverEvents['message:dead']) => void
  now: () => number
}

/** A worker for those that talk to it. */
interface Known {
  /** Ids of the workers whose threads talk to it; null: the main program does. */
  senders: Set<string | null>
  /** What they were told last. */
  told: PeerNews['is'] | null
}

export class Introductions implements WorkerIntroductions {
  /** The messages of the main program. */
  readonly program: Messenger
  readonly #means: Means
  readonly #known = new Map<string, Known>()
  /** Workers whose threads take messages. */
  readonly #ready = new Set<string>()
  readonly #dead: DeadLetters

  constructor(means: Means) {
    this.#means = means
    this.#dead = new DeadLetters((letters) => {
      for (const letter of letters) means.publish('message:dead', { ...letter, at: means.now() })
    })
    this.program = new Messenger({
      self: null,
      want: (peer) => this.wanted(null, peer),
      dead: (letter) => this.#dead.add(letter),
    })
  }

  wanted(by: string | null, peer: string): void {
    const news = this.#newsOf(peer)
    if (news.is !== 'unknown') {
      const known = this.#known.get(peer) ?? { senders: new Set(), told: news.is }
      known.senders.add(by)
      this.#known.set(peer, known)
    }
    this.#tell(by, news)
  }

  ready(id: string): void {
    this.#ready.add(id)
    this.#tellAll(id, this.#newsOf(id))
  }

  ended(id: string, failure: Failure | null): void {
    if (this.#ready.delete(id)) this.#tellAll(id, { is: 'ended', id, failure })
    // Its thread knows nobody any more.
    for (const { senders } of this.#known.values()) senders.delete(id)
  }

  moved(id: string): void {
    const known = this.#known.get(id)
    if (!known) return
    const news = this.#newsOf(id)
    if (news.is === known.told || news.is === 'up') return
    this.#tellAll(id, news)
    if (news.is === 'unknown') this.#known.delete(id)
  }

  dead(letter: DeadLetter): void {
    this.#dead.add(letter)
  }

  #newsOf(id: string): PeerNews {
    const worker = this.#means.worker(id)
    if (!worker || worker.isGone) return { is: 'unknown', id }
    const { state, config, awaitsParole, beingStarted } = worker
    const { mailbox } = config
    if (this.#ready.has(id)) return { is: 'up', id, mailbox, begun: null }
    if (state === 'idle' || awaitsParole || beingStarted || !free.includes(state)) return { is: 'coming', id, mailbox }
    return { is: 'down', id, why: `${state}: ${firstLine(worker.memory.reason)}` }
  }

  #tellAll(id: string, news: PeerNews): void {
    const known = this.#known.get(id)
    if (!known) return
    known.told = news.is
    for (const sender of known.senders) this.#tell(sender, news)
  }

  #tell(sender: string | null, news: PeerNews): void {
    if (news.is !== 'up') {
      this.#bring(sender, news, null)
      return
    }
    const receiver = this.#means.worker(news.id)
    if (!receiver?.thread) return
    // A process shares no memory with others.
    const isShared = [sender, news.id].every((id) => id === null || this.#means.worker(id)?.thread?.isolation === 'thread')
    const begun = isShared ? new SharedArrayBuffer(Float64Array.BYTES_PER_ELEMENT) : null
    const { port1, port2 } = new MessageChannel()
    receiver.thread.accept(sender, port2, begun)
    this.#bring(sender, { ...news, begun }, port1)
  }

  #bring(sender: string | null, news: PeerNews, link: MessagePort | null): void {
    if (sender === null) this.program.news(news, link)
    else {
      const thread = this.#means.worker(sender)?.thread
      if (thread) thread.peer(news, link)
      else link?.close()
    }
  }
}
