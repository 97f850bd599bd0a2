/**
 * The core of a worker, shared by its other parts: its configuration, the state of its lifecycle, and events to the lifecycle.
 * The other parts (registration, starts, thread ...) have their own state and see only this core of the worker.
 */
import type { SnapshotFrom } from 'xstate'
import { isInstance } from '../../instance-ids.js'
import { freshMemory, type Left, type LifecycleEvent, pausedEarlier, type WorkerMemory } from '../../machines/lifecycle/contract.js'
import type { workerLifecycle } from '../../machines/lifecycle/machine.js'
import type { WorkerState } from '../../machines/lifecycle/states.js'
import type { CompiledWorker } from '../../options/compiled.js'
import type { SupervisorRef, WorkerRef } from '../supervisor/contract.js'
import type { SystemParts } from './contract.js'
import { PendingCalls } from './pending-calls.js'
import { withThread } from './state-groups.js'

export abstract class WorkerCore {
  // Private, so that a printed or serialised actor context does not show a worker's input.
  #config: CompiledWorker
  readonly #parts: SystemParts
  readonly #restored: Left | null
  #supervisor: SupervisorRef | null = null
  #ref: WorkerRef | null = null
  #state: WorkerState | null = null
  #since: number
  /** The memory of the state being entered, because the actor's snapshot is not updated yet. */
  #entering: WorkerMemory | null = null
  /** Whether it is being removed or was removed: then nothing starts it. */
  #leaving: 'no' | 'is leaving' | 'is gone' = 'no'
  /** Number of running {@link hold} calls. */
  #holds = 0
  readonly #owed = new PendingCalls()

  /** @param restored the state that an earlier host left */
  constructor(config: CompiledWorker, parts: SystemParts, restored: Left | null) {
    this.#config = config
    this.#parts = parts
    this.#restored = restored
    this.#since = parts.now()
  }

  /** Stores the memory without a change of state. */
  abstract keep(memory: WorkerMemory): void
  /** Sends an event to the lifecycle, and clears state that the event ends. */
  abstract tell(event: LifecycleEvent): void
  /** Whether a start by hand is pending and will ask for a slot. */
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
  /** The state that an earlier host left. */
  get restored(): Left | null {
    return this.#restored
  }
  get log(): ReturnType<SystemParts['logs']['worker']> {
    const { id, annotator, domain } = this.#config
    return this.#parts.logs.worker(annotator, domain, isInstance(id) ? id.slice(id.lastIndexOf('#')) : undefined)
  }
  /** null before its supervisor has made its actor. */
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
  /** Its activity while it runs; null otherwise. */
  get activity(): 'working' | 'waiting' | 'idle' | 'draining' | null {
    const value = this.#snapshot?.value as { live?: { running?: 'working' | 'waiting' | 'idle' | 'draining' } } | string | undefined
    return (typeof value === 'object' && value.live?.running) || null
  }
  /** When it continues by itself, as the wall clock will show it. */
  get until(): number | null {
    return this.#parts.wallClock.shownAt(this.memory.until)
  }
  /** Whether it has a thread without work. */
  get idle(): boolean {
    return this.activity === 'idle'
  }
  /** Whether it is paused, or will be once it has a thread. */
  get pauseWanted(): boolean {
    return this.state === 'paused' || this.memory.paused !== null
  }
  /** Whether it paused by itself (a spent budget, retired keys, its breaker), or by hand under an earlier host. */
  get waitsForHand(): boolean {
    const { paused } = this.memory
    return this.state === 'paused' && (paused === null || paused === pausedEarlier)
  }
  /** Whether it was started in this host and not stopped since. */
  get wanted(): boolean {
    return this.#snapshot?.context.wanted === 'running'
  }
  /** Whether it is being stopped for good and was not started since. */
  get isBeingStopped(): boolean {
    return this.live && this.#snapshot?.context.wanted === 'stopped'
  }
  get hasRun(): boolean {
    return this.state === 'completed' && this.config.dataset === null && this.#snapshot?.context.wanted !== 'stopped'
  }
  /** Whether it is blacklisted and will be started once more by itself. */
  get awaitsParole(): boolean {
    return this.state === 'blacklisted' && this.wanted && this.memory.until !== null
  }
  get isGone(): boolean {
    return this.#leaving === 'is gone'
  }
  get isLeaving(): boolean {
    return this.#leaving !== 'no'
  }
  /** Whether a {@link hold} runs: then it does not count as settled. */
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

  shownAt(time: number): number {
    return this.#parts.wallClock.shownAt(time)
  }

  timeOf(shown: number): number {
    return this.#parts.wallClock.timeOf(shown)
  }

  protected reconfigure(config: CompiledWorker): void {
    this.#config = config
  }

  protected setLeaving(leaving: 'no' | 'is leaving' | 'is gone'): void {
    this.#leaving = leaving
  }

  /** @returns the previous state; null for the first one */
  protected moveTo(state: WorkerState): WorkerState | null {
    const from = this.#state
    if (from === state) return from
    this.#state = state
    this.#since = this.now()
    return from
  }

  /** Uses this memory while `tell` runs. */
  protected entering(memory: WorkerMemory, tell: () => void): void {
    this.#entering = memory
    tell()
    this.#entering = null
  }

  /** Sends an event to the lifecycle. No effect on a removed worker. */
  send(event: LifecycleEvent): void {
    this.catchUp()
    if (!this.isGone) this.ref.send(event)
  }

  /** Its phase has changed, for which others may wait. With `ending` they wait until its supervisor has answered. */
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

  /** Adds a call that may wait for its turn. */
  owe(act: () => void): void {
    this.#owed.add(act)
  }

  /** Runs the owed calls in order. */
  catchUp(): void {
    this.#owed.catchUp()
  }
}
