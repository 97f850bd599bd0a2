/**
 * One worker as its system manages it: carries out the effects of its lifecycle (slot, registry, thread, store) and turns results
 * into lifecycle events. All decisions are in `machines/lifecycle/machine.ts`; the work is in the parts that this class joins,
 * each with its own state.
 */
import { isDeepStrictEqual } from 'node:util'
import { toErrorRecord } from '../../errors.js'
import type { DroverEvents } from '../../events/event-map.js'
import type { Failure } from '../../failure.js'
import type { LogLevel } from '../../log-levels.js'
import type {
  Left,
  LifecycleEffects,
  LifecycleEvent,
  LifecycleInput,
  OpenBreaker,
  WorkerEnd,
  WorkerMemory,
} from '../../machines/lifecycle/contract.js'
import type { WorkerState } from '../../machines/lifecycle/states.js'
import type { SlotRequest } from '../../machines/slots.js'
import type { SiblingPhase } from '../../machines/supervision/strategies.js'
import type { CompiledWorker } from '../../options/compiled.js'
import type { Fence } from '../../store/contract/basics.js'
import type { HoldingHost } from '../../store/contract/hosts.js'
import type { Thread } from '../../threads/isolation/worker-thread.js'
import { patientTimeout } from '../../time/patient-timer.js'
import type { SupervisedWorker } from '../supervisor/contract.js'
import { Announcements } from './announcements.js'
import { bornWith } from './boot-data.js'
import { BreakerMemory, triesAtOnce } from './breaker-memory.js'
import type { SystemParts } from './contract.js'
import { WorkerCore } from './core.js'
import { lookAgain, lookWhetherOver } from './lane-check.js'
import { LaneErrors } from './lane-errors.js'
import { ModuleWatch } from './module-watch.js'
import { Registration } from './registration.js'
import { takeReport } from './reports.js'
import { neverLoaded, SlotTurn } from './slot-turn.js'
import { Spawn } from './spawn.js'
import { type QuotaNeed, SpentQuota } from './spent-quota.js'
import { type Start, Starts } from './starts.js'
import { free, siblingPhases, withThread } from './state-groups.js'
import { ThreadLife } from './thread-life.js'

/** Time between log lines while it cannot be started. */
const saidEveryMs = 60_000

export class ManagedWorker extends WorkerCore implements LifecycleEffects, SupervisedWorker {
  readonly #registration: Registration
  readonly #starts: Starts
  readonly #slotTurn: SlotTurn
  readonly #life: ThreadLife
  readonly #spawn: Spawn
  readonly #breaker: BreakerMemory
  readonly #module: ModuleWatch
  readonly #spentQuota: SpentQuota
  readonly #errors: LaneErrors
  readonly #told: Announcements
  /** While it adopts the state that another host left: the first state is not emitted, because the worker continues at once. */
  #adopting = false
  #adopted: { to: WorkerState; memory: WorkerMemory; delayMs: number | null } | null = null
  /** Time of the last log line about a start that is not possible. */
  #saidShortAt = 0

  /**
   * @param restored the state that an earlier host left
   * @param known its fence
   */
  constructor(config: CompiledWorker, parts: SystemParts, restored: Left | null, known: Fence) {
    super(config, parts, restored && triesAtOnce(restored))
    const adopt = (): void => this.#adopt()
    this.#told = new Announcements(parts.changed)
    this.#breaker = new BreakerMemory(this, restored?.memory.breaker ?? null)
    this.#module = new ModuleWatch(this, restored?.memory.module ?? null)
    this.#spentQuota = new SpentQuota(this)
    this.#errors = new LaneErrors({
      worker: config.id,
      now: () => performance.now(),
      after: (ms, callback) => patientTimeout(callback, ms),
      warn: (message) => this.log.warn(message),
    })
    const registration = new Registration(this, known)
    const life = new ThreadLife(this, {
      registration,
      breaker: this.#breaker,
      onReport: (report) =>
        takeReport(this, report, {
          life,
          errors: this.#errors,
          breaker: this.#breaker,
          spentQuota: this.#spentQuota,
          taken: () => this.taken(),
        }),
    })
    this.#registration = registration
    this.#life = life
    this.#spawn = new Spawn(this, { registration, life, adopt })
    this.#starts = new Starts(this, { registration, lookAtModule: () => this.lookAtModule(), adopt })
    this.#slotTurn = new SlotTurn(this, registration)
  }

  lifecycleInput(): LifecycleInput {
    const { restart, heartbeat, drainMs } = this.config
    const { startTimeoutMs } = heartbeat
    return { effects: this, policy: restart, startTimeoutMs, drainMs, idleMs: idleMsOf(this.config), restored: this.restored }
  }

  get slotRequest(): SlotRequest {
    return this.#slotTurn.slotRequest
  }
  get thread(): Thread | null {
    return this.#life.thread
  }
  get threadId(): number | null {
    return this.thread?.threadId ?? null
  }
  get pid(): number | null {
    return this.thread?.pid ?? null
  }
  get heapUsed(): number | null {
    return this.#life.heapUsed
  }
  /** Whether it only receives messages, as far as its last thread has shown. */
  get isActor(): boolean {
    return this.#life.isActor
  }
  /** The failed attempts of its lane. */
  get errors(): LaneErrors {
    return this.#errors
  }
  get waitsFor(): QuotaNeed | null {
    return this.#spentQuota.need
  }
  get breaker(): OpenBreaker | null {
    const { open } = this.#breaker
    return open && { ...open, until: this.parts.wallClock.shownAt(open.until) }
  }
  get holder(): HoldingHost | null {
    return this.#registration.holder
  }
  get isHeldHere(): boolean {
    return this.#registration.isHeldHere
  }
  get freed(): Promise<unknown> {
    return this.#registration.freed
  }
  get timesStarted(): number {
    return this.#starts.times
  }
  get beingStarted(): boolean {
    return this.#starts.areUnderWay
  }
  get neverLoaded(): boolean {
    return neverLoaded(this)
  }
  get phase(): SiblingPhase {
    const { state } = this
    if (state === 'queued') return this.#slotTurn.phase
    return siblingPhases[state] === 'down' && this.beingStarted ? 'wanted' : siblingPhases[state]
  }
  /** Whether it does not change its state by itself. */
  get settled(): boolean {
    return this.#isDown(this.beingStarted)
  }

  #isDown(starting: boolean): boolean {
    if (this.isGone) return true
    // While the system closes, pending requests to the store have no more effect.
    const isAsking = this.#told.isPending || this.isHeldUp || starting
    if (isAsking && !this.parts.isClosing()) return false
    return free.includes(this.state) && !this.awaitsParole
  }

  callsOn(quota: string): number {
    return this.#life.callsOn(quota)
  }

  enter(to: WorkerState, memory: WorkerMemory, ending: boolean, delayMs: number | null): void {
    if (this.#adopting) {
      this.#adopted = { to, memory, delayMs }
      return
    }
    this.#adopted = null
    const from = this.moveTo(to)
    if (from === to) {
      // The same state with another reason.
      this.keep(memory)
      return
    }
    const { startGate, recorder, changed } = this.parts
    if (to !== 'paused' && to !== 'parked') this.#spentQuota.forget()
    if (to !== 'starting' && to !== 'stuck') startGate.leave(this.id, !withThread.includes(to))
    if (from === null) return
    this.#slotTurn.leave()
    this.entering(memory, () => {
      const moved = { worker: this.id, from, to, reason: memory.reason, at: this.since }
      recorder.event('worker:state:changed', moved, this.since)
      this.keep(memory)
      if (free.includes(to)) this.#registration.giveBack()
      // Listeners to a blacklisting or deadline may rely on the next host knowing it, so it is stored first.
      const outlivesHost = to === 'blacklisted' || memory.until !== null
      this.#told.tell(() => this.#tellMoved(moved, memory, delayMs), outlivesHost ? recorder.written() : null)
      this.parts.introductions.moved(this.id)
      if (to === 'completed') void lookAgain(this)
      if (to === 'parked' && this.breaker !== null) void lookWhetherOver(this)
      this.moved(ending)
      changed()
    })
  }

  #tellMoved(moved: DroverEvents['worker:state:changed'], { until, restartCount }: WorkerMemory, delayMs: number | null): void {
    const { worker, from, to, reason, at } = moved
    this.parts.tell('worker:state:changed', moved)
    const level = to === 'blacklisted' ? 'error' : to === 'crashed' || to === 'stuck' ? 'warn' : 'info'
    this.log[level](`${from} -> ${to}: ${reason}`)
    if (free.includes(to)) this.#errors.end()
    if (to !== 'backoff' || until === null) return
    // Restored, it waits for the rest only.
    const wait = delayMs ?? until - at
    this.parts.tell('worker:restart:scheduled', { worker, delayMs: Math.max(0, Math.round(wait)), restarts: restartCount, at })
  }

  keep(memory: WorkerMemory): void {
    const beside = { breaker: this.breaker, module: this.#module.known }
    const until = this.parts.wallClock.shownAt(memory.until)
    this.parts.recorder.transition({
      worker: this.id,
      state: this.state,
      memory: { ...memory, until, ...beside },
      fence: this.#registration.known,
    })
  }

  /** Continues from the state that another host left. A `run` that was completed there is complete. */
  #adopt(): void {
    const left = this.#registration.takeLeft()
    if (left) {
      this.#breaker.restore(left.memory.breaker ?? null)
      this.#module.restore(left.memory.module ?? null)
    }
    this.#adopting = true
    this.send({ type: 'ADOPT', left: left && triesAtOnce(left), reason: 'no other host holds it' })
    this.#adopting = false
    if (left?.state !== 'completed' || this.config.dataset !== null) this.send({ type: 'START' })
    if (this.#adopted) this.enter(this.#adopted.to, this.#adopted.memory, false, this.#adopted.delayMs)
    const failure = left?.memory.lastFailure
    if (failure?.kind === 'orphaned' && left?.state === 'idle') this.parts.publish('worker:failure:recorded', { worker: this.id, failure })
  }

  lookAtModule(): Promise<void> {
    return this.#module.look()
  }

  tellBlacklisted(): void {
    this.#module.tellBlacklisted()
  }

  announceStart(): Start {
    return this.#starts.announce()
  }

  /** Starts that are called from now on come after the end of this. */
  holdStarts(): { isDown(): boolean; end(): void } {
    const hold = this.#starts.holdBack()
    return { isDown: () => this.#isDown(hold.isStarting()), end: hold.end }
  }

  dropStart(start: Start): void {
    this.#starts.drop(start)
  }

  cancelStarts(): void {
    this.#starts.cancel()
  }

  /**
   * Starts it by hand. A stop before the registry's answer wins.
   *
   * @returns the holder, if it is another host: then the worker waits or is refused
   */
  start(start?: Start): Promise<HoldingHost | 'started' | 'cancelled'> {
    return this.#starts.start(start)
  }

  /** Notes a start by hand of a worker that has a thread or waits for one. */
  keepStarted(): void {
    this.#starts.keep()
  }

  startAgain(): void {
    this.#starts.again()
  }

  allow(): void {
    this.send({ type: 'ALLOW' })
    if (this.state === 'completed') void lookAgain(this)
    this.parts.changed()
  }

  seeHolder(holder: HoldingHost | null): void {
    this.#starts.seeHolder(holder)
  }

  /** Claims it in the registry. @returns the holder, if it is another host */
  acquire(): Promise<HoldingHost | null> {
    return this.#registration.acquire()
  }

  /** Another host has taken it, because this one did not renew. */
  taken(): void {
    this.#registration.lose()
    const reason = 'another host has taken it'
    if (this.parts.config.onHeld === 'refuse') this.stop({ type: 'STOP', reason, drainMs: 0 })
    else if (this.live) this.send({ type: 'RESTART', reason, drainMs: 0 })
  }

  /** Takes changed options. A thread that depends on the old ones is replaced between tasks. */
  configure(config: CompiledWorker): void {
    const reborn = !isDeepStrictEqual(bornWith(this.config), bornWith(config))
    this.reconfigure(config)
    const { restart: policy, heartbeat, drainMs } = config
    this.send({ type: 'CONFIGURE', policy, startTimeoutMs: heartbeat.startTimeoutMs, drainMs, idleMs: idleMsOf(config) })
    if (reborn && this.live) this.send({ type: 'RESTART', reason: 'its options were changed' })
  }

  tell(event: LifecycleEvent): void {
    if (event.type === 'RESET') this.#breaker.forget()
    if (event.type === 'RESET' || event.type === 'BLACKLIST') this.#registration.takeLeft()
    this.send(event)
    // A worker that waits for its parole may stop waiting without a change of state.
    if (event.type === 'STOP') this.parts.changed()
  }

  /** A stop comes at its turn: until then it does not ask for a slot, and pending starts are cancelled. */
  standBack(): void {
    this.cancelStarts()
    this.#slotTurn.standBack()
  }

  /** A stop by hand comes at its turn; until then nothing brings it back. */
  announceStop(): void {
    this.cancelStarts()
    this.send({ type: 'UNWANTED' })
  }

  /** Stops it or gives it up, and cancels pending starts. */
  stop(event: Extract<LifecycleEvent, { type: 'STOP' | 'BLACKLIST' }>): void {
    this.cancelStarts()
    this.tell(event)
  }

  /** Begins its removal: from now on nothing starts it. */
  leave(): void {
    this.setLeaving('is leaving')
    this.cancelStarts()
  }

  /** Cancels its removal. */
  stay(): void {
    this.setLeaving('no')
  }

  /** Ends its removal: it counts as down. */
  go(): void {
    this.setLeaving('is gone')
    this.parts.introductions.moved(this.id)
  }

  failed(failure: Failure): void {
    this.#module.failed(failure)
    if (failure.kind === 'unkillable') this.#life.loseSlot()
  }

  policyFailed(problem: unknown): void {
    this.parts.publish('policy:rule:failed', { worker: this.id, error: toErrorRecord(problem), at: this.now() })
    this.parts.report(`a restart rule of ${this.id} failed and was skipped`, problem)
  }

  askRestart(why: string): void {
    this.supervisor?.send({ type: 'CHILD_DOWN', child: this.id, how: 'crashed', why })
  }

  ended(how: WorkerEnd, why: string): void {
    this.supervisor?.send({ type: 'CHILD_DOWN', child: this.id, how, why })
    this.parts.order.look()
  }

  requestSlot(): void {
    this.#slotTurn.request()
  }

  admit(): void {
    this.#slotTurn.admit()
  }

  releaseSlot(): void {
    this.#slotTurn.release()
  }

  restIdle(): void {
    const { slots, changed } = this.parts
    if (slots.isWaitedFor(this.id)) this.send({ type: 'YIELD' })
    // Waits for the end need not wait for it any more.
    changed()
  }

  spawn(): void {
    this.#spawn.begin()
  }

  short(why: string, times: number): void {
    const now = this.now()
    if (times > 1 && now - this.#saidShortAt < saidEveryMs) return
    this.#saidShortAt = now
    this.log.warn(`${why}; drover tries again until it can`)
  }

  pause(): void {
    this.thread?.pause()
  }

  resume(): void {
    this.thread?.resume()
  }

  finish(drainMs: number): void {
    if (this.thread) this.thread.finish(drainMs)
    else if (!this.#spawn.cancel()) this.#life.ended(null)
  }

  kill(failure: Pick<Failure, 'kind' | 'message'>, evidence: boolean): void {
    if (this.thread) {
      void this.thread.kill(failure, evidence)
      return
    }
    this.#spawn.forget()
    this.#life.failed(failure.kind, { name: 'Error', message: failure.message })
  }

  seeLoad(): void {
    this.#slotTurn.seeLoad()
  }

  /** There may be work: pokes the thread, or wakes the completed worker. */
  poke(): void {
    this.seeLoad()
    this.thread?.poke()
    this.send({ type: 'MORE' })
  }

  /** The quota may grant again: continues if it waits for this. */
  quotaChanged(): void {
    this.catchUp()
    if (!this.waitsFor) return
    this.send({ type: this.state === 'parked' ? 'WAKE' : 'RESUME' })
    this.poke()
  }

  /** Sets the log level of its thread. */
  setLogLevel(level: LogLevel): void {
    this.thread?.setLogLevel(level)
  }

  /** The store thread was replaced. */
  reconnectStore(): void {
    if (this.thread) this.thread.reconnect(this.parts.store.connect(this.id))
  }
}

/** A worker with its own loop ends by returning, so its thread is not kept. */
function idleMsOf({ dataset, idleMs }: CompiledWorker): number {
  return dataset === null ? 0 : idleMs
}
