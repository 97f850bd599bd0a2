/**
 * The part of a worker that its other parts share: who it is, where its lifecycle stands, and how the lifecycle is told. The other parts
 * (registration, starts, thread ...) keep state of their own and see no more of the worker than this.
 */
import type { SnapshotFrom } from 'xstate'
import { freshMemory, type Left, type LifecycleEvent, pausedEarlier, type WorkerMemory } from '../../machines/lifecycle/contract.js'
import type { workerLifecycle } from '../../machines/lifecycle/machine.js'
import type { WorkerState } from '../../machines/lifecycle/states.js'
import type { CompiledWorker } from '../../options/compiled.js'
import type { SupervisorRef, WorkerRef } from '../supervisor/contract.js'
import { Owed } from './owed.js'
import type { SystemParts } from './parts.js'
import { withThread } from './sibling-phase.js'

export abstract class WorkerCore {
  // Private, so that whoever prints or serialises an actor's context does not print a worker's input.
  #config: CompiledWorker
  readonly #parts: SystemParts
  readonly #restored: Left | null
  #supervisor: SupervisorRef | null = null
  #ref: WorkerRef | null = null
  #state: WorkerState | null = null
  #since: number
  /** The memory that goes with a state being entered: the actor's snapshot is not there yet. */
  #entering: WorkerMemory | null = null
  /** It is being taken out of the system, or has been: nothing starts it any more. */
  #leaving: 'no' | 'is leaving' | 'is gone' = 'no'
  /** Reasons not to call the worker settled although its state is. */
  #holds = 0
  readonly #owed = new Owed()

  /** @param restored what an earlier host left of it */
  constructor(config: CompiledWorker, parts: SystemParts, restored: Left | null) {
    this.#config = config
    this.#parts = parts
    this.#restored = restored
    this.#since = parts.now()
  }

  /** Stores what it remembers, where its state stays. */
  abstract keep(memory: WorkerMemory): void
  /** Tells the lifecycle, and forgets what such an event ends. */
  abstract tell(event: LifecycleEvent): void
  /** Whether a start by hand is on its way, and will ask for a slot. */
  abstract get beingStarted(): boolean

  attach(ref: WorkerRef, supervisor: SupervisorRef): void {
    this.#ref = ref
    this.#supervisor = supervisor
  }

  get config(): CompiledWorker {
    return this.#config
  }
  get id(): string {
    return this.#config.id
  }
  get parts(): SystemParts {
    return this.#parts
  }
  /** What an earlier host left of it. */
  get restored(): Left | null {
    return this.#restored
  }
  get log(): ReturnType<SystemParts['logs']['worker']> {
    return this.#parts.logs.worker(this.#config.annotator, this.#config.domain)
  }
  /** None before its supervisor has made its actor. */
  get supervisor(): SupervisorRef | null {
    return this.#supervisor
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
  /** Whether it has a thread, and nothing to do. */
  get idle(): boolean {
    return this.activity === 'idle'
  }
  /** Paused, or to be as soon as it has a thread. */
  get pauseWanted(): boolean {
    return this.#snapshot?.context.pauseWanted ?? false
  }
  /** Paused by itself (a spent budget, retired keys, its breaker), or by somebody who may be there no more. */
  get waitsForHand(): boolean {
    const { paused } = this.memory
    return this.state === 'paused' && (paused === null || paused === pausedEarlier)
  }
  /** Somebody started it in this host, and nobody has stopped it since. */
  get wanted(): boolean {
    return this.#snapshot?.context.wanted === 'running'
  }
  /** It is on its way down for good, and nobody has started it since. */
  get isBeingStopped(): boolean {
    return this.live && this.#snapshot?.context.wanted === 'stopped'
  }
  get hasRun(): boolean {
    return this.state === 'completed' && this.config.dataset === null && this.#snapshot?.context.wanted !== 'stopped'
  }
  /** Blacklisted, and will be started once more by itself. */
  get awaitsParole(): boolean {
    return this.state === 'blacklisted' && this.wanted && this.memory.until !== null
  }
  get isGone(): boolean {
    return this.#leaving === 'is gone'
  }
  get isLeaving(): boolean {
    return this.#leaving !== 'no'
  }
  /** While {@link hold} runs, it does not count as settled. */
  get isHeldUp(): boolean {
    return this.#holds > 0
  }
  get #snapshot(): SnapshotFrom<typeof workerLifecycle> | null {
    return this.#ref?.getSnapshot() ?? null
  }

  now(): number {
    return this.#parts.now()
  }

  wall(): number {
    return Date.now()
  }

  protected reconfigure(config: CompiledWorker): void {
    this.#config = config
  }

  protected setLeaving(leaving: 'no' | 'is leaving' | 'is gone'): void {
    this.#leaving = leaving
  }

  /** @returns the state that it was in; null: it is its first */
  protected moveTo(state: WorkerState): WorkerState | null {
    const from = this.#state
    if (from === state) return from
    this.#state = state
    this.#since = this.now()
    return from
  }

  /** Until this is through, that is its memory. */
  protected entering(memory: WorkerMemory, tell: () => void): void {
    this.#entering = memory
    tell()
    this.#entering = null
  }

  /** Tells the lifecycle. Nothing is left to tell one that is gone. */
  send(event: LifecycleEvent): void {
    this.catchUp()
    if (!this.isGone) this.ref.send(event)
  }

  /** Its phase has changed: others may have waited for that. With its end they wait until its supervisor has answered. */
  moved(ending = false): void {
    if (this.#parts.isSupervised(this.id)) this.#supervisor?.send({ type: 'MOVED', worker: this.id })
    if (!ending) this.#parts.order.look()
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

  /** Something is asked of it that may wait for its turn. */
  owe(act: () => void): void {
    this.#owed.add(act)
  }

  /** Does what is owed, first things first. */
  catchUp(): void {
    this.#owed.catchUp()
  }
}
