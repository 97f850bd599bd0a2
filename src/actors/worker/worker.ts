/**
 * One worker as its system manages it: carries out what its lifecycle wants (slot, registry, thread, store) and turns what happens into lifecycle
 * events. The decisions are all in `machines/worker-lifecycle.ts`.
 */
import { isDeepStrictEqual } from 'node:util'
import type { SnapshotFrom } from 'xstate'
import { DroverError, type ErrorRecord, toErrorRecord } from '../../errors.js'
import type { DroverEvents } from '../../events/event-map.js'
import type { Evidence, Failure, FailureKind } from '../../failure.js'
import { describeKind } from '../../failures/error-groups.js'
import { stackText } from '../../logs/stack-text.js'
import { laneEnd } from '../../machines/lane-end.js'
import type {
  Beside,
  KnownModule,
  Left,
  LifecycleEffects,
  LifecycleEvent,
  LifecycleInput,
  OpenBreaker,
  WorkerEnd,
  WorkerMemory,
} from '../../machines/lifecycle/contract.js'
import { freshMemory, pausedEarlier } from '../../machines/lifecycle/contract.js'
import { isModuleFailure } from '../../machines/lifecycle/judge.js'
import type { workerLifecycle } from '../../machines/lifecycle/machine.js'
import { shortageOf } from '../../machines/lifecycle/shortage.js'
import type { WorkerState } from '../../machines/lifecycle/states.js'
import type { SlotRequest } from '../../machines/slots.js'
import type { SiblingPhase } from '../../machines/supervision/rules.js'
import type { Streak } from '../../machines/task-breaker.js'
import type { CompiledWorker } from '../../options/compiled.js'
import type { LogLevel } from '../../options/log.js'
import { filledPolicy } from '../../options/policies.js'
import type { Fence } from '../../store/contract/basics.js'
import type { Holder } from '../../store/contract/hosts.js'
import type { Amounts } from '../../store/contract/quotas.js'
import type { BeatCell } from '../../threads/heartbeat/beats.js'
import { Thread, type ThreadEnd, type ThreadFailure } from '../../threads/isolation/worker-thread.js'
import type { ThreadReport } from '../../threads/protocol/messages.js'
import { backoffDelay } from '../../time/backoff.js'
import { patientTimeout } from '../../time/patient-timer.js'
import { nextTurn } from '../../time/turns.js'
import { longestWaitMs } from '../../validation/arguments.js'
import type { SupervisedWorker, SupervisorRef, WorkerRef } from '../supervisor/contract.js'
import { LaneErrors } from './lane-errors.js'
import { readLeft } from './left-by-host.js'
import { moduleVersion } from './module-version.js'
import type { SystemParts } from './parts.js'
import { free, phases, withThread } from './phase.js'
import { heldBy } from './registration.js'
import { bornWith } from './spawn.js'

/** Waits before the store is asked again to let a worker go. */
const freeWaits = { initialMs: 250, factor: 2, maxMs: 5_000, jitter: 0.2 }

/** Why it cannot be started is said at once, and so often while that lasts. */
const saidEveryMs = 60_000

/** So many of a worker's last lines go with a failure. */
const evidenceLines = 10

/** A start by hand that is on its way. */
interface Start {
  cancelled: boolean
}

/** What a worker wants to be granted. */
export interface QuotaNeed {
  choices: string[]
  amounts: Amounts
}

export class ManagedWorker implements LifecycleEffects, SupervisedWorker {
  // Private, so that whoever prints or serialises an actor's context does not print a worker's input.
  #config: CompiledWorker
  readonly #parts: SystemParts
  readonly #restored: Left | null
  #supervisor: SupervisorRef | null = null
  /** While it is queued: its dataset has no items, and it asks for no slot. */
  #waitsForLoad = false
  /** While it is queued: it is its turn, and it has asked for a slot. */
  #admitted = false
  #ref: WorkerRef | null = null
  #state: WorkerState | null = null
  #since: number
  #fence: Fence | null = null
  /** A fence serves one thread; the next one takes a new one. */
  #fenceUsed = false
  /** The last fence under which it is known here what became of it. */
  #known: Fence
  /** As another host has left it, from when it was taken in the registry until its lifecycle knows. */
  #left: Left | null = null
  /** It is about to take that in: the state that it comes to first is not told, because it goes on at once. */
  #adopting = false
  #adopted: { to: WorkerState; memory: WorkerMemory } | null = null
  /** Another host, which has it. */
  #holder: Holder | null = null
  #thread: Thread | null = null
  #slot: BeatCell | null = null
  #readyAt: number | null = null
  /** The start that waits for the registry, if one does. A stop cancels it; once another one is begun it falls silent. */
  #pendingSpawn: { cancelled: boolean } | null = null
  #acquiring: Promise<Holder | null> | null = null
  /** Starts by hand that wait for the registry. */
  readonly #starts = new Set<Start>()
  /** What was asked of it together with many others, and has not come to its turn: goes before anything else. */
  #owed: (() => void)[] = []
  #catchingUp = false
  /** How often it was started by hand: whoever stops it can tell whether it was started since. */
  #timesStarted = 0
  /** It is being taken out of the system, or has been: nothing starts it any more. */
  #leaving: 'no' | 'is leaving' | 'is gone' = 'no'
  /** Reasons not to call the worker settled although its state is. */
  #holds = 0
  /** The memory that goes with a state being entered: the actor's snapshot is not there yet. */
  #entering: WorkerMemory | null = null
  /** What is told when the store has it, and what comes after that. */
  #telling: Promise<void> | null = null
  /** What its last thread had leased, if the store could not take that back yet. Comes before anything else is done with the worker. */
  #unreturned: (() => Promise<void>) | null = null
  /** When its thread was made. */
  #bootedAt = 0
  /** When it was last said why it cannot be started. */
  #saidShortAt = 0
  /** What its quota has no room for, because of which it is parked or paused. */
  #waitsFor: QuotaNeed | null = null
  /** What fails in its lane. */
  readonly #errors: LaneErrors
  /** Attempts in a row that failed with one error, as its thread told last. */
  #streak: Streak | null = null
  /** Its tasks are held back, or tried one by one, because attempts fail and fail; null: they are not. */
  #breaker: OpenBreaker | null = null
  /** Its module, as it was at the last start. */
  #module: KnownModule | null = null
  #freed: Promise<unknown> = Promise.resolve()
  /** As far as is known the store has it as held by this host. */
  #isHeldHere = false
  /** Slots lost to threads that could not be ended, oldest first. */
  readonly #lostSlots: string[] = []

  /**
   * @param restored what an earlier host left of it
   * @param known under which fence
   */
  constructor(config: CompiledWorker, parts: SystemParts, restored: Left | null, known: Fence) {
    this.#config = config
    this.#parts = parts
    this.#restored = restored && this.#takeBeside(restored)
    this.#known = known
    this.#since = parts.now()
    this.#errors = new LaneErrors({
      worker: config.id,
      now: () => performance.now(),
      after: (ms, callback) => patientTimeout(callback, ms),
      warn: (message) => parts.logs.worker(config.annotator, config.domain).warn(message),
    })
  }

  lifecycleInput(): LifecycleInput {
    const { restart, heartbeat, drainMs } = this.config
    const { startTimeoutMs } = heartbeat
    return { effects: this, policy: restart, startTimeoutMs, drainMs, idleMs: idleMsOf(this.config), restored: this.#restored }
  }

  attach(ref: WorkerRef, supervisor: SupervisorRef): void {
    this.#ref = ref
    this.#supervisor = supervisor
  }

  get config(): CompiledWorker {
    return this.#config
  }
  get ref(): WorkerRef {
    return this.#ref as WorkerRef
  }
  get state(): WorkerState {
    return this.#state ?? 'idle'
  }
  get since(): number {
    return this.#since
  }
  get slotRequest(): SlotRequest {
    const { id, priority, group } = this.config
    return { worker: id, priority, group }
  }
  get threadId(): number | null {
    return this.#thread?.threadId ?? null
  }
  get pid(): number | null {
    return this.#thread?.pid ?? null
  }
  /** How many of its calls are under way on a quota that it names. */
  callsOn(quota: string): number {
    if (this.#slot === null) return 0
    const choice = this.config.quota?.choices.indexOf(quota) ?? -1
    return choice === -1 ? 0 : this.#slot.callsOn(choice)
  }
  /** Bytes of heap in use at the last beat; null without a thread. */
  get heapUsed(): number | null {
    return this.#slot?.read().heapUsed || null
  }
  /** What fails in its lane. */
  get errors(): LaneErrors {
    return this.#errors
  }
  get thread(): Thread | null {
    return this.#thread
  }
  get waitsFor(): QuotaNeed | null {
    return this.state === 'parked' || this.state === 'paused' ? this.#waitsFor : null
  }
  get breaker(): OpenBreaker | null {
    return this.#breaker
  }
  /** Paused by itself (a spent budget, retired keys, its breaker), or by somebody who may be there no more. */
  get waitsForHand(): boolean {
    const { paused } = this.memory
    return this.state === 'paused' && (paused === null || paused === pausedEarlier)
  }
  get holder(): Holder | null {
    return this.#holder
  }
  get isHeldHere(): boolean {
    return this.#isHeldHere
  }
  /** Settles when it is free for other hosts, if it was let go. */
  get freed(): Promise<unknown> {
    return this.#freed
  }
  get memory(): WorkerMemory {
    return this.#entering ?? this.#snapshot?.context.memory ?? this.#restored?.memory ?? freshMemory
  }
  get live(): boolean {
    return !this.isGone && withThread.includes(this.state)
  }
  /** What it does while it runs; null otherwise. */
  get activity(): 'working' | 'waiting' | 'idle' | 'draining' | null {
    const value = this.#snapshot?.value as { live?: { running?: 'working' | 'waiting' | 'idle' | 'draining' } } | string | undefined
    return (typeof value === 'object' && value.live?.running) || null
  }
  /** How often it was started by hand. */
  get timesStarted(): number {
    return this.#timesStarted
  }
  /** Paused, or to be as soon as it has a thread. */
  get pauseWanted(): boolean {
    return this.#snapshot?.context.pauseWanted ?? false
  }
  /** It is on its way down for good, and nobody has started it since. */
  get isBeingStopped(): boolean {
    return this.live && this.#snapshot?.context.wanted === 'stopped'
  }
  get isGone(): boolean {
    return this.#leaving === 'is gone'
  }
  get isLeaving(): boolean {
    return this.#leaving !== 'no'
  }
  /** None before its supervisor has made its actor. */
  get #snapshot(): SnapshotFrom<typeof workerLifecycle> | null {
    return this.#ref?.getSnapshot() ?? null
  }
  get phase(): SiblingPhase {
    const { state } = this
    // It runs, elsewhere: nobody here has to wait for it.
    if (state === 'queued' && (this.#holder || this.#waitsForLoad)) return 'up'
    if (state === 'queued') return !this.#admitted ? 'wanted' : this.#parts.slots.holds(this.config.id) ? 'starting' : 'queued'
    return phases[state] === 'down' && this.beingStarted ? 'wanted' : phases[state]
  }
  /** Whether it has a thread, and nothing to do. */
  get idle(): boolean {
    return this.activity === 'idle'
  }
  get hasRun(): boolean {
    return this.state === 'completed' && this.config.dataset === null && this.#snapshot?.context.wanted !== 'stopped'
  }
  /** Somebody started it in this host, and nobody has stopped it since. */
  get wanted(): boolean {
    return this.#snapshot?.context.wanted === 'running'
  }
  /** Whether it stays as it is until somebody does something. */
  get settled(): boolean {
    if (this.isGone) return true
    // At the end nothing comes of what is still asked of the store, or told when it has answered.
    const isAsking = this.#telling !== null || this.#holds > 0 || this.#starts.size > 0
    if (isAsking && !this.#parts.isClosing()) return false
    return free.includes(this.state) && !this.#awaitsParole
  }

  /** Blacklisted, and will be started once more by itself. */
  get #awaitsParole(): boolean {
    return this.state === 'blacklisted' && this.#snapshot?.context.wanted === 'running' && this.memory.until !== null
  }

  /** Whether a start by hand is on its way, and will ask for a slot. */
  get beingStarted(): boolean {
    return this.#starts.size > 0
  }

  now(): number {
    return this.#parts.now()
  }

  wall(): number {
    return Date.now()
  }

  enter(to: WorkerState, memory: WorkerMemory, ending: boolean): void {
    if (this.#adopting) {
      this.#adopted = { to, memory }
      return
    }
    this.#adopted = null
    const from = this.#state
    if (from === to) {
      // The same state for another reason.
      this.#record(to, memory)
      return
    }
    this.#state = to
    this.#since = this.now()
    if (to !== 'paused' && to !== 'parked') this.#waitsFor = null
    if (to !== 'starting' && to !== 'stuck') this.#parts.startGate.leave(this.config.id, !withThread.includes(to))
    if (from === null) return
    this.#admitted = false
    const { recorder, changed } = this.#parts
    this.#entering = memory
    const moved = { worker: this.config.id, from, to, reason: memory.reason, at: this.#since }
    recorder.event('worker:state:changed', moved, this.#since)
    this.#record(to, memory)
    if (free.includes(to)) this.#giveBack()
    // Whoever hears that it is given up, or until when it waits, may rely on it that the next host knows.
    const outlivesHost = to === 'blacklisted' || memory.until !== null
    this.#tellInTurn(() => this.#tellMoved(moved, memory), outlivesHost ? recorder.written() : null)
    if (to === 'completed') void this.#lookAgain()
    if (to === 'parked' && this.#breaker !== null) void this.#lookWhetherOver()
    this.#moved(ending)
    changed()
    this.#entering = null
  }

  #tellMoved(moved: DroverEvents['worker:state:changed'], { until, restartCount }: WorkerMemory): void {
    const { tell, logs } = this.#parts
    const { worker, from, to, reason, at } = moved
    tell('worker:state:changed', moved)
    const level = to === 'blacklisted' ? 'error' : to === 'crashed' || to === 'stuck' ? 'warn' : 'info'
    logs.worker(this.config.annotator, this.config.domain)[level](`${from} -> ${to}: ${reason}`)
    if (free.includes(to)) this.#errors.end()
    if (to !== 'backoff' || until === null) return
    tell('worker:restart:scheduled', { worker, delayMs: Math.max(0, Math.round(until - at)), restarts: restartCount, at })
  }

  /** Tells at once, or after that, and never before what is still to be told. */
  #tellInTurn(tell: () => void, after: Promise<void> | null): void {
    if (after === null && this.#telling === null) {
      tell()
      return
    }
    const telling = Promise.all([this.#telling, after]).then(() => {
      if (this.#telling === telling) this.#telling = null
      tell()
      this.#parts.changed()
    })
    this.#telling = telling
  }

  keep(memory: WorkerMemory): void {
    this.#record(this.state, memory)
  }

  #record(state: WorkerState, memory: WorkerMemory): void {
    this.#parts.recorder.transition({ worker: this.config.id, state, memory: { ...memory, ...this.#beside }, fence: this.#known })
  }

  /** What the store keeps of it beside what its chart knows. */
  get #beside(): Required<Beside> {
    return { breaker: this.#breaker, module: this.#module }
  }

  /** Takes over what an earlier host left beside. */
  #takeBeside({ state, memory }: Left): Left {
    this.#breaker = memory.breaker ?? null
    this.#module = memory.module ?? null
    // Whoever starts it in a new host may have mended it: it does not sit out its wait, but tries.
    return this.#breaker !== null && state === 'parked' ? { state: 'idle', memory: { ...memory, until: null } } : { state, memory }
  }

  /** Its phase has changed: others may have waited for that. With its end they wait until its supervisor has answered. */
  #moved(ending = false): void {
    const { id } = this.config
    if (this.#parts.isSupervised(id)) this.#supervisor?.send({ type: 'MOVED', worker: id })
    if (!ending) this.#parts.order.look()
  }

  /** A thread may have found its lane empty just before more came in: whoever completes asks once more. */
  async #lookAgain(): Promise<void> {
    if (this.config.dataset === null) return
    await this.hold(async () => {
      if ((await this.#isOver()) === false) this.#send({ type: 'MORE' })
    })
  }

  /** There may be nothing left to try: then there is nothing to wait for. */
  async #lookWhetherOver(): Promise<void> {
    if ((await this.#isOver()) && this.state === 'parked') this.#send({ type: 'START' })
  }

  /** Whether nothing is left in its lane, as the store has it now; undefined: it does not say. */
  async #isOver(): Promise<boolean | undefined> {
    const { store, lanes } = this.#parts
    const { counts } = await store.client.call('counts', { workers: [this.config.id] }).catch(() => ({ counts: [] }))
    lanes.update(counts)
    return counts[0]?.complete
  }

  /** While this runs, the worker does not count as settled. */
  async hold<T>(work: () => Promise<T>): Promise<T> {
    this.#holds++
    try {
      return await work()
    } finally {
      this.#holds--
      this.#parts.changed()
    }
  }

  /**
   * Looks whether its module is another one than at the last start: then a blacklisting for the module's failure is lifted, and dead tasks of the
   * older one are told of.
   */
  async lookAtModule(): Promise<void> {
    const version = await moduleVersion(this.config.module)
    const before = this.#module
    if (before?.version === version) return
    this.#module = { version, since: this.now(), failed: false }
    if (before === null) return
    const log = this.#parts.logs.worker(this.config.annotator, this.config.domain)
    const { id } = this.config
    if (before.failed && this.state === 'blacklisted') {
      log.info('its module has changed since it failed: the blacklisting is lifted')
      this.tell({ type: 'RESET' })
    }
    const dead = this.#parts.lanes.get(id)?.dead ?? 0
    if (dead === 0) return
    const tasks = dead === 1 ? '1 task is' : `${dead} tasks are`
    log.warn(`${tasks} dead under an older version of its module: drover.redrive({ worker: '${id}' }) gives them another life`)
  }

  /** It is given up, and nobody asked for it to be: says so, and how that is lifted. */
  tellBlacklisted(): void {
    const { id, annotator, domain } = this.config
    const byItself = this.#module?.failed ? ', and so does a change of its module at the next start' : ''
    this.#parts.logs.worker(annotator, domain).warn(`blacklisted: ${this.memory.reason}; drover.reset('${id}') lifts it${byItself}`)
  }

  /** It will be started by hand, when it is its turn: until then a stop undoes that. */
  announceStart(): Start {
    const start = { cancelled: false }
    this.#starts.add(start)
    return start
  }

  /** It is not started after all, or was started otherwise. */
  dropStart(start: Start): void {
    if (!this.#starts.delete(start)) return
    this.#moved()
    this.#parts.changed()
  }

  /**
   * Starts it by hand. A stop that comes before the registry has answered wins.
   *
   * @returns who holds it, if that is another host: then it waits, or is refused
   */
  start(start = this.announceStart()): Promise<Holder | 'started' | 'cancelled'> {
    this.#timesStarted++
    return this.#begin(start, (holder) => {
      if (holder && this.#parts.config.onHeld === 'refuse') return
      this.#supervisor?.send({ type: 'REVIVE' })
      if (this.#left) this.#adopt()
      else this.#send({ type: 'START' })
    })
  }

  /** Whoever held it has let it go, or is gone: it goes on here. */
  #takeOver(): Promise<unknown> {
    return this.#begin(this.announceStart(), (holder) => {
      if (!holder && this.state === 'queued') this.#adopt()
    })
  }

  /** Takes it in the registry, and does what follows unless it was stopped meanwhile. */
  async #begin(start: Start, then: (holder: Holder | null) => void): Promise<Holder | 'started' | 'cancelled'> {
    try {
      const acquired = this.#parts.patience.through('start', () => (start.cancelled ? Promise.resolve(null) : this.acquire()))
      const [holder] = await Promise.all([acquired, this.lookAtModule()])
      if (start.cancelled) {
        if (free.includes(this.state)) this.#giveBack()
        return 'cancelled'
      }
      then(holder)
      return holder ?? 'started'
    } catch (error) {
      if (start.cancelled) return 'cancelled'
      throw error
    } finally {
      this.dropStart(start)
    }
  }

  /** Starts it by hand although it has a thread, or waits for one: that is what is wanted, should it be on its way down. */
  keepStarted(): void {
    this.#timesStarted++
    this.#send({ type: 'START' })
    this.#parts.changed()
  }

  allow(): void {
    this.#send({ type: 'ALLOW' })
    if (this.state === 'completed') void this.#lookAgain()
    this.#parts.changed()
  }

  /** It is as another host has left it, and goes on from there. A loop of its own that has run to its end there has run. */
  #adopt(): void {
    const left = this.#left
    this.#left = null
    this.#adopting = true
    this.#send({ type: 'ADOPT', left: left && this.#takeBeside(left), reason: 'no other host holds it' })
    this.#adopting = false
    if (left?.state !== 'completed' || this.config.dataset !== null) this.#send({ type: 'START' })
    if (this.#adopted) this.enter(this.#adopted.to, this.#adopted.memory, false)
    const failure = left?.memory.lastFailure
    if (failure?.kind === 'orphaned' && left?.state === 'idle')
      this.#parts.publish('worker:failure:recorded', { worker: this.config.id, failure })
  }

  /** Who has it now, of other hosts; null: nobody any more. */
  seeHolder(holder: Holder | null): void {
    if (this.#holder === null) return
    if (holder) {
      this.#heldBy(holder)
      return
    }
    if (this.state === 'queued') {
      void this.#takeOver().catch((error: unknown) => this.#parts.report(`could not take over ${this.config.id}`, error))
      return
    }
    const was = heldBy(this.#holder)
    this.#heldBy(null)
    if (this.state === 'idle' && this.memory.reason === was) this.#send({ type: 'ADOPT', left: null, reason: `no longer ${was}` })
  }

  /** Told and logged once for each holder. */
  #heldBy(holder: Holder | null): void {
    const before = this.#holder
    this.#holder = holder
    if (before?.host === holder?.host && before?.since === holder?.since) return
    const { publish, logs, held, config, changed } = this.#parts
    publish('worker:holder:changed', {
      worker: this.config.id,
      holder: holder && { pid: holder.pid, hostname: holder.hostname, since: holder.since },
      at: this.now(),
    })
    if (holder) {
      held.watch()
      const what = config.onHeld === 'wait' && (this.beingStarted || this.wanted) ? 'waits: ' : ''
      logs.worker(this.config.annotator, this.config.domain).warn(`${what}${heldBy(holder)}`)
      if (this.state === 'queued') this.#send({ type: 'HELD', reason: heldBy(holder) })
    }
    changed()
  }

  /** Another host has taken it, because this one gave no sign of life. */
  taken(): void {
    this.#fence = null
    this.#isHeldHere = false
    const reason = 'another host has taken it'
    if (this.#parts.config.onHeld === 'refuse') this.stop({ type: 'STOP', reason, drainMs: 0 })
    else if (this.live) this.#send({ type: 'RESTART', reason, drainMs: 0 })
  }

  startAgain(): void {
    const start = { cancelled: false }
    this.#starts.add(start)
    this.#send({ type: 'RESTART', reason: 'started again by its supervisor', again: true })
    // Told while it is on its way down, it takes that in once it is down: after this turn's events, before the next.
    queueMicrotask(() => {
      this.#starts.delete(start)
      this.#moved()
      this.#parts.changed()
    })
  }

  /** Takes other options. Where a thread was born with the old ones, it is replaced by one with the new, between tasks. */
  configure(config: CompiledWorker): void {
    const reborn = !isDeepStrictEqual(bornWith(this.#config), bornWith(config))
    this.#config = config
    const { restart: policy, heartbeat, drainMs } = config
    this.#send({ type: 'CONFIGURE', policy, startTimeoutMs: heartbeat.startTimeoutMs, drainMs, idleMs: idleMsOf(config) })
    if (reborn && this.live) this.#send({ type: 'RESTART', reason: 'its options were changed' })
  }

  tell(event: LifecycleEvent): void {
    if (event.type === 'RESET') {
      this.#breaker = null
      this.#streak = null
    }
    // Paused for its budget, and now by hand: no quota wakes it.
    if (event.type === 'PAUSE' && this.state === 'paused') this.#waitsFor = null
    if (event.type === 'RESET' || event.type === 'BLACKLIST') this.#left = null
    this.#send(event)
    // One that waits for its parole may wait for it no more, without leaving its state.
    if (event.type === 'STOP') this.#parts.changed()
  }

  /** Nothing is left to tell one that is gone. */
  #send(event: LifecycleEvent): void {
    this.catchUp()
    if (!this.isGone) this.ref.send(event)
  }

  /** Something is asked of it that may wait for its turn. */
  owe(act: () => void): void {
    this.#owed.push(act)
  }

  /** Does what is owed, first things first. */
  catchUp(): void {
    if (this.#catchingUp) return
    this.#catchingUp = true
    try {
      for (let act = this.#owed.shift(); act; act = this.#owed.shift()) act()
    } finally {
      this.#catchingUp = false
    }
  }

  /** A stop will come when it is its turn: until then it gets no slot, and no start that was on its way has an effect. */
  standBack(): void {
    this.cancelStarts()
    const { slots, order } = this.#parts
    if (this.state !== 'queued' || slots.holds(this.config.id)) return
    order.withdraw(this.config.id)
    slots.release(this.config.id)
  }

  /** A stop by hand will come when it is its turn; until then nothing brings it back. */
  announceStop(): void {
    this.cancelStarts()
    this.#send({ type: 'UNWANTED' })
  }

  /** It is taken out of the system: from now on nothing starts it. */
  leave(): void {
    this.#leaving = 'is leaving'
    this.cancelStarts()
  }

  /** It stays after all. */
  stay(): void {
    this.#leaving = 'no'
  }

  /** It is out of the system: down for whoever still has it in hand. */
  go(): void {
    this.#leaving = 'is gone'
  }

  /** Whatever start by hand is on its way comes to nothing. */
  cancelStarts(): void {
    for (const start of this.#starts) start.cancelled = true
  }

  /** Stops it or gives it up, and whatever start is on its way. */
  stop(event: Extract<LifecycleEvent, { type: 'STOP' | 'BLACKLIST' }>): void {
    this.cancelStarts()
    this.tell(event)
  }

  failed(failure: Failure): void {
    if (this.#module) this.#module = { ...this.#module, failed: isModuleFailure(failure) }
    if (failure.kind === 'unkillable') this.#lostSlots.push(this.#parts.slots.lose(this.config.id))
  }

  policyFailed(problem: unknown): void {
    this.#parts.publish('policy:rule:failed', { worker: this.config.id, error: toErrorRecord(problem), at: this.now() })
    this.#parts.report(`a restart rule of ${this.config.id} failed and was passed over`, problem)
  }

  askRestart(why: string): void {
    this.#supervisor?.send({ type: 'CHILD_DOWN', child: this.config.id, how: 'crashed', why })
  }

  ended(how: WorkerEnd, why: string): void {
    this.#supervisor?.send({ type: 'CHILD_DOWN', child: this.config.id, how, why })
    this.#parts.order.look()
  }

  requestSlot(): void {
    const { isClosing, order, slots } = this.#parts
    this.catchUp()
    if (isClosing()) {
      this.#send({ type: 'STOP', reason: 'the system is closing' })
      return
    }
    if (this.#holder) {
      this.#send({ type: 'HELD', reason: heldBy(this.#holder) })
      return
    }
    this.#waitsForLoad = this.neverLoaded
    if (this.#waitsForLoad) {
      this.#send({ type: 'HELD', reason: `waits for the first load of dataset ${JSON.stringify(this.config.dataset)}` })
      return
    }
    order.request(this.config.id)
    // Whoever has to wait for siblings does not keep others from a slot. It may have been granted one already, and have gone on.
    if (!this.#admitted && this.state === 'queued') slots.release(this.config.id)
  }

  /** It is its turn to ask for a slot. */
  admit(): void {
    this.#admitted = true
    const { slots, makeRoom } = this.#parts
    slots.request(this.slotRequest)
    if (!slots.holds(this.config.id)) makeRoom()
  }

  restIdle(): void {
    const { slots, changed } = this.#parts
    if (slots.isWaitedFor(this.config.id)) this.#send({ type: 'YIELD' })
    // Once the snapshot tells of it: whoever waits for the end need wait for it no more.
    queueMicrotask(changed)
  }

  releaseSlot(): void {
    this.#parts.order.withdraw(this.config.id)
    this.#parts.slots.release(this.config.id)
  }

  /**
   * Takes the worker in the registry, if it is not taken yet.
   *
   * @returns who holds it, if that is another host
   */
  acquire(): Promise<Holder | null> {
    this.#acquiring ??= this.#acquire().finally(() => {
      this.#acquiring = null
    })
    return this.#acquiring
  }

  async #acquire(): Promise<Holder | null> {
    if (this.#fence !== null && !this.#fenceUsed) return null
    const { store, host, lanes } = this.#parts
    await this.#returnLeft()
    const answer = await store.client.call('acquire', { worker: this.config.id, host: host.id })
    this.#heldBy('holder' in answer ? answer.holder : null)
    if ('holder' in answer) return answer.holder
    if (answer.left.fence !== this.#known) this.#left = readLeft(answer.left, true, this.now())
    this.#known = answer.fence
    this.#fence = answer.fence
    this.#fenceUsed = false
    this.#isHeldHere = true
    if (answer.counts) lanes.update([answer.counts])
    return null
  }

  spawn(): void {
    const turn = this.#parts.startGate.enter(this.config.id, this.now())
    if (turn) {
      this.#send({ type: 'SHORT', why: turn.why })
      return
    }
    const start = { cancelled: false }
    this.#pendingSpawn = start
    this.#readyAt = null
    this.acquire()
      .then((holder) => nextTurn().then(() => holder))
      .catch((error: unknown) => {
        // Whatever the registry failed with is not the worker's.
        if (this.#pendingSpawn !== start) return
        this.#pendingSpawn = null
        if (start.cancelled) this.#ended(null)
        else this.#send({ type: 'SHORT', why: cannotStart(toErrorRecord(error)) })
      })
      .then((holder) => {
        if (this.#pendingSpawn !== start || holder === undefined) return
        this.#pendingSpawn = null
        if (start.cancelled) return this.#ended(null)
        if (holder) return this.#send({ type: this.#parts.config.onHeld === 'wait' ? 'HELD' : 'REFUSED', reason: heldBy(holder) })
        if (this.#left) return this.#adopt()
        const counts = this.#parts.lanes.get(this.config.id)
        if (this.config.dataset !== null && counts?.complete && !this.#parts.isLoading(this.config.dataset)) {
          return this.#send({ type: 'COMPLETE', reason: laneEnd({ ...counts, target: this.config.target }) })
        }
        this.#startThread()
        if (this.pauseWanted) this.pause()
      })
      .catch((error: unknown) => {
        if (this.#pendingSpawn !== start) return
        this.#pendingSpawn = null
        this.#ended(start.cancelled ? null : this.#failure('start-error', toErrorRecord(error)))
      })
  }

  /** What a thread or a process takes is not to be had on this machine now. */
  #short(why: string): void {
    this.#parts.startGate.short(this.config.id, why, this.now())
    this.#send({ type: 'SHORT', why })
  }

  short(why: string, times: number): void {
    const now = this.now()
    if (times > 1 && now - this.#saidShortAt < saidEveryMs) return
    this.#saidShortAt = now
    this.#parts.logs.worker(this.config.annotator, this.config.domain).warn(`${why}; tried again until it can be`)
  }

  pause(): void {
    this.#thread?.pause()
  }

  resume(): void {
    this.#thread?.resume()
  }

  finish(drainMs: number): void {
    if (this.#thread) this.#thread.finish(drainMs)
    else if (this.#pendingSpawn) this.#pendingSpawn.cancelled = true
    else this.#ended(null)
  }

  kill(failure: Pick<Failure, 'kind' | 'message'>, evidence: boolean): void {
    if (this.#thread) {
      void this.#thread.kill(failure, evidence)
      return
    }
    this.#pendingSpawn = null
    this.#ended(this.#failure(failure.kind, { name: 'Error', message: failure.message }))
  }

  /** Nobody has loaded anything into its dataset yet, as far as is known here. */
  get neverLoaded(): boolean {
    const { dataset, target, id } = this.config
    const { lanes, isLoading, wasLoaded } = this.#parts
    return dataset !== null && target !== 0 && lanes.get(id)?.total === 0 && !isLoading(dataset) && !wasLoaded(dataset)
  }

  /** Something may have been loaded: if it waits for that, it goes on. */
  seeLoad(): void {
    if (!this.#waitsForLoad || this.state !== 'queued' || this.neverLoaded) return
    this.#send({ type: 'HELD', reason: 'its dataset was loaded' })
    this.requestSlot()
  }

  /** There may be work: tells the thread, or wakes the completed worker. */
  poke(): void {
    this.seeLoad()
    if (this.#thread) this.#thread.poke()
    this.#send({ type: 'MORE' })
  }

  /** Its thread makes log records up to another level. */
  setLogLevel(level: LogLevel): void {
    this.#thread?.setLogLevel(level)
  }

  /** The store thread was replaced. */
  reconnectStore(): void {
    if (this.#thread) this.#thread.reconnect(this.#parts.store.connect(this.config.id))
  }

  #startThread(): void {
    const { board, store, config, logs, monitor, evidence } = this.#parts
    const worker = this.config
    const slot = board.take()
    this.#fenceUsed = true
    this.#slot = slot
    this.#bootedAt = this.now()
    try {
      this.#thread = new Thread({
        isolation: worker.isolation,
        store: store.connect(worker.id),
        boot: {
          id: worker.id,
          annotator: worker.annotator,
          domain: worker.domain,
          dataset: worker.dataset,
          module: worker.module,
          input: worker.input,
          fence: this.#fence as Fence,
          heartbeat: worker.heartbeat,
          concurrency: worker.concurrency,
          prefetch: worker.prefetch,
          delayMs: worker.delayMs,
          recycle: worker.recycle,
          snapshotNearHeapLimit: evidence?.nearHeapLimit ?? false,
          permanent: filledPolicy(worker.restart).mode === 'permanent',
          quota: worker.quota,
          host: this.#parts.host.id,
          tasks: worker.tasks,
          breaker: { open: this.#breaker !== null, streak: this.#streak },
          logLevel: logs.level,
          secrets: this.#parts.secrets,
        },
        slot,
        resourceLimits: { ...worker.resourceLimits, ...this.memory.resourceLimits },
        evidence,
        killMs: config.killMs,
        onReport: (report) => this.#onReport(report),
        onEnd: (end) => this.#onEnd(end),
        onLateExit: () => {
          board.giveBack(slot)
          const lost = this.#lostSlots.shift()
          if (lost !== undefined) this.#parts.slots.release(lost)
        },
      })
    } catch (error) {
      board.giveBack(slot)
      this.#slot = null
      this.#thread = null
      const record = toErrorRecord(error)
      if (shortageOf(record)) this.#short(cannotStart(record))
      else this.#ended(this.#failure('start-error', record))
      return
    }
    monitor.send({ type: 'UNWATCH', worker: worker.id })
    this.#send({ type: 'SPAWNED' })
  }

  #onReport(report: ThreadReport): void {
    const { monitor, logs, lanes, isLoading } = this.#parts
    switch (report.type) {
      case 'extend':
        this.#send({ type: 'EXTEND', ms: report.ms })
        break
      case 'ready':
        // Too late: it is being ended, and was never up.
        if (this.state !== 'starting') break
        this.#readyAt = this.now()
        monitor.send({ type: 'WATCH', worker: this.config.id, slot: this.#slot as BeatCell, limits: this.config.heartbeat, ref: this.ref })
        this.#send({ type: 'READY' })
        break
      case 'log':
        logs.worker(this.config.annotator, this.config.domain)[report.level](report.message, report.fields ?? undefined)
        break
      case 'failing':
        this.#errors.take(report.errors)
        this.#streak = report.streak
        break
      case 'breaker-opened':
        this.#breakerOpened(report)
        break
      case 'breaker-closed':
        this.#breakerClosed()
        break
      case 'waiting':
        this.#send({ type: 'WAITING' })
        break
      case 'working':
        this.#send({ type: 'WORKING' })
        break
      case 'complete': {
        const { dataset, target } = this.config
        if (report.counts) lanes.update([report.counts])
        const reason = report.counts ? laneEnd({ ...report.counts, target }) : 'run() returned'
        // While items are still coming in, an empty lane is only waiting; it is poked when there are more, and at the end.
        this.#send(dataset !== null && isLoading(dataset) ? { type: 'WAITING' } : { type: 'COMPLETE', reason })
        break
      }
      case 'declined':
        this.#send({ type: 'DECLINED', reason: report.reason })
        break
      case 'spent':
        this.#quotaSpent(report)
        break
      case 'retired':
        this.#parts.publish('quota:key:retired', { quota: report.quota, reason: report.reason, at: this.now() })
        logs.part('system').warn(`quota ${report.quota} is retired: ${report.reason}`)
        break
      case 'recycle':
        this.#send({ type: 'RECYCLE', reason: report.reason })
        break
      case 'fenced':
        this.taken()
        break
      case 'failed':
        break
      default:
        report satisfies never
    }
  }

  /** Parks until there is more, or pauses where only a raised budget helps. */
  #quotaSpent({ quota, window, inMs, amounts }: Extract<ThreadReport, { type: 'spent' }>): void {
    if (this.state === 'stopping') return
    // Within what a date can say; it looks again then.
    const until = Number.isFinite(inMs) ? this.now() + Math.min(inMs, longestWaitMs) : null
    this.#waitsFor = { choices: this.config.quota?.choices ?? [quota], amounts }
    if (window === 'retired') {
      this.#parts.quotas.retired(this.#waitsFor.choices)
      this.#send({
        type: 'PAUSE',
        byItself: true,
        reason: `every key of its quota (${this.config.quota?.choices.join(', ')}) is retired: revive one to go on`,
      })
      return
    }
    this.#parts.quotas.spent(quota, window, until)
    if (until === null) this.#send({ type: 'PAUSE', byItself: true, reason: `${window} of quota ${quota} is spent: raise it to go on` })
    else this.#send({ type: 'PARK', until, reason: `${window} of quota ${quota} is spent until ${new Date(until).toISOString()}` })
  }

  /** Attempts fail and fail: parks with waits that grow, or pauses; after that one task is tried. */
  #breakerOpened({ error, attempts }: Extract<ThreadReport, { type: 'breaker-opened' }>): void {
    const { breaker } = this.config.tasks
    if (breaker === null) return
    const at = this.now()
    const openings = (this.#breaker?.openings ?? 0) + 1
    const waitMs = backoffDelay({ initialMs: breaker.forMs, factor: 2, maxMs: breaker.maxMs, jitter: 0 }, openings - 1)
    const until = breaker.do === 'park' ? at + waitMs : null
    this.#breaker = { error, since: this.#breaker?.since ?? at, until, openings }
    this.#parts.publish('lane:breaker:opened', { worker: this.config.id, error, attempts, openings, until, at })
    const many = breaker.failures < 1 ? 'too many attempts failed' : `${attempts} attempts in a row failed`
    const what = openings > 1 ? 'the task that was tried failed too' : many
    const next = until === null ? 'paused: resume it to try one task' : `waits until ${new Date(until).toISOString()}, then tries one task`
    const reason = `${what}: ${describeKind(error)}`
    this.#parts.logs.worker(this.config.annotator, this.config.domain).warn(`${reason}; ${next} (tasks.breaker)`)
    if (until === null) this.#send({ type: 'PAUSE', byItself: true, reason })
    else this.#send({ type: 'PARK', until, reason })
  }

  #breakerClosed(): void {
    if (this.#breaker === null) return
    this.#breaker = null
    const at = this.now()
    this.#parts.publish('lane:breaker:closed', { worker: this.config.id, at })
    this.#parts.logs.worker(this.config.annotator, this.config.domain).info('the task that was tried succeeded: goes on in full')
    this.keep(this.memory)
  }

  /** The quota may grant again: goes on if that is what it waits for. */
  quotaChanged(): void {
    if (this.state === 'parked') this.#send({ type: 'START' })
    else if (this.state === 'paused') this.#send({ type: 'RESUME' })
    this.poke()
  }

  #onEnd({ failure, abandoned, alive }: ThreadEnd): void {
    const { board, monitor } = this.#parts
    const evidence = failure && this.#evidence(failure)
    const thread = this.#thread
    monitor.send({ type: 'UNWATCH', worker: this.config.id })
    if (this.#slot && !alive) board.giveBack(this.#slot)
    this.#slot = null
    this.#thread = null
    const missing = failure && this.#missing(failure)
    const full =
      failure && !missing
        ? this.#failure(failure.kind, failure.error, {
            message: failure.message,
            exitCode: failure.exitCode,
            hungAt: failure.hungAt,
            evidence,
          })
        : null
    const settled = Promise.all([this.#abandon(abandoned, full), thread !== null && !alive && this.#collect(thread, full)])
    if (full) void settled.then(() => this.#publishFailure(full))
    if (missing) this.#short(missing)
    else this.#ended(full)
  }

  /** Why it did not come up, if that is not its own. */
  #missing({ kind, error }: ThreadFailure): string | null {
    if (this.state === 'starting' && error && shortageOf(error)) return cannotStart(error)
    return kind === 'start-timeout' ? this.#parts.startGate.shortSince(this.#bootedAt) : null
  }

  /** Returns what the thread had leased. */
  async #abandon(abandoned: ThreadEnd['abandoned'], failure: Failure | null): Promise<void> {
    const { store, lanes, publish, report } = this.#parts
    const fence = this.#fence
    if (fence === null) return
    const error: ErrorRecord = failure?.error ?? { name: 'Error', message: failure?.message ?? 'stopped' }
    const { poisonAfter, maxAttempts } = this.config.tasks
    const request = {
      worker: this.config.id,
      fence,
      abandoned,
      error: { ...error, ...(failure && { code: error.code ?? failure.kind }) },
      poisonAfter,
      maxAttempts,
    }
    const giveBack = async (): Promise<void> => {
      const reply = await store.client.call('abandon', request)
      if (failure && reply.working.length > 0) {
        failure.tasks.push(...reply.working)
        this.#record(this.state, this.memory)
      }
      if (reply.counts) lanes.update([reply.counts])
      for (const key of reply.poisoned) publish('task:poison:quarantined', { worker: this.config.id, key, at: this.now() })
    }
    await giveBack().catch((error: unknown) => {
      if (this.#isShortOfStore(error)) this.#unreturned = giveBack
      else if (!(DroverError.is(error) && (error.code === 'CLOSED' || error.code === 'FENCED'))) report('could not return leases', error)
    })
  }

  async #returnLeft(): Promise<void> {
    if (!this.#unreturned) return
    await this.#unreturned()
    this.#unreturned = null
  }

  /** The store cannot take anything now, and may again. */
  #isShortOfStore(error: unknown): boolean {
    return DroverError.is(error) && error.code === 'STORE_FAILED' && !this.#parts.store.hasFailed
  }

  /** Adds to the evidence what V8 wrote of the thread that ended. */
  async #collect({ pid, threadId }: Thread, failure: Failure | null): Promise<void> {
    const files = (await this.#parts.evidence?.collect(pid, threadId ?? 0, this.config.id, failure?.kind ?? null)) ?? []
    if (files.length === 0 || !failure?.evidence) return
    failure.evidence.files.push(...files)
    this.#record(this.state, this.memory)
  }

  #publishFailure(failure: Failure): void {
    this.#parts.publish('worker:failure:recorded', { worker: this.config.id, failure })
    const { kind, message, error, hungAt, tasks, evidence } = failure
    const files = evidence?.files ?? []
    this.#parts.logs.worker(this.config.annotator, this.config.domain).error(`${kind}: ${message}${stackText(error)}`, {
      ...(hungAt && { hungAt }),
      ...(tasks.length > 0 && { tasks }),
      ...(files.length > 0 && { files }),
    })
  }

  #failure(kind: FailureKind, error: ErrorRecord | null, more: Partial<Failure> = {}): Failure {
    const now = this.now()
    const uptimeMs = this.#readyAt === null ? null : now - this.#readyAt
    return this.#parts.redact<Failure>({
      kind,
      message: error?.message ?? kind,
      error,
      exitCode: null,
      hungAt: null,
      evidence: null,
      tasks: [],
      uptimeMs,
      at: now,
      ...more,
    })
  }

  #evidence({ eventLoopUtilization, files }: ThreadFailure): Evidence {
    const { annotator, domain } = this.config
    const lines = this.#parts.logs.recent({ part: 'worker', annotator, domain, limit: evidenceLines })
    const log = lines.map(({ at, level, message, fields }) => {
      const more = fields === null ? '' : ` ${JSON.stringify(fields)}`
      return `${new Date(at).toISOString()} ${level} ${message}${more}`
    })
    return { eventLoopUtilization, heapUsed: this.heapUsed, log, files }
  }

  #ended(failure: Failure | null): void {
    const event: LifecycleEvent = { type: 'ENDED', failure }
    this.#send(event)
  }

  #giveBack(): void {
    const fence = this.#fence
    this.#fence = null
    if (fence === null) return
    this.#freed = this.#free(fence, 0)
  }

  /** Nothing to it once another fence is current. */
  async #free(fence: Fence, tries: number): Promise<void> {
    try {
      // Whoever takes it then finds in the store what became of it here: that goes first.
      await this.#parts.recorder.flush()
      await this.#returnLeft()
      await this.#parts.store.client.call('free', { worker: this.config.id, fence })
      if (this.#fence === null) this.#isHeldHere = false
    } catch (error) {
      if (this.#isShortOfStore(error)) setTimeout(() => void this.#free(fence, tries + 1), backoffDelay(freeWaits, tries)).unref()
      else if (!(DroverError.is(error) && error.code === 'CLOSED')) this.#parts.report('could not free the worker', error)
    }
  }
}

function cannotStart({ name, code = name, message }: ErrorRecord): string {
  return `cannot be started now: ${code}: ${message}`
}

/** A loop of the author's own ends by returning: there is nothing to keep its thread for. */
function idleMsOf({ dataset, idleMs }: CompiledWorker): number {
  return dataset === null ? 0 : idleMs
}
