/**
 * Keeps connections up to date: looks at the system after events, and sends the changes. Nothing runs without a connection.
 */
import { randomBytes } from 'node:crypto'
import type { Drover } from '../../drover/drover.js'
import { every } from '../../time/every.js'
import { Pace } from '../../time/pace.js'
import { nextTurn } from '../../time/turns.js'
import { closeCodes, type LiveState, type Topic } from '../contract/socket.js'
import { OldClients } from '../legacy/old-clients.js'
import type { SenderLimits } from './bounded-sender.js'
import { listenForChanges } from './changes.js'
import { Connection, type Wish } from './connection.js'
import { Feeds, type FeedTopic } from './feeds.js'
import { frame, PatchFrames, partsOf } from './frames.js'
import { type HubOptions, hubDefaults } from './hub-options.js'
import { QuotaWatch } from './quota-watch.js'
import type { RawSocket } from './raw-socket.js'
import { PatchRing } from './ring.js'
import { lookEveryMs, ratesEveryMs, Source } from './source.js'
import { WholeStates } from './whole-states.js'

export class Hub {
  /** Random id of this server's numbers of patches. */
  readonly epoch = randomBytes(8).toString('hex')
  readonly pingMs: number
  readonly #drover: Drover
  readonly #limits: SenderLimits
  readonly #source: Source
  readonly #quotas: QuotaWatch
  readonly #wholes: WholeStates
  readonly #feeds: Feeds
  readonly #ring: PatchRing
  readonly #connections = new Set<Connection>()
  /** Connections that wait for data to be fetched. */
  readonly #joining = new Set<Connection>()
  readonly #pace = new Pace(20, 4)
  /** For clients of protocol 1. */
  readonly #oldClients: OldClients
  /** Whether a connection exists or is about to. */
  #begun = false
  /** Changes when the first connection comes and when the last one goes. */
  #visit = 0
  /** Whether any connection has got the state; after that each change has a number. */
  #wasShown = false
  /** The first look at all workers, for the first connection. */
  #filling: Promise<void> | null = null
  #seq = 0
  #cancelFlush: (() => void) | null = null
  #lookTimer: NodeJS.Timeout | null = null
  #stopListening: (() => void) | null = null
  #stopPings: (() => void) | null = null
  #closed = false

  constructor(drover: Drover, options: HubOptions = {}) {
    const { pingMs, maxBufferedBytes, drainMs, keepPatches, keepCharacters, staleMs, wrapped } = { ...hubDefaults, ...options }
    this.pingMs = pingMs
    this.#drover = drover
    this.#limits = { maxBufferedBytes, drainMs }
    this.#source = new Source(drover)
    this.#wholes = new WholeStates(this.#source)
    this.#quotas = new QuotaWatch(drover, this.#lookSoon)
    this.#feeds = new Feeds(drover, this.#send)
    this.#oldClients = new OldClients(drover, { staleMs, wrapped }, () =>
      [...this.#connections].filter(({ protocol }) => protocol === 1).map(({ sender }) => sender),
    )
    this.#ring = new PatchRing(keepPatches, keepCharacters)
  }

  /** The whole state, as last sent. */
  state(): LiveState {
    return this.#source.state()
  }

  /** Number of connections. */
  get size(): number {
    return this.#connections.size
  }

  /** Number of connections from an address. */
  sizeFrom(address: string): number {
    return [...this.#connections, ...this.#joining].filter(({ caller }) => caller.from === address).length
  }

  /** Adds a connection. @param since `<epoch>.<seq>` of its last patch */
  join(socket: RawSocket, wish: Wish, since: string | null): Connection {
    const connection = new Connection(socket, wish, this.#limits, this.#whole)
    // The session may have ended during the handshake.
    if (wish.caller.ended?.aborted) {
      connection.sender.end(closeCodes.unauthorized, 'the session ended')
      return connection
    }
    this.#joining.add(connection)
    if (!this.#begun) this.#begin()
    this.#whenReady(() => this.#welcome(connection, since))
    return connection
  }

  leave(connection: Connection): void {
    connection.sender.stop()
    this.#joining.delete(connection)
    this.#connections.delete(connection)
    this.#wholes.leave(connection)
    this.#watch()
    if (this.#begun && this.#connections.size + this.#joining.size === 0) this.#rest()
  }

  /** Anything may have changed. */
  readonly look = (): void => {
    this.#source.markAll()
    this.#lookSoon()
  }

  readonly #lookAt = (workers: readonly string[]): void => {
    this.#source.mark(workers)
    this.#lookSoon()
  }

  readonly #lookSoon = (): void => {
    if (this.#cancelFlush || this.#connections.size === 0) return
    const wait = this.#pace.wait(performance.now())
    if (wait > 0) {
      const timer = setTimeout(this.#flush, wait)
      this.#cancelFlush = () => clearTimeout(timer)
    } else {
      const immediate = setImmediate(this.#flush)
      this.#cancelFlush = () => clearImmediate(immediate)
    }
  }

  /** Ends the connections of an ended session or an invalid token. */
  closeSession(who: string): void {
    for (const { caller, sender } of [...this.#connections, ...this.#joining])
      if (caller.who === who) sender.end(closeCodes.unauthorized, 'the session ended')
  }

  /** Ends every connection. */
  close(): void {
    this.#closed = true
    for (const { sender } of this.#connections) sender.end(1001, 'closing')
  }

  #welcome(connection: Connection, since: string | null): void {
    // The connection may have ended meanwhile.
    if (!this.#joining.delete(connection)) return
    if (this.#closed) {
      connection.sender.end(1001, 'closing')
      return
    }
    if (this.#connections.size === 0) {
      this.#catchUp()
      this.#wasShown = true
      this.#lookLater()
    }
    this.#connections.add(connection)
    if (connection.protocol === 1) {
      this.#whole(connection)
      return
    }
    const [epoch, seq] = since?.split('.') ?? []
    const missed = epoch === this.epoch && /^\d{1,15}$/.test(seq ?? '') ? this.#ring.after(Number(seq), this.#seq) : null
    const { role } = connection.caller
    connection.sender.send(
      frame({ type: 'hello', protocol: 2, epoch: this.epoch, seq: this.#seq, resumed: missed !== null, role, pingMs: this.pingMs }),
    )
    if (!missed) this.#whole(connection)
    else {
      this.#wholes.patches(connection, missed)
      this.#sayPosition(connection)
    }
  }

  /** Tells a connection where the events are, from which it knows what it missed. */
  #sayPosition({ topics, sender }: Connection): void {
    const event = this.#feeds.position
    if (event !== null && topics.has('events')) sender.send(frame({ type: 'position', event }))
  }

  /** Sends the whole state as of the last patch, so that the next patch fits. */
  readonly #whole = (connection: Connection): void => {
    // Not welcomed yet; the welcome includes the whole state.
    if (!this.#connections.has(connection)) return
    if (connection.protocol === 1) {
      void this.#oldClients.welcome(connection.sender)
      return
    }
    this.#whenReady(() => this.#wholes.send(connection, this.#seq, () => this.#sayPosition(connection)))
  }

  #begin(): void {
    this.#begun = true
    this.#visit++
    this.#stopListening = listenForChanges(this.#drover, {
      workers: this.#lookAt,
      all: this.look,
      sums: this.#lookSoon,
      quotas: this.#askQuotas,
    })
    this.#stopPings = every(this.pingMs, this.#ping)
    this.#source.markAll()
    this.#catchUp()
    if (this.#source.isBehind) this.#filling = this.#fill()
  }

  /** Looks at the other workers, some in each turn of the event loop, while a connection wants them. */
  async #fill(): Promise<void> {
    const visit = this.#visit
    while (this.#source.isBehind) {
      await nextTurn()
      if (this.#visit !== visit) return
      this.#catchUp()
    }
    this.#filling = null
  }

  #rest(): void {
    this.#begun = false
    this.#visit++
    this.#filling = null
    this.#stopListening?.()
    this.#stopPings?.()
    this.#cancelFlush?.()
    this.#cancelFlush = null
    if (this.#lookTimer) clearTimeout(this.#lookTimer)
    this.#oldClients.rest()
  }

  readonly #askQuotas = (): void => {
    const wanted = this.#wanted
    if (wanted.has('overview') || wanted.has('quotas')) void this.#quotas.ask()
    this.#lookSoon()
  }

  /** Topics of all connections. */
  get #wanted(): Set<Topic> {
    const all = [...this.#connections, ...this.#joining].filter(({ protocol }) => protocol === 2)
    return new Set(all.flatMap(({ topics }) => [...topics]))
  }

  /** @returns null: all wanted data is available; else a promise for that moment */
  #watch(): Promise<unknown> | null {
    const wanted = this.#wanted
    // While the workers are looked at, the next look is at the tree too.
    if (this.#source.watchTree(wanted.has('tree')) && !this.#filling) this.#catchUp()
    const feeds = this.#feeds.watch(wanted)
    const quotas = this.#quotas.watch(wanted.has('overview') || wanted.has('quotas'))
    return feeds || quotas ? Promise.all([feeds, quotas]) : null
  }

  #whenReady(then: () => void): void {
    const ready = this.#watch()
    if (ready || this.#filling) void Promise.all([ready, this.#filling]).then(then)
    else then()
  }

  readonly #flush = (): void => {
    this.#cancelFlush = null
    const began = performance.now()
    if (this.#catchUp()) this.#pace.went(began, performance.now() - began)
    if (this.#source.isBehind) this.#lookSoon()
    this.#lookLater()
  }

  /** Looks, and sends the changes. @returns whether there were any */
  #catchUp(): boolean {
    const at = Date.now()
    const change = this.#source.look(this.#quotas.latest, at)
    if (!change) return false
    const patch = this.#wasShown ? { seq: ++this.#seq, at, parts: partsOf(change) } : null
    this.#wholes.changed(patch)
    if (!patch) return false
    this.#ring.add(patch)
    const frames = new PatchFrames(patch, () => this.#source.treeText())
    for (const connection of this.#connections) {
      const made = connection.protocol === 2 && !this.#wholes.isAwaitedBy(connection) ? frames.for(connection) : null
      if (made) connection.sender.send(made)
    }
    this.#oldClients.changed()
    return true
  }

  #lookLater(): void {
    if (this.#lookTimer) clearTimeout(this.#lookTimer)
    const everyMs = this.#source.isMoving ? ratesEveryMs : lookEveryMs
    this.#lookTimer = setTimeout(this.#lookSoon, Math.min(everyMs, this.#source.treeInMs ?? everyMs)).unref()
  }

  /** Sends a frame to all connections with the feed's topic. */
  readonly #send = (topic: FeedTopic, made: Buffer): void => {
    for (const { protocol, topics, sender } of this.#connections) if (protocol === 2 && topics.has(topic)) sender.send(made)
  }

  readonly #ping = (): void => {
    for (const connection of this.#connections) {
      if (connection.alive) connection.ping(Date.now())
      else connection.sender.end(closeCodes.silent, 'did not answer pings')
    }
  }
}
