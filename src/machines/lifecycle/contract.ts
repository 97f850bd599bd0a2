/**
 * The interface of the lifecycle statechart: a worker's stored memory, incoming events, and outgoing effects.
 */

import type { ErrorKind } from '../../errors.js'
import type { Failure } from '../../failure.js'
import type { ResourceLimits } from '../../options/isolation.js'
import type { Restart, RestartPolicy, Verdict } from '../../options/restart.js'
import type { WorkerState } from './states.js'

/** The part of a worker's state that outlives its host: stored with every transition. Times in ms since the epoch. */
export interface WorkerMemory {
  /** The restarts that count, oldest first. */
  restarts: Restart[]
  /** How often each rule of the policy has decided, by its index. */
  uses: Record<number, number>
  /** Limits set by a rule; they override the configured ones. */
  resourceLimits: ResourceLimits | null
  /** Whether it was started on parole: the next failure is final. */
  onParole: boolean
  /** Total active time, with a thread, parked or paused, in ms. The clock of restart windows. */
  activeMs: number
  /** Time up since its last failure, in ms: ready, over all its threads, or parked in between. */
  upMs: number
  /** Reason of a pause by hand, until resumed or stopped, over all threads and hosts; null: no such pause. */
  paused: string | null
  /** Restarts over its life. */
  restartCount: number
  /** When it continues by itself: the end of a backoff or park, or the parole. By the host's clock; the store has it by the wall clock. */
  until: number | null
  /** The reason for its state. */
  reason: string
  lastFailure: Failure | null
}

/** The machine's calls to the outside. None may throw; answers come back as events. */
export interface LifecycleEffects {
  now(): number
  /** The wall clock, which runs while the computer sleeps. */
  wall(): number
  /** What the wall clock shows at a time of `now`. */
  shownAt(time: number): number
  /** The time of `now` at which the wall clock shows this time. */
  timeOf(shown: number): number
  /**
   * The one place where a state changes: emits and stores it.
   *
   * @param ending `ended` follows, and waits for its phase wait for that
   * @param delayMs the delay that the verdict on its latest failure set, in ms; null: it set none, or the state is restored
   */
  enter(state: WorkerState, memory: WorkerMemory, ending: boolean, delayMs: number | null): void
  /** Stores the memory without a change of state. */
  keep(memory: WorkerMemory): void
  /** A failure was classified. Comes before `enter('crashed')`. */
  failed(failure: Failure): void
  /** A rule of the restart policy threw or returned an invalid verdict. */
  policyFailed(problem: unknown): void
  /** The policy wants a restart; the supervisor decides. Answered by GRANTED or STOP. */
  askRestart(why: string): void
  /** The worker went down by itself and is not restarted. */
  ended(how: WorkerEnd, why: string): void
  /** Answered by SLOT at its turn, or by HELD. */
  requestSlot(): void
  /** Gives the slot, or the place in the queue, back. */
  releaseSlot(): void
  /**
   * Claims the worker in the registry and starts a thread. Answered by SPAWNED and READY, by SHORT, HELD, REFUSED, COMPLETE or
   * ENDED.
   */
  spawn(): void
  /** A start failed for lack of resources, for the n-th time in a row; another try follows by itself. */
  short(why: string, times: number): void
  pause(): void
  resume(): void
  /** Its thread is idle and stays for a while. Answered by YIELD if another worker waits for its slot. */
  restIdle(): void
  /** Drains, then ends the thread; at the deadline ends it anyway. Answered by ENDED. */
  finish(drainMs: number): void
  /** Ends the thread now; with `evidence`, takes its stack first. Answered by ENDED with the given failure. */
  kill(failure: Pick<Failure, 'kind' | 'message'>, evidence: boolean): void
}

/** How a worker went down by itself. `escalated`: its supervisor must handle the failure. */
export type WorkerEnd = 'completed' | 'stopped' | 'given-up' | 'escalated'

/**
 * Whether a worker should run, in any state. `stopped`: by hand, or never started in this host; only a start by hand ends this.
 * `halted`: by its supervisor, which may start it again. `running`.
 */
export type Wanted = 'running' | 'halted' | 'stopped'

/** An open breaker of a worker's tasks: no task begins, or one at a time. */
export interface OpenBreaker {
  error: ErrorKind
  /** Since when, in ms since the epoch. */
  since: number
  /** When the next task is tried; null: at a resume. In the past while a task is tried. */
  until: number | null
  /** How often it opened in a row. */
  openings: number
}

/** Stored state of a worker besides its memory. Missing in stores of earlier versions. */
export interface Beside {
  breaker?: OpenBreaker | null
  module?: KnownModule | null
}

/** A worker's module at the worker's last start. */
export interface KnownModule {
  /** A hash; see `module-version.ts`. */
  version: string
  /** Since when the module has this version, in ms since the epoch. */
  since: number
  /** Whether the worker's last failure was a failure of this module. */
  failed: boolean
}

/** A worker as the store remembers it. */
export interface Left {
  state: WorkerState
  memory: WorkerMemory & Beside
}

export interface LifecycleInput {
  effects: LifecycleEffects
  policy: RestartPolicy
  startTimeoutMs: number
  drainMs: number
  /** How long an idle thread is kept, in ms; 0: not at all. */
  idleMs: number
  /** The worker as the store remembers it, if it does. */
  restored: Left | null
  random?: () => number
}

export type LifecycleEvent =
  /** Its options were changed. */
  | { type: 'CONFIGURE'; policy: RestartPolicy; startTimeoutMs: number; drainMs: number; idleMs: number }
  /** By hand. */
  | { type: 'START' }
  /** By hand. `halt`: by its supervisor, which may start it again. `closing`: because the host ends; a pause outlives this. */
  | { type: 'STOP'; reason?: string; drainMs?: number; halt?: boolean; closing?: boolean }
  /** A stop by hand is announced; it follows at its turn. */
  | { type: 'UNWANTED' }
  /** Replaces its thread, if the worker is wanted; `again`: also if its supervisor had halted it. */
  | { type: 'RESTART'; reason?: string; again?: boolean; drainMs?: number }
  /** Its supervisor, which had halted it, is up again: the worker may come back by itself. */
  | { type: 'ALLOW' }
  /**
   * By hand: it keeps its thread. `byItself`: its quota is spent or its breaker is open until a person acts, so it gives up its
   * thread and its slot.
   */
  | { type: 'PAUSE'; reason?: string; byItself?: boolean }
  | { type: 'RESUME' }
  | { type: 'RESET' }
  /** Given up by hand. */
  | { type: 'BLACKLIST'; why: string; drainMs?: number }
  /** The requested restart is granted; `inTurn`: only at its turn among its siblings. */
  | { type: 'GRANTED'; inTurn: boolean }
  | { type: 'SLOT' }
  /** A thread exists: the start timeout begins. */
  | { type: 'SPAWNED' }
  /** It could not be started for lack of resources: the store, files, memory, threads. */
  | { type: 'SHORT'; why: string }
  /** Resources may be available again. */
  | { type: 'ROOM' }
  /** Extends the start timeout to `ms` from now, if that is later. */
  | { type: 'EXTEND'; ms: number }
  | { type: 'READY' }
  /** Another host holds the worker: it waits without a slot until that host releases it. */
  | { type: 'HELD'; reason: string }
  /** Another host holds the worker, and it should not wait. */
  | { type: 'REFUSED'; reason: string }
  /** Another host had the worker and left it in this state. Sent only while there is no thread. */
  | { type: 'ADOPT'; left: Left | null; reason: string }
  | { type: 'WAITING' }
  | { type: 'WORKING' }
  /** Its `setup` has declined. */
  | { type: 'DECLINED'; reason: string }
  /** No work is left; `reason` summarises the work done. */
  | { type: 'COMPLETE'; reason?: string }
  /** Another worker waits for its slot: an idle thread ends now. */
  | { type: 'YIELD' }
  /** There may be work again: restarts a completed worker that is wanted. */
  | { type: 'MORE' }
  /** Ends the wait of a parked worker, unless it is to be stopped: what it waits for may be there. */
  | { type: 'WAKE' }
  | { type: 'PARK'; until: number; reason: string }
  /** Replaces the thread by a fresh one, between tasks. */
  | { type: 'RECYCLE'; reason: string }
  /** `silentMs`: the length of its silence so far. */
  | { type: 'STUCK'; kind: 'heartbeat-lost' | 'progress-stalled'; message: string; silentMs?: number }
  /** The thread has ended; `failure` is null for a requested end. */
  | { type: 'ENDED'; failure: Failure | null }

/** Reason of a worker that was paused by hand under another host. */
export const pausedEarlier = 'paused by hand under an earlier host: resume it to go on'

/** A worker that never ran. */
export const freshMemory: WorkerMemory = {
  restarts: [],
  uses: {},
  resourceLimits: null,
  onParole: false,
  activeMs: 0,
  upMs: 0,
  paused: null,
  restartCount: 0,
  until: null,
  reason: 'declared',
  lastFailure: null,
}

export interface LifecycleContext extends Omit<LifecycleInput, 'restored' | 'random'> {
  memory: WorkerMemory
  restored: WorkerState | null
  random: () => number
  /** Since when its active time runs; null: it stands still. */
  activeFrom: number | null
  /** Since when it is up: ready, or parked after that. */
  upFrom: number | null
  /** For a stuck worker: how long its thread had been healthy, in ms. */
  wellMs: number | null
  /** Start of a thread that is not ready yet, and its deadline. */
  booting: { from: number; by: number }
  /** While parked: how far the wall clock was ahead when it parked, in ms. */
  wallAhead: number
  /** How often in a row a start failed for lack of resources. */
  shortages: number
  verdict: Verdict | null
  /** Errors of the policy's rules. */
  problems: unknown[]
  /** Whether it should run, in any state: only a start by hand undoes a stop by hand. */
  wanted: Wanted
  /** The next state after the thread's requested end. */
  next: 'stopped' | 'completed' | 'parked' | 'paused' | 'queued' | 'blacklisted'
  /** How it goes down by itself, to report to its supervisor. */
  ending: WorkerEnd | null
  drainFor: number
}
