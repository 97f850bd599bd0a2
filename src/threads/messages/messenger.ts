/** All messages of a thread, or of the main program: the workers that it talks to, and the limits of its asks. */
import type { MessagePort } from 'node:worker_threads'
import type { DroverError } from '../../errors.js'
import { checkName, checkSignal, wholeNumber } from '../../validation/arguments.js'
import { checkOptions } from '../../validation/filters.js'
import type { AskOptions, DeadLetter } from './contract.js'
import { Deadlines } from './deadlines.js'
import { PendingAsk, PendingTell } from './outgoing.js'
import { Peer } from './peer.js'
import { timeoutError } from './timeout-error.js'
import type { PeerNews } from './wire.js'

const yearMs = 365 * 86_400_000
const defaultTimeoutMs = 30_000

export interface MessengerMeans {
  /** The id of this thread's worker; null: the main program. */
  self: string | null
  /** Asks for news of a worker from now on. */
  want: (peer: string) => void
  dead: (letter: DeadLetter) => void
  /** A message begins to wait. */
  waits?: () => void
}

export class Messenger {
  readonly #means: MessengerMeans
  readonly #peers = new Map<string, Peer>()
  readonly #deadlines = new Deadlines()
  /** Why nothing can be sent any more. */
  #ended: DroverError | null = null
  /** How many asks wait for replies, and tells for room. */
  #waiting = 0

  constructor(means: MessengerMeans) {
    this.#means = means
  }

  get isWaiting(): boolean {
    return this.#waiting > 0
  }

  /** @param path ids of the workers whose handlers wait for this ask */
  async ask(to: string, path: readonly string[], name: string, body: unknown, options: AskOptions = {}): Promise<unknown> {
    checkName('the name of a message', name)
    const { timeoutMs = defaultTimeoutMs, signal } = checkOptions('the options of ask', options, ['timeoutMs', 'signal'])
    wholeNumber('timeoutMs', timeoutMs, 1, yearMs)
    checkSignal('signal', signal)
    signal?.throwIfAborted()
    const peer = this.#peer(to)
    return new Promise((resolve, reject) => {
      const ask: PendingAsk = new PendingAsk(
        { name, body, path, timeoutMs, signal },
        {
          resolve,
          reject,
          settled: () => {
            this.#waiting--
            this.#deadlines.remove(ask)
            peer.settled(ask)
          },
          timeIsUp: () => {
            // The reply may be here, unread because this thread was busy.
            peer.drain()
            if (!ask.settled) ask.refused(timeoutError(to, ask))
          },
        },
      )
      this.#waits()
      this.#deadlines.add(ask, timeoutMs)
      peer.send(ask)
    })
  }

  /** @returns resolves once the message has left the line */
  tell(to: string, name: string, body: unknown): Promise<void> {
    const told = this.#tell(to, name, body)
    // Whoever does not wait for it learns of dead letters by the event.
    told.catch(() => {})
    return told
  }

  async #tell(to: string, name: string, body: unknown): Promise<void> {
    checkName('the name of a message', name)
    const peer = this.#peer(to)
    let left = false
    let waiting: { resolve: () => void; reject: (error: unknown) => void } | null = null
    let refusal: { error: unknown } | null = null
    const tell = new PendingTell(
      name,
      body,
      () => {
        left = true
        waiting?.resolve()
      },
      (error) => {
        refusal = { error }
        waiting?.reject(error)
      },
    )
    peer.send(tell)
    if (refusal !== null) throw (refusal as { error: unknown }).error
    if (left) return
    this.#waits()
    try {
      await new Promise<void>((resolve, reject) => {
        waiting = { resolve, reject }
      })
    } finally {
      this.#waiting--
    }
  }

  news(news: PeerNews, port: MessagePort | null): void {
    const peer = this.#peers.get(news.id)
    if (!peer) {
      port?.close()
      return
    }
    // Asked for again by the next message: it may have been added by then.
    if (news.is === 'unknown') this.#peers.delete(news.id)
    peer.news(news, port)
  }

  /** Sends what this turn has collected. */
  flush(): void {
    for (const peer of this.#peers.values()) peer.flush()
  }

  /** Refuses everything from now on, and what waits. */
  end(error: DroverError): void {
    this.#ended = error
    for (const peer of this.#peers.values()) peer.end(error)
  }

  #waits(): void {
    this.#waiting++
    this.#means.waits?.()
  }

  #peer(id: string): Peer {
    if (this.#ended) throw this.#ended
    const known = this.#peers.get(id)
    if (known) return known
    const { self, want, dead } = this.#means
    const peer = new Peer(id, { dead: (message, why, count) => dead({ from: self, to: id, message, why, count }) })
    this.#peers.set(id, peer)
    want(id)
    return peer
  }
}
