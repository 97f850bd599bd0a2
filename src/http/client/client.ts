/**
 * The live state of a system from its status server: over a WebSocket, which is opened again whenever it ends, or by polling
 * while no WebSocket works.
 */
import { closeCodes, type LiveState, type ServerMessage, type Topic } from '../contract/socket.js'
import { Api, ClientError, type Fetch } from './api.js'
import { backoffMs } from './backoff.js'
import { EventLog } from './event-log.js'
import { Listeners } from './listeners.js'
import { LivePosition } from './live-position.js'
import type { ClientMessages, ClientStatus, ConnectOptions } from './options.js'
import { Poll } from './poll.js'
import { keep } from './same.js'
import { Link, protocolsFor, webSocketClass } from './socket-link.js'
import { until } from './until.js'

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
  readonly #told: { [Name in keyof ClientMessages]: Listeners<ClientMessages[Name]> } = {
    event: new Listeners(),
    gap: new Listeners(),
    log: new Listeners(),
    beats: new Listeners(),
  }
  readonly #events: EventLog
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
  /** Why the server refuses this client. */
  #refusal: ClientError | null = null

  /** @internal Use {@link connect}. */
  constructor(url: string, options: ConnectOptions) {
    this.#base = url.replace(/[?#].*$/, '').replace(/\/+$/, '')
    this.#options = options
    this.#topics = options.topics ?? ['overview', 'workers']
    const fetch = options.fetch ?? ((...request: Parameters<Fetch>) => globalThis.fetch(...request))
    this.#api = new Api(this.#base, fetch, options.token, this.#gone.signal)
    this.#poll = new Poll(this.#api, this.#gone.signal)
    this.#events = new EventLog(this.#api, options.missedEvents !== 'tell', {
      event: (event) => this.#told.event.tell(event),
      gap: (gap) => this.#told.gap.tell(gap),
    })
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
   * Resolves with the state once the condition holds. Without `timeoutMs` (ms) it waits for as long as it takes.
   *
   * @throws ClientError TIMEOUT, or CLOSED if the client is closed before; the server's refusal (status 401 or 403) if it refuses
   * the client; the signal's reason if that aborts
   * @example
   * await client.until(({ overview }) => overview?.states.running === 4, { timeoutMs: 10_000 })
   */
  until(condition: (state: LiveState) => boolean, options: { timeoutMs?: number; signal?: AbortSignal } = {}): Promise<LiveState> {
    const ended = (): ClientError | null =>
      this.#closing ? new ClientError('the client is closed', { code: 'CLOSED', status: 0 }) : this.#refusal
    return until({ state: () => this.#state, ended, subscribe: (listener) => this.subscribe(listener) }, condition, options)
  }

  /**
   * Calls the listener with each event, log record or round of beats, while the topic is subscribed. Log records and beats come
   * while the connection is live. Events are told each once and in order: those that were missed are read from the event log; of
   * those that it no longer keeps, `gap` tells.
   *
   * @returns ends it
   * @example
   * client.setTopics(['events'])
   * const stop = client.on('event', (event) => {
   *   if (event.type === 'worker:state:changed') console.log(event.payload.worker, event.payload.to)
   * })
   * client.on('gap', ({ count }) => console.log(`${count} events were missed`))
   */
  on<Name extends keyof ClientMessages>(name: Name, listener: (told: ClientMessages[Name]) => void): () => void {
    return (this.#told[name] as unknown as Listeners<ClientMessages[Name]>).add(listener)
  }

  /** Replaces the topics. Parts of the state without a topic are dropped. */
  setTopics(topics: readonly Topic[]): void {
    this.#topics = topics
    if (!topics.includes('events')) this.#events.reset()
    this.#position.expectWhole()
    this.#link?.send({ type: 'subscribe', topics: [...topics] })
  }

  /**
   * Calls the API. Resolves with the answer, from JSON.
   *
   * @param path below `/api/v1`, such as `/control/start`; `options.signal` gives the call up
   * @throws ClientError with the server's code, its status, and details; NETWORK if there is no answer, CLOSED; the reason of `signal`
   * @example
   * await client.request('POST', '/control/start', { domain: 'urgency' })
   */
  request<T = unknown>(method: string, path: string, body?: unknown, options: { signal?: AbortSignal } = {}): Promise<T> {
    return this.#api.request<T>(method, path, body, options)
  }

  /** Connects again at once, for example after a login, with another token, or when a browser is online again. */
  reconnect(options: { token?: string } = {}): void {
    if (this.#closing) return
    if (options.token !== undefined) this.#api.token = options.token
    this.#failures = 0
    this.#refusal = null
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
    this.#events.pause()
    await link?.close()
  }

  async #open(): Promise<void> {
    const polling = this.#status === 'polling'
    if (!polling) this.#events.pause()
    clearTimeout(this.#timer)
    void this.#link?.close()
    this.#link = null
    if (!polling) clearTimeout(this.#pollTimer)
    const attempt = ++this.#attempt
    const asked = this.#topics
    const query = new URLSearchParams({ protocol: '2', topics: asked.join(), tree: 'patches' })
    const { since } = this.#position
    if (since !== null) query.set('since', since)
    try {
      const WebSocket = await webSocketClass(this.#options.WebSocket)
      if (attempt !== this.#attempt) return
      const socket = new WebSocket(`${this.#base.replace(/^http/, 'ws')}/api/ws?${query}`, protocolsFor(this.#api.token))
      this.#link = new Link(socket, { message: (message) => this.#take(message, asked), end: (code) => this.#ended(code) })
    } catch {
      if (attempt === this.#attempt) this.#ended(0)
    }
  }

  #take(message: ServerMessage, asked: readonly Topic[]): void {
    // One may come after the topic was left.
    const asks = this.#topics.includes('events')
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
        if (asks) this.#events.take(message)
        break
      case 'position':
        if (asks) this.#events.take({ data: [], after: message.event })
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
    this.#events.pause()
    if (code === closeCodes.unauthorized) {
      this.#refused(new ClientError('the session ended, or the token is no longer valid', { code: 'UNAUTHORIZED', status: 401 }))
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
        if (this.#topics.includes('events')) await this.#events.poll()
      }
    } catch (error) {
      if (this.#closing || this.#status === 'live') return
      const { status } = error as ClientError
      if (status === 401 || status === 403) this.#refused(error as ClientError)
      else this.#become('offline')
    }
    if (this.#status === 'polling') this.#pollTimer = setTimeout(() => void this.#ask(), pollMs)
  }

  /** It stays so until {@link reconnect}. */
  #refused(refusal: ClientError): void {
    this.#refusal = refusal
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
