/**
 * What the lifecycle statechart and the rest of drover say to each other: the states, what of a worker outlives its host, the
 * events that come in, and the effects that go out.
 */

import type { ErrorKind } from '../../errors.js'
import type { Failure } from '../../failure.js'
import type { ResourceLimits } from '../../options/isolation.js'
import type { Restart, RestartPolicy, Verdict } from '../../options/restart.js'
import type { WorkerState } from './states.js'

/** What of a worker outlives its host: kept in the store with every transition. Times in ms since the epoch. */
export interface WorkerMemory {
  /** The restarts that count, oldest first. */
  restarts: Restart[]
  /** How often each rule of the policy has decided, by its place. */
  uses: Record<number, number>
  /** Laid over the configured ones, because a rule said so. */
  resourceLimits: ResourceLimits | null
  /** Started once more after it was blacklisted: the next failure is final. */
  onParole: boolean
  /** For how long it has been active, all in all: had a thread, or was parked. The clock of restart windows. */
  activeMs: number
  /** For how long it was up since its last failure: ready, over all its threads, or parked in between. */
  upMs: number
  /** Why it was paused by hand, until it is resumed or stopped; null: it was not. */
  paused: string | null
  /** Restarts over its life. */
  restartCount: number
  /** When it goes on by itself: the end of backoff, of being parked, or the parole of a blacklisted one. */
  until: number | null
  /** Why it is in its state. */
  reason: string
  lastFailure: Failure | null
}

/** Everything the machine wants done. None may throw; answers come back as events. */
export interface LifecycleEffects {
  now(): number
  /** The wall clock, which goes on while the machine sleeps. */
  wall(): number
  /** The one place where a state changes: tells and stores it. `ending`: `ended` follows, and whoever waits for its phase waits for that. */
  enter(state: WorkerState, memory: WorkerMemory, ending: boolean): void
  /** Stores what it remembers, where its state stays. */
  keep(memory: WorkerMemory): void
  /** A failure was classified. Comes before `enter('crashed')`. */
  failed(failure: Failure): void
  /** A rule of the restart policy threw, or answered with something that is no verdict. */
  policyFailed(problem: unknown): void
  /** The policy wants a restart: whoever supervises the worker has a say. Answered by GRANTED, or by STOP. */
  askRestart(why: string): void
  /** The worker went down by itself and is not restarted. */
  ended(how: WorkerEnd, why: string): void
  /** Answered by SLOT, when it is its turn, or by HELD. */
  requestSlot(): void
  /** Gives the slot, or the place in the queue, back. */
  releaseSlot(): void
  /** Takes the worker in the registry and starts a thread. Answered by SPAWNED and READY, by SHORT, HELD, REFUSED, COMPLETE or ENDED. */
  spawn(): void
  /** It cannot be started now, for the n-th time in a row; another try comes by itself. */
  short(why: string, times: number): void
  pause(): void
  resume(): void
  /** Its thread has nothing to do, and stays for a while. Answered by YIELD where somebody waits for its slot. */
  restIdle(): void
  /** Drains, then ends the thread; at the deadline ends it anyway. Answered by ENDED. */
  finish(drainMs: number): void
  /** Ends the thread now, with evidence of where it hangs if asked. Answered by ENDED with the given failure. */
  kill(failure: Pick<Failure, 'kind' | 'message'>, evidence: boolean): void
}

/** How a worker went down for good, as far as it goes: `escalated` is for its supervisor to answer. */
export type WorkerEnd = 'completed' | 'stopped' | 'given-up' | 'escalated'

/**
 * Whether a worker is to run, whatever state it is in: `stopped` by hand (or never started in this host), and only a hand starts it;
 * `halted` by its supervisor, which may start it again; `running`.
 */
export type Wanted = 'running' | 'halted' | 'stopped'

/** Attempts at a worker's tasks fail and fail: none is begun, or one at a time. */
export interface OpenBreaker {
  error: ErrorKind
  /** Since when, in ms since the epoch. */
  since: number
  /** When the next task is tried; null: when it is resumed. Past while one is tried. */
  until: number | null
  /** How often it opened in a row. */
  openings: number
}

/** What the store keeps of a worker beside what its chart knows. Stores of before have none of it. */
export interface Beside {
  breaker?: OpenBreaker | null
  module?: KnownModule | null
}

/** A worker's module as it was when the worker was started last. */
export interface KnownModule {
  /** A hash; see `module-version.ts`. */
  version: string
  /** Since when it has been that one, in ms since the epoch. */
  since: number
  /** The worker's last failure was that of this module. */
  failed: boolean
}

/** What the store remembers of a worker. */
export interface Left {
  state: WorkerState
  memory: WorkerMemory & Beside
}

export interface LifecycleInput {
  effects: LifecycleEffects
  policy: RestartPolicy
  startTimeoutMs: number
  drainMs: number
  /** So long a thread with nothing left to do is kept; 0: not at all. */
  idleMs: number
  /** What the store remembers, if anything. */
  restored: Left | null
  random?: () => number
}

export type LifecycleEvent =
  /** Its options were changed. */
  | { type: 'CONFIGURE'; policy: RestartPolicy; startTimeoutMs: number; drainMs: number; idleMs: number }
  /** By hand. */
  | { type: 'START' }
  /** By hand; with `halt` by its supervisor, which may start it again. `closing`: it is its host that ends, so that a pause outlives it. */
  | { type: 'STOP'; reason?: string; drainMs?: number; halt?: boolean; closing?: boolean }
  /** A stop by hand is announced, and comes when it is its turn. */
  | { type: 'UNWANTED' }
  /** Its thread is to be replaced, if it is wanted at all; with `again` also where its supervisor had halted it. */
  | { type: 'RESTART'; reason?: string; again?: boolean; drainMs?: number }
  /** Its supervisor, which had halted it, is up again: what is down for now may come back by itself. */
  | { type: 'ALLOW' }
  /** `byItself`: not by hand, but because its quota is spent or its breaker is open. */
  | { type: 'PAUSE'; reason?: string; byItself?: boolean }
  | { type: 'RESUME' }
  | { type: 'RESET' }
  /** Given up by hand. */
  | { type: 'BLACKLIST'; why: string; drainMs?: number }
  /** The restart that was asked for; `inTurn`: not before its siblings let it. */
  | { type: 'GRANTED'; inTurn: boolean }
  | { type: 'SLOT' }
  /** There is a thread: from now on it has the start timeout to become ready. */
  | { type: 'SPAWNED' }
  /** It could not be started for want of something that is not its own: the store, files, memory, threads. */
  | { type: 'SHORT'; why: string }
  /** What was missing may be there. */
  | { type: 'ROOM' }
  /** It is to be ready so long from now, if that is later than it was to be. */
  | { type: 'EXTEND'; ms: number }
  | { type: 'READY' }
  /** Another host holds the worker: it waits for that one to go, without a slot. */
  | { type: 'HELD'; reason: string }
  /** The same where it is not to wait. */
  | { type: 'REFUSED'; reason: string }
  /** Another host has had the worker: it is as that one has left it. Comes only where there is no thread. */
  | { type: 'ADOPT'; left: Left | null; reason: string }
  | { type: 'WAITING' }
  | { type: 'WORKING' }
  /** Its `setup` does not want it to run. */
  | { type: 'DECLINED'; reason: string }
  /** Nothing is left to do; `reason` says what was done. */
  | { type: 'COMPLETE'; reason?: string }
  /** Somebody waits for its slot: a thread that has nothing to do ends now. */
  | { type: 'YIELD' }
  /** There may be work again: starts a completed worker that somebody started in this host, and nobody has stopped since. */
  | { type: 'MORE' }
  | { type: 'PARK'; until: number; reason: string }
  /** The thread is to be replaced by a fresh one, between tasks. */
  | { type: 'RECYCLE'; reason: string }
  /** `silentMs`: for how long nothing was heard of it by now. */
  | { type: 'STUCK'; kind: 'heartbeat-lost' | 'progress-stalled'; message: string; silentMs?: number }
  /** The thread is gone; `failure` is null if that was asked for. */
  | { type: 'ENDED'; failure: Failure | null }

/** Why a worker is paused that somebody had paused when it ran in another host. */
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
  /** For a stuck one: how long its thread had been well. */
  wellMs: number | null
  /** Since when there is a thread that is not ready yet, and when it is to be. */
  booting: { from: number; by: number }
  /** How often in a row it could not be started for want of something that is not its own. */
  shortages: number
  verdict: Verdict | null
  /** What went wrong with rules of the policy while they judged. */
  problems: unknown[]
  /** Whether it is to run, whatever its state: nothing but a start by hand undoes a stop by hand. */
  wanted: Wanted
  /** Paused, or to be as soon as there is a thread to pause; survives a crash, not a stop by hand. */
  pauseWanted: boolean
  /** Where to go when the thread has ended as asked. */
  next: 'stopped' | 'completed' | 'parked' | 'queued' | 'blacklisted'
  /** It goes down by itself, and its supervisor is to be told. */
  ending: WorkerEnd | null
  drainFor: number
}
