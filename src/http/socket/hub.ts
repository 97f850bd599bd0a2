/**
 * Keeps what connections are shown in step with the system: looks at it when something happened, and tells what changed. Nothing runs
 * while nobody is connected.
 */
import { randomBytes } from 'node:crypto'
import type { Drover } from '../../drover/drover.js'
import type { EventName } from '../../events/event-map.js'
import { every } from '../../time/every.js'
import { closeCodes, type LiveState, type Topic } from '../contract/socket.js'
import { oldFrame } from '../legacy/old-state.js'
import { Connection, type Wish } from './connection.js'
import { diff, type WholeState } from './diff.js'
import { Feeds, type FeedTopic } from './feeds.js'
import { frame, partsOf, patchFrame, StateFrames, topicsName } from './frames.js'
import type { OutletLimits } from './outlet.js'
import { Pace } from './pace.js'
import { QuotaWatch } from './quota-watch.js'
import type { RawSocket } from './raw-socket.js'
import { PatchRing } from './ring.js'
import { ratesEveryMs, Source } from './source.js'

export interface HubOptions extends Partial<OutletLimits> {
  /** How often connections are asked for a sign of life. @defaultValue 25_000 */
  pingMs?: number
  /** How many patches are kept for connections that come back. @defaultValue 1_000 */
  keepPatches?: number
  /** And how many characters of them. @defaultValue 4_194_304 */
  keepCharacters?: number
  /** How old a beat may be before clients of protocol 1 are shown a worker as stale. @defaultValue 120_000 */
  staleMs?: number
}

/** What may have changed the state. */
const changes: readonly EventName[] = [
  'worker:state:changed',
  'worker:failure:recorded',
  'worker:holder:changed',
  'worker:restart:scheduled',
  'supervisor:state:changed',
  'tree:node:added',
  'tree:node:updated',
  'tree:node:removed',
  'system:state:changed',
  'store:thread:failed',
  'lane:counts:changed',
  'dataset:load:finished',
]
const quotaChanges: readonly EventName[] = ['quota:window:spent', 'quota:key:retired', 'quota:limits:changed']

/** A few changes of which no event tells, such as a new limit of slots, are found by looking. */
const lookEveryMs = 5_000

export class Hub {
  /** Numbers of patches mean something only together with it. */
  readonly epoch = randomBytes(8).toString('hex')
  readonly pingMs: number
  readonly #drover: Drover
  readonly #limits: OutletLimits
  readonly #staleMs: number
  readonly #source: Source
  readonly #quotas: QuotaWatch
  readonly #feeds: Feeds
  readonly #ring: PatchRing
  readonly #connections = new Set<Connection>()
  /** Those for whom something has to be fetched first. */
  readonly #joining = new Set<Connection>()
  readonly #pace = new Pace(20, 4)
  readonly #oldPace = new Pace(100, 1)
  #shown: WholeState | null = null
  #frames: StateFrames | null = null
  #seq = 0
  #cancelFlush: (() => void) | null = null
  #oldTimer: NodeJS.Timeout | null = null
  #lookTimer: NodeJS.Timeout | null = null
  #stopPings: (() => void) | null = null
  #closed = false

  constructor(drover: Drover, options: HubOptions = {}) {
    const {
      pingMs = 25_000,
      maxBufferedBytes = 1_048_576,
      drainMs = 10_000,
      keepPatches = 1_000,
      keepCharacters = 4_194_304,
      staleMs = 120_000,
    } = options
    this.pingMs = pingMs
    this.#drover = drover
    this.#staleMs = staleMs
    this.#limits = { maxBufferedBytes, drainMs }
    this.#source = new Source(drover)
    this.#quotas = new QuotaWatch(drover, this.look)
    this.#feeds = new Feeds(drover, this.#send)
    this.#ring = new PatchRing(keepPatches, keepCharacters)
  }

  /** All there is, as of now. */
  state(): LiveState {
    if (this.#connections.size === 0) this.#catchUp()
    return this.#shown as WholeState
  }

  /** How many are connected. */
  get size(): number {
    return this.#connections.size
  }

  /** How many are connected from an address. */
  sizeFrom(address: string): number {
    return [...this.#connections, ...this.#joining].filter(({ caller }) => caller.from === address).length
  }

  /** Takes a connection in. @param since `<epoch>.<seq>` where it left off */
  join(socket: RawSocket, wish: Wish, since: string | null): Connection {
    const connection = new Connection(socket, wish, this.#limits, this.#whole)
    // The session may have ended during the handshake.
    if (wish.caller.ended?.aborted) {
      connection.outlet.end(closeCodes.unauthorized, 'the session ended')
      return connection
    }
    this.#joining.add(connection)
    this.#whenReady(() => this.#welcome(connection, since))
    return connection
  }

  leave(connection: Connection): void {
    connection.outlet.stop()
    this.#joining.delete(connection)
    const was = this.#connections.delete(connection)
    this.#watch()
    if (was && this.#connections.size === 0) this.#rest()
  }

  /** Something may have changed. */
  readonly look = (): void => {
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

  /** Ends the connections of somebody whose session ended, or whose token is not good any more. */
  closeSession(who: string): void {
    for (const { caller, outlet } of [...this.#connections, ...this.#joining])
      if (caller.who === who) outlet.end(closeCodes.unauthorized, 'the session ended')
  }

  /** Ends every connection. */
  close(): void {
    this.#closed = true
    for (const { outlet } of this.#connections) outlet.end(1001, 'closing')
  }

  #welcome(connection: Connection, since: string | null): void {
    // It may have gone meanwhile.
    if (!this.#joining.delete(connection)) return
    if (this.#closed) {
      connection.outlet.end(1001, 'closing')
      return
    }
    if (this.#connections.size === 0) this.#begin()
    this.#connections.add(connection)
    if (connection.protocol === 1) {
      this.#whole(connection)
      return
    }
    const [epoch, seq] = since?.split('.') ?? []
    const missed = epoch === this.epoch && /^\d{1,15}$/.test(seq ?? '') ? this.#ring.after(Number(seq), this.#seq) : null
    const { role } = connection.caller
    connection.outlet.send(
      frame({ type: 'hello', protocol: 2, epoch: this.epoch, seq: this.#seq, resumed: missed !== null, role, pingMs: this.pingMs }),
    )
    if (!missed) this.#whole(connection)
    for (const patch of missed ?? []) connection.outlet.send(patchFrame(patch, connection.topics))
  }

  /** Everything, as of the last patch: the next one fits onto it. */
  readonly #whole = (connection: Connection): void => {
    // Not welcomed yet: that comes with everything.
    if (!this.#connections.has(connection)) return
    if (connection.protocol === 1) {
      connection.outlet.send(this.#oldFrame('full_state'), true)
      return
    }
    this.#whenReady(() => {
      this.#frames ??= new StateFrames(this.#shown as WholeState, this.#seq, Date.now())
      connection.outlet.send(this.#frames.for(connection.topics), true)
    })
  }

  #begin(): void {
    this.#catchUp()
    for (const name of changes) this.#drover.on(name, this.look)
    for (const name of quotaChanges) this.#drover.on(name, this.#askQuotas)
    this.#stopPings = every(this.pingMs, this.#ping)
    this.#lookLater()
  }

  #rest(): void {
    for (const name of changes) this.#drover.off(name, this.look)
    for (const name of quotaChanges) this.#drover.off(name, this.#askQuotas)
    this.#stopPings?.()
    this.#cancelFlush?.()
    this.#cancelFlush = null
    if (this.#lookTimer) clearTimeout(this.#lookTimer)
    if (this.#oldTimer) clearTimeout(this.#oldTimer)
    this.#oldTimer = null
  }

  readonly #askQuotas = (): void => {
    const wanted = this.#wanted
    if (wanted.has('overview') || wanted.has('quotas')) void this.#quotas.ask()
    this.look()
  }

  /** Topics that anybody has. */
  get #wanted(): Set<Topic> {
    const all = [...this.#connections, ...this.#joining].filter(({ protocol }) => protocol === 2)
    return new Set(all.flatMap(({ topics }) => [...topics]))
  }

  /** @returns null: all that is wanted is at hand; else when it is */
  #watch(): Promise<unknown> | null {
    const wanted = this.#wanted
    const feeds = this.#feeds.watch(wanted)
    const quotas = this.#quotas.watch(wanted.has('overview') || wanted.has('quotas'))
    return feeds || quotas ? Promise.all([feeds, quotas]) : null
  }

  #whenReady(then: () => void): void {
    const ready = this.#watch()
    if (ready) void ready.then(then)
    else then()
  }

  readonly #flush = (): void => {
    this.#cancelFlush = null
    const began = performance.now()
    if (this.#catchUp()) this.#pace.went(began, performance.now() - began)
    this.#lookLater()
  }

  /** Looks, and tells what changed. Answers whether anything did. */
  #catchUp(): boolean {
    const at = Date.now()
    const before = this.#shown
    const after = this.#source.look(before, this.#quotas.latest, at)
    const change = before && diff(before, after)
    if (before && !change) return false
    this.#shown = after
    this.#frames = null
    if (!change) return false
    const patch = { seq: ++this.#seq, at, parts: partsOf(change) }
    this.#ring.add(patch)
    const frames = new Map<string, Buffer>()
    for (const connection of this.#connections) {
      const name = topicsName(connection.topics)
      if (connection.protocol === 1 || name === '') continue
      const made = frames.get(name) ?? patchFrame(patch, connection.topics)
      frames.set(name, made)
      connection.outlet.send(made)
    }
    this.#tellOld()
    return true
  }

  #lookLater(): void {
    if (this.#lookTimer) clearTimeout(this.#lookTimer)
    this.#lookTimer = setTimeout(this.look, this.#source.moving ? ratesEveryMs : lookEveryMs).unref()
  }

  /** Clients of protocol 1 get whole states, at most ten times a second. */
  #tellOld(): void {
    if (this.#oldTimer || ![...this.#connections].some(({ protocol }) => protocol === 1)) return
    this.#oldTimer = setTimeout(() => {
      this.#oldTimer = null
      const began = performance.now()
      const update = this.#oldFrame('update')
      for (const { protocol, outlet } of this.#connections) if (protocol === 1) outlet.send(update, true)
      this.#oldPace.went(began, performance.now() - began)
    }, this.#oldPace.wait(performance.now())).unref()
  }

  #oldFrame(type: 'full_state' | 'update'): Buffer {
    return oldFrame(type, this.#drover, this.#staleMs)
  }

  /** To all who have a topic that is not kept in step. */
  readonly #send = (topic: FeedTopic, made: Buffer): void => {
    for (const { protocol, topics, outlet } of this.#connections) if (protocol === 2 && topics.has(topic)) outlet.send(made)
  }

  readonly #ping = (): void => {
    const at = Date.now()
    for (const connection of this.#connections) {
      if (connection.alive) connection.ping(at)
      else connection.outlet.end(closeCodes.silent, 'did not answer pings')
    }
  }
}
