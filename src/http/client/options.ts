/** What a client is given and what it tells. */
import type { LogRecord, StatusEvent } from '../contract/log.js'
import type { Topic } from '../contract/socket.js'
import type { Beat } from '../contract/worker.js'
import type { Fetch } from './api.js'
import type { EventGap } from './event-log.js'
import type { WebSocketClass } from './socket-link.js'

/**
 * `connecting`: connecting for the first time, or again. `live`: over the WebSocket. `polling`: asks every two seconds, because
 * no WebSocket works. `offline`: the server does not answer; it is asked again. `closed`: by `close`. `unauthorized`: the server refuses this client;
 * {@link Client.reconnect} tries again.
 */
export type ClientStatus = 'connecting' | 'live' | 'polling' | 'offline' | 'closed' | 'unauthorized'

/** The options of {@link connect}. */
export interface ConnectOptions {
  /** The server's `token` or `readToken`. Without one, a browser's session cookie is used. */
  token?: string
  /** The parts of the state and the feeds that it gets. @defaultValue `['overview', 'workers']` */
  topics?: readonly Topic[]
  /**
   * What becomes of events (topic `events`) that did not come over the connection, because it was broken or was read too slowly.
   * `read`: they are read from the event log and told in their place. `tell`: they are left out, and `gap` tells of them.
   * @defaultValue 'read'
   */
  missedEvents?: 'read' | 'tell'
  /** @defaultValue the global one */
  fetch?: Fetch
  /** @defaultValue the global one; in Node.js without one, that of the package `ws` */
  WebSocket?: WebSocketClass
}

/** Messages that are passed on and not kept in the state. */
export interface ClientMessages {
  /**
   * One event of the event log (topic `events`): each once, by rising id, also those from while the connection was broken. `type`
   * tells the payload's type.
   */
  event: StatusEvent
  /** Events that were left out: the log no longer keeps them, its store is another one, or the option `missedEvents` is `tell`. */
  gap: EventGap
  /** One log record (topic `logs`). */
  log: LogRecord
  /** By worker (topic `beats`). */
  beats: Record<string, Beat>
}

/** @deprecated Use {@link ClientMessages}. */
export type Told = ClientMessages
