/**
 * Actions, guards and delays of the lifecycle statechart. Actions change the worker's memory or call {@link LifecycleEffects};
 * guards and delays read them. The chart in `machine.ts` says when each is used.
 */

import { assign, setup } from 'xstate'
import { longestTimerMs } from '../../bounds.js'
import { backoffDelay } from '../../time/backoff.js'
import { duration } from '../../values/duration.js'
import {
  freshMemory,
  type LifecycleContext,
  type LifecycleEvent,
  type LifecycleInput,
  pausedEarlier,
  type WorkerEnd,
  type WorkerMemory,
} from './contract.js'
import { judged, since } from './failure-context.js'
import type { WorkerState } from './states.js'

/** Time between a parked worker's looks at the clocks: the machine may sleep, or its clock may be set. */
const parkedLookMs = 5_000

/** The waits before another start while resources are missing: the store, files, memory, threads. */
const shortageWaits = { initialMs: 200, factor: 2, maxMs: 5_000, jitter: 0.2 }

/** The memory of an earlier host, adapted to this one. */
export function remembered(memory: WorkerMemory): WorkerMemory {
  return memory.paused === null ? memory : { ...memory, paused: pausedEarlier }
}

/** The event's `drainMs`, if it has one. */
function drainOf(event: LifecycleEvent): number | undefined {
  return event.type === 'STOP' || event.type === 'RESTART' || event.type === 'BLACKLIST' ? event.drainMs : undefined
}

export const lifecycle = setup({
  types: {
    context: {} as LifecycleContext,
    events: {} as LifecycleEvent,
    input: {} as LifecycleInput,
  },
  actions: {
    enter: ({ context: { effects, memory, ending, verdict } }, { state }: { state: WorkerState }) =>
      effects.enter(state, memory, ending !== null, verdict?.do === 'restart' ? verdict.delayMs : null),
    /** Stores a changed memory without a change of state. */
    keep: ({ context }) => context.effects.keep(context.memory),
    /** Active time runs while it has a thread, is parked or is paused, and stands still while it waits or is down. */
    act: assign({ activeFrom: ({ context }) => context.activeFrom ?? context.effects.now() }),
    rest: assign(({ context: { memory, activeFrom, upFrom, effects } }) => ({
      activeFrom: null,
      upFrom: null,
      memory: {
        ...memory,
        activeMs: memory.activeMs + since(activeFrom, effects),
        upMs: memory.upMs + since(upFrom, effects),
      },
    })),
    because: assign({ memory: ({ context }, { reason }: { reason: string }) => ({ ...context.memory, reason }) }),
    /** Takes the reason from the STOP event. */
    becauseAsked: assign({
      memory: ({ context, event }) => ({ ...context.memory, reason: (event.type === 'STOP' && event.reason) || 'stopped' }),
    }),
    becauseComplete: assign({
      memory: ({ context, event }) => ({
        ...context.memory,
        reason: (event.type === 'COMPLETE' && event.reason) || 'nothing left to do',
      }),
    }),
    becauseDeclined: assign({
      memory: ({ context: { memory }, event }) => (event.type === 'DECLINED' ? { ...memory, reason: `declined: ${event.reason}` } : memory),
    }),
    becauseParked: assign({
      memory: ({ context: { memory }, event }) =>
        event.type === 'PARK' ? { ...memory, until: event.until, reason: event.reason } : memory,
    }),
    becauseRecycled: assign({
      memory: ({ context: { memory }, event }) => (event.type === 'RECYCLE' ? { ...memory, reason: `recycled: ${event.reason}` } : memory),
    }),
    becausePaused: assign({
      memory: ({ context: { memory }, event }) => (event.type === 'PAUSE' ? { ...memory, reason: event.reason ?? 'paused' } : memory),
    }),
    /** Sets the next state after the thread's requested end. */
    goTo: assign({ next: (_, { next }: { next: LifecycleContext['next'] }) => next }),
    /** Sets the drain time: the event's, else the worker's own. */
    drainAsAsked: assign({ drainFor: ({ context, event }) => drainOf(event) ?? context.drainMs }),
    /** The latest stop sets the drain time; it does not undo a blacklisting. */
    stopAgain: assign(({ context: { next, drainFor }, event }) => ({
      next: next === 'blacklisted' ? next : ('stopped' as const),
      drainFor: drainOf(event) ?? drainFor,
    })),
    finishAsAsked: ({ context, event }) => {
      const drainMs = drainOf(event)
      if (drainMs !== undefined) context.effects.finish(drainMs)
    },
    tellIdle: ({ context }) => context.effects.restIdle(),
    becauseRestarted: assign({
      memory: ({ context, event }) => ({ ...context.memory, reason: (event.type === 'RESTART' && event.reason) || 'restarted' }),
    }),
    /** Removes a restart that was decided but not granted. */
    takeRestartBack: assign({
      memory: ({ context: { memory } }) => ({
        ...memory,
        restarts: memory.restarts.slice(0, -1),
        restartCount: memory.restartCount - 1,
      }),
    }),
    requestSlot: ({ context }) => context.effects.requestSlot(),
    releaseSlot: ({ context }) => context.effects.releaseSlot(),
    spawn: ({ context }) => context.effects.spawn(),
    pause: ({ context }) => context.effects.pause(),
    resume: ({ context }) => context.effects.resume(),
    finish: ({ context }) => context.effects.finish(context.drainFor),
    /** Notes a pause by hand, which outlives the host. */
    notePause: assign({
      memory: ({ context: { memory }, event }) =>
        event.type === 'PAUSE' && !event.byItself ? { ...memory, paused: event.reason ?? 'paused' } : memory,
    }),
    /** Ends a pause at a resume or a stop by hand; not at a stop by the supervisor or at the end of the host. */
    dropPause: assign(({ context: { memory }, event }) =>
      event.type === 'STOP' && (event.closing || event.halt) ? {} : { memory: { ...memory, paused: null } },
    ),
    ready: assign(({ context }) => ({
      upFrom: context.effects.now(),
      shortages: 0,
      memory: { ...context.memory, reason: context.memory.paused ?? 'ready' },
    })),
    /** Counts a start that failed for lack of resources. */
    fallShort: assign(({ context: { memory, shortages }, event }) => ({
      shortages: shortages + 1,
      memory: { ...memory, reason: event.type === 'SHORT' ? event.why : memory.reason },
    })),
    freshThread: assign({ wellMs: null, next: 'stopped' }),
    boot: assign({
      booting: ({ context: { effects, booting, startTimeoutMs }, event }) => {
        const now = effects.now()
        return event.type === 'EXTEND'
          ? { ...booting, by: Math.max(booting.by, now + Math.min(event.ms, longestTimerMs)) }
          : { from: now, by: now + startTimeoutMs }
      },
    }),
    lookAtWall: assign({ wallAhead: ({ context: { effects } }) => effects.wall() - effects.now() }),
    tellShortage: ({ context: { effects, memory, shortages } }) => effects.short(memory.reason, shortages),
    noteStuck: assign(({ context: { upFrom, effects, memory }, event }) =>
      event.type === 'STUCK'
        ? { wellMs: Math.max(0, since(upFrom, effects) - (event.silentMs ?? 0)), memory: { ...memory, reason: event.message } }
        : {},
    ),
    killStuck: ({ context, event }) => {
      if (event.type === 'STUCK') context.effects.kill({ kind: event.kind, message: event.message }, true)
    },
    killUnready: ({ context: { booting, effects } }) => {
      const message = `not ready after ${duration(booting.by - booting.from)}`
      effects.kill({ kind: 'start-timeout', message }, true)
    },
    /** Judges an unexpected end of the thread. */
    decideRestart: assign(({ context, event }) => (event.type === 'ENDED' && event.failure ? judged(context, event.failure) : {})),
    tellFailure: ({ context, event }) => {
      if (event.type === 'ENDED' && event.failure) context.effects.failed(event.failure)
    },
    tellProblems: ({ context }) => {
      for (const problem of context.problems) context.effects.policyFailed(problem)
    },
    askRestart: ({ context }) => context.effects.askRestart(context.memory.reason),
    ends: assign({ ending: (_, { how }: { how: WorkerEnd }) => how }),
    /** Called when the worker is down, so that listeners see it down. */
    tellEnd: ({ context }) => {
      if (context.ending) context.effects.ended(context.ending, context.memory.reason)
    },
    endTold: assign({ ending: null }),
    becauseHeld: assign({
      memory: ({ context, event }) => ({
        ...context.memory,
        reason: 'reason' in event && event.reason ? event.reason : context.memory.reason,
      }),
    }),
    adopt: assign(({ context, event }) => {
      if (event.type !== 'ADOPT') return {}
      const { left, reason } = event
      if (!left) return { restored: null, memory: { ...context.memory, reason } }
      const paused = context.memory.paused ?? remembered(left.memory).paused
      return { restored: left.state, activeFrom: null, upFrom: null, memory: { ...left.memory, paused } }
    }),
    want: assign({ wanted: 'running' }),
    /** A halt by the supervisor does not weaken a stop by hand. */
    unwant: assign({
      wanted: ({ context: { wanted }, event }) => (event.type === 'STOP' && event.halt && wanted !== 'stopped' ? 'halted' : 'stopped'),
    }),
    /** The verdict's reason replaces the failure's. */
    becauseOfVerdict: assign({
      memory: ({ context: { memory, verdict } }) => ({ ...memory, reason: verdict && 'why' in verdict ? verdict.why : memory.reason }),
    }),
    blacklistByHand: assign({
      memory: ({ context, event }) => ({
        ...context.memory,
        until: null,
        paused: null,
        reason: event.type === 'BLACKLIST' ? event.why : context.memory.reason,
      }),
    }),
    beginParole: assign({ memory: ({ context }) => ({ ...context.memory, until: null, onParole: true, reason: 'on parole' }) }),
    endParole: assign({ memory: ({ context }) => ({ ...context.memory, onParole: false }) }),
    forget: assign({ memory: { ...freshMemory, reason: 'reset' }, verdict: null, wanted: 'stopped' }),
    noDeadline: assign({ memory: ({ context }) => ({ ...context.memory, until: null }) }),
    /** Sets the end of the verdict's wait. */
    beginWait: assign({
      memory: ({ context: { memory, effects, verdict } }) => ({
        ...memory,
        until: effects.now() + (verdict?.do === 'restart' ? verdict.delayMs : 0),
      }),
    }),
    configure: assign(({ event }) => {
      if (event.type !== 'CONFIGURE') return {}
      const { policy, startTimeoutMs, drainMs, idleMs } = event
      return { policy, startTimeoutMs, drainMs, idleMs }
    }),
    /** Forgets the restored state, which is used once, and the verdict on an earlier failure. */
    pickedUp: assign({ restored: null, verdict: null }),
  },
  guards: {
    restoredAs: ({ context }, { state }: { state: WorkerState }) => context.restored === state,
    stillWaits: ({ context }, { state }: { state: WorkerState }) =>
      context.restored === state && context.memory.until !== null && context.memory.until > context.effects.now(),
    restarts: ({ context }) => context.verdict?.do === 'restart',
    afterWait: ({ context }) => context.verdict?.do === 'restart' && context.verdict.delayMs > 0,
    inTurn: ({ event }) => event.type === 'GRANTED' && event.inTurn,
    givesUp: ({ context }) => context.verdict?.do === 'blacklist',
    parks: ({ context }) => context.verdict?.do === 'park',
    escalates: ({ context }) => context.verdict?.do === 'escalate',
    keepsThread: ({ context }) => context.idleMs > 0,
    hasDeadline: ({ context }) => context.memory.until !== null,
    isWanted: ({ context }) => context.wanted === 'running',
    isHalted: ({ context }) => context.wanted === 'halted',
    mayRestart: ({ context: { wanted }, event }) =>
      wanted === 'running' || (wanted === 'halted' && event.type === 'RESTART' && event.again === true),
    byItself: ({ event }) => event.type === 'PAUSE' && event.byItself === true,
    isPausedByHand: ({ context }) => context.memory.paused !== null,
    hostEnds: ({ event }) => event.type === 'STOP' && event.closing === true,
    /** By either clock, because the machine may have slept. */
    unparked: ({ context: { memory, effects, wallAhead } }) => (memory.until ?? 0) <= Math.max(effects.now(), effects.wall() - wallAhead),
    due: ({ context }) => (context.memory.until ?? 0) <= context.effects.now(),
    comesBack: ({ context }) => context.next === 'queued' && context.wanted === 'running',
    notGivenUp: ({ context }) => context.next !== 'blacklisted',
    next: ({ context }, { is }: { is: LifecycleContext['next'] }) => context.next === is,
    unkillable: ({ event }) => event.type === 'ENDED' && event.failure?.kind === 'unkillable',
    failed: ({ event }) => event.type === 'ENDED' && event.failure !== null,
  },
  delays: {
    idle: ({ context }) => context.idleMs,
    startTimeout: ({ context }) => Math.max(0, context.booting.by - context.effects.now()),
    shortage: ({ context: { shortages, random } }) => backoffDelay(shortageWaits, shortages - 1, random),
    lookAtDeadline: ({ context }) => Math.min(parkedLookMs, Math.max(0, (context.memory.until ?? 0) - context.effects.now())),
    untilDeadline: ({ context }) => Math.min(longestTimerMs, Math.max(0, (context.memory.until ?? 0) - context.effects.now())),
  },
})
