/** The feeds besides the state. Each runs only while a connection wants it. */
import type { Drover } from '../../drover/drover.js'
import type { ServerMessage, Topic } from '../contract/socket.js'
import { BeatFeed } from './beat-feed.js'
import { EventFeed } from './event-feed.js'
import { frame } from './frames.js'
import { LogFeed } from './log-feed.js'

export type FeedTopic = 'beats' | 'events' | 'logs'

export class Feeds {
  readonly #beats: BeatFeed
  readonly #events: EventFeed
  readonly #logs: LogFeed

  /** @param send sends a frame to all connections with the topic */
  constructor(drover: Drover, send: (topic: FeedTopic, made: Buffer) => void) {
    const tell = (message: Extract<ServerMessage, { type: FeedTopic }>): void => send(message.type, frame(message))
    this.#beats = new BeatFeed(drover, (data) => tell({ type: 'beats', at: Date.now(), data }))
    this.#events = new EventFeed(drover, (data, after) => tell({ type: 'events', data, after }))
    this.#logs = new LogFeed(drover, (data) => tell({ type: 'logs', data }))
  }

  /** The id up to which all events were told; null: none are. */
  get position(): number | null {
    return this.#events.position
  }

  /** @returns null: all wanted feeds run; else a promise for that moment */
  watch(wanted: ReadonlySet<Topic>): Promise<unknown> | null {
    this.#beats.watch(wanted.has('beats'))
    this.#logs.watch(wanted.has('logs'))
    return this.#events.watch(wanted.has('events'))
  }
}
