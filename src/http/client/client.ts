/**
 * The live state of a system from its status server: over a WebSocket, which is opened again whenever it ends, or by polling
 * while no WebSocket works.
 */
import type { LogRecord, StatusEvent } from '../contract/log.js'
import { closeCodes, type LiveState, type ServerMessage, type Topic } from '../contract/socket.js'
import type { Beat } from '../contract/worker.js'
import { Api, type ClientError, type Fetch } from './api.js'
import { backoffMs } from './backoff.js'
import { Listeners } from './listeners.js'
import { LivePosition } from './live-position.js'
import { Poll } from './poll.js'
import { keep } from './same.js'
import { Link, protocolsFor, type WebSocketClass, webSocketClass } from './socket-link.js'
import { until } from './until.js'

/**
 * `connecting`: connecting for the first time, or again. `live`: over the WebSocket. `polling`: asks every two seconds, because
 * no WebSocket works. `offline`: the server does not answer. `unauthorized`: the server refuses this client;
 * {@link Client.reconnect} tries again.
 */
export type ClientStatus = 'connecting' | 'live' | 'polling' | 'offline' | 'closed' | 'unauthorized'

/** The options of {@link connect}. */
export interface ConnectOptions {
  /** The server's `token` or `readToken`. Without one, a browser's session cookie is used. */
  token?: string
  /** @defaultValue overview, workers and tree */
  topics?: readonly Topic[]
  /** @defaultValue the global one */
  fetch?: Fetch
  /** @defaultValue the global one; in Node.js without one, that of the package `ws` */
  WebSocket?: WebSocketClass
}

/** Messages that are passed on and not kept in the state. */
export interface ClientMessages {
  /** One event of the event log (topic `events`). */
  event: StatusEvent
  /** One log record (topic `logs`). */
  log: LogRecord
  /** By worker (topic `beats`). */
  beats: Record<string, Beat>
}

/** @deprecated Use {@link ClientMessages}. */
export type Told = ClientMessages

const pollMs = 2_000
/** After this many WebSockets in a row that did not open, although the server answers, the client polls. */
const mostFailures = 2

/** A client of one system: its latest state, and calls of its API. Made by {@link connect}. */
export class Client {
  readonly #base: string
  readonly #options: ConnectOptions
  readonly #gone = new AbortController()
  readonly #api: Api
  readonly #poll: Poll
  readonly #position = new LivePosition()
  #state: LiveState = {}
  readonly #changed = new Listeners<LiveState>()
  readonly #told = { event: new Listeners<StatusEvent>(), log: new Listeners<LogRecord>(), beats: new Listeners<Record<string, Beat>>() }
  #topics: readonly Topic[]
  #status: ClientStatus = 'connecting'
  #link: Link | null = null
  #timer: ReturnType<typeof setTimeout> | undefined
  #pollTimer: ReturnType<typeof setTimeout> | undefined
  /** WebSockets in a row that ended before a state arrived. */
  #failures = 0
  /** Number of the current attempt; results of earlier ones are ignored. */
  #attempt = 0
  #closing: Promise<void> | null = null

  /** @internal Use {@link connect}. */
  constructor(url: string, options: ConnectOptions) {
    this.#base = url.replace(/[?#].*$/, '').replace(/\/+$/, '')
    this.#options = options
    this.#topics = options.topics ?? ['overview', 'workers', 'tree']
    const fetch = options.fetch ?? ((...request: Parameters<Fetch>) => globalThis.fetch(...request))
    this.#api = new Api(this.#base, fetch, options.token, this.#gone.signal)
    this.#poll = new Poll(this.#api, this.#gone.signal)
    void this.#open()
  }

  /** The latest state; unchanged parts stay the same objects. Empty until the first answer. */
  get state(): LiveState {
    return this.#state
  }

  get status(): ClientStatus {
    return this.#status
  }

  /**
   * Calls the listener at each change of state or status.
   *
   * @returns ends it
   */
  subscribe(listener: (state: LiveState) => void): () => void {
    return this.#changed.add(listener)
  }

  /**
   * Calls the listener when the value selected by `selector` changes.
   *
   * @param isEqual @defaultValue ===, which suits parts of the state
   * @returns ends it
   * @example
   * client.select(({ workers }) => workers?.['annotator-1/urgency']?.state, (now, before) => console.log(before, now))
   */
  select<T>(
    selector: (state: LiveState) => T,
    listener: (selected: T, before: T) => void,
    isEqual: (a: T, b: T) => boolean = Object.is,
  ): () => void {
    let selected = selector(this.#state)
    return this.#changed.add((state) => {
      const before = selected
      const now = selector(state)
      if (isEqual(now, before)) return
      selected = now
      listener(now, before)
    })
  }

  /**
   * Resolves with the state once the condition holds.
   *
   * @throws ClientError TIMEOUT, or CLOSED if the client is closed before; the signal's reason if that aborts
   * @example
   * await client.until(({ overview }) => overview?.states.running === 4, { timeoutMs: 10_000 })
   */
  until(condition: (state: LiveState) => boolean, options: { timeoutMs?: number; signal?: AbortSignal } = {}): Promise<LiveState> {
    const isClosed = (): boolean => this.#closing !== null
    return until({ state: () => this.#state, isClosed, subscribe: (listener) => this.subscribe(listener) }, condition, options)
  }

  /**
   * Calls the listener with each event, log record or round of beats, while the topic is subscribed and the connection is live.
   *
   * @returns ends it
   * @example
   * client.setTopics(['events'])
   * const stop = client.on('event', ({ type, worker }) => console.log(type, worker))
   */
  on<Name extends keyof ClientMessages>(name: Name, listener: (told: ClientMessages[Name]) => void): () => void {
    return (this.#told[name] as unknown as Listeners<ClientMessages[Name]>).add(listener)
  }

  /** Replaces the topics. Parts of the state without a topic are dropped. */
  setTopics(topics: readonly Topic[]): void {
    this.#topics = topics
    this.#position.expectWhole()
    this.#link?.send({ type: 'subscribe', topics: [...topics] })
  }

  /**
   * Calls the API.
   *
   * @param path below `/api/v1`, such as `/control/start`
   * @throws ClientError with the server's code, its status, and details
   * @example
   * await client.request('POST', '/control/start', { domain: 'urgency' })
   */
  request<T = unknown>(method: string, path: string, body?: unknown): Promise<T> {
    return this.#api.request<T>(method, path, body)
  }

  /** Connects again at once, for example after a login, with another token, or when a browser is online again. */
  reconnect(options: { token?: string } = {}): void {
    if (this.#closing) return
    if (options.token !== undefined) this.#api.token = options.token
    this.#failures = 0
    this.#become('connecting')
    void this.#open()
  }

  /** Ends the connection and all waits. Memoised. */
  close(): Promise<void> {
    this.#closing ??= this.#stop()
    this.#gone.abort()
    this.#become('closed')
    return this.#closing
  }

  /** Closes the client, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Ends the current connection and timers. */
  async #stop(): Promise<void> {
    const link = this.#link
    this.#link = null
    this.#attempt++
    clearTimeout(this.#timer)
    clearTimeout(this.#pollTimer)
    await link?.close()
  }

  async #open(): Promise<void> {
    const polling = this.#status === 'polling'
    clearTimeout(this.#timer)
    void this.#link?.close()
    this.#link = null
    if (!polling) clearTimeout(this.#pollTimer)
    const attempt = ++this.#attempt
    const query = new URLSearchParams({ protocol: '2', topics: this.#topics.join() })
    const { since } = this.#position
    if (since !== null) query.set('since', since)
    try {
      const WebSocket = await webSocketClass(this.#options.WebSocket)
      if (attempt !== this.#attempt) return
      const socket = new WebSocket(`${this.#base.replace(/^http/, 'ws')}/api/ws?${query}`, protocolsFor(this.#api.token))
      const asked = this.#topics
      this.#link = new Link(socket, { message: (message) => this.#take(message, asked), end: (code) => this.#ended(code) })
    } catch {
      if (attempt === this.#attempt) this.#ended(0)
    }
  }

  #take(message: ServerMessage, asked: readonly Topic[]): void {
    switch (message.type) {
      case 'hello':
        this.#position.begin(message.epoch, message.resumed)
        if (asked !== this.#topics) {
          this.#position.expectWhole()
          this.#link?.send({ type: 'subscribe', topics: [...this.#topics] })
        } else if (message.resumed) this.#live(this.#state)
        break
      case 'state':
        this.#live(this.#position.whole(this.#state, message.data, message.seq, this.#topics))
        break
      case 'patch':
        this.#live(this.#position.patch(this.#state, message.data, message.seq, () => this.#link?.send({ type: 'request_full_state' })))
        break
      case 'events':
        for (const event of message.data) this.#told.event.tell(event)
        break
      case 'logs':
        for (const record of message.data) this.#told.log.tell(record)
        break
      case 'beats':
        this.#told.beats.tell(message.data)
    }
  }

  /** @param state null: there is none to be shown */
  #live(state: LiveState | null): void {
    if (state === null) return
    this.#failures = 0
    clearTimeout(this.#pollTimer)
    this.#become('live', state)
  }

  #ended(code: number): void {
    this.#link = null
    if (code === closeCodes.unauthorized) {
      this.#refused()
      return
    }
    this.#failures++
    if (this.#status === 'live') this.#become('connecting')
    // The first failure may be a restart of the server, so the WebSocket is tried again first.
    this.#timer = setTimeout(() => void this.#open(), backoffMs(this.#failures, Math.random()))
    if (this.#status !== 'polling') void this.#ask()
  }

  /** Asks over HTTP why there is no WebSocket, and polls if that works. */
  async #ask(): Promise<void> {
    clearTimeout(this.#pollTimer)
    try {
      const state = await this.#poll.state(this.#topics)
      if (this.#closing || this.#status === 'live') return
      if (this.#failures >= mostFailures) {
        this.#position.expectWhole()
        this.#become('polling', keep(this.#state, state))
      }
    } catch (error) {
      if (this.#closing || this.#status === 'live') return
      const { status } = error as ClientError
      if (status === 401) this.#refused()
      else this.#become('offline')
    }
    if (this.#status === 'polling') this.#pollTimer = setTimeout(() => void this.#ask(), pollMs)
  }

  #refused(): void {
    void this.#stop()
    this.#become('unauthorized')
  }

  #become(status: ClientStatus, state = this.#state): void {
    if (this.#status === 'closed' || (status === this.#status && state === this.#state)) return
    this.#status = status
    this.#state = state
    this.#changed.tell(state)
  }
}
