/**
 * The life of one worker as a statechart. Pure: it is driven by events only, everything it wants done goes through
 * {@link LifecycleEffects}, and delays run on the actor system's clock, so ten minutes of lifecycle test in milliseconds.
 * One machine object serves every worker; a worker's actor is cheap.
 */
import { and, assign, not, setup } from 'xstate'
import { backoffDelay } from '../../time/backoff.js'
import { judged, since } from './after-failure.js'
import {
  freshMemory,
  type LifecycleContext,
  type LifecycleEvent,
  type LifecycleInput,
  pausedEarlier,
  type WorkerEnd,
  type WorkerMemory,
} from './contract.js'
import type { WorkerState } from './states.js'

/** setTimeout's longest delay; longer waits are slept in pieces. */
const longestTimer = 2 ** 31 - 1

/** A parked worker looks at the clocks so often: the machine may sleep, or its clock be set. */
const parkedLookMs = 5_000

/** The waits for what a start needs and cannot have now: the store, files, memory, threads. */
const shortageWaits = { initialMs: 200, factor: 2, maxMs: 5_000, jitter: 0.2 }

/** What an earlier host remembers, as this one has it. */
function remembered(memory: WorkerMemory): WorkerMemory {
  return memory.paused === null ? memory : { ...memory, paused: pausedEarlier }
}

export const workerLifecycle = setup({
  types: {
    context: {} as LifecycleContext,
    events: {} as LifecycleEvent,
    input: {} as LifecycleInput,
  },
  actions: {
    enter: ({ context }, { state }: { state: WorkerState }) => context.effects.enter(state, context.memory, context.ending !== null),
    /** What it remembers has changed, its state has not. */
    keep: ({ context }) => context.effects.keep(context.memory),
    /** Active time runs while it has a thread or is parked, and stands still while it waits or is down. */
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
    /** The reason that came with a stop. */
    becauseAsked: assign({
      memory: ({ context, event }) => ({ ...context.memory, reason: (event.type === 'STOP' && event.reason) || 'stopped' }),
    }),
    becauseComplete: assign({
      memory: ({ context, event }) => ({
        ...context.memory,
        reason: (event.type === 'COMPLETE' && event.reason) || 'nothing left to do',
      }),
    }),
    /** Its thread ends, because nothing is left to do. */
    toComplete: assign(({ context }) => ({ next: 'completed' as const, drainFor: context.drainMs })),
    tellIdle: ({ context }) => context.effects.restIdle(),
    becauseRestarted: assign({
      memory: ({ context, event }) => ({ ...context.memory, reason: (event.type === 'RESTART' && event.reason) || 'restarted' }),
    }),
    /** It was decided and not granted. */
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
    wantPause: assign({ pauseWanted: true }),
    /** Asked for by hand, it outlives the host. */
    notePause: assign({
      memory: ({ context: { memory }, event }) =>
        event.type === 'PAUSE' && !event.byItself ? { ...memory, paused: event.reason ?? 'paused' } : memory,
    }),
    /** By a resume or a stop by hand; not by its supervisor, nor by the end of its host. */
    dropPause: assign(({ context: { memory }, event }) =>
      event.type === 'STOP' && (event.closing || event.halt) ? {} : { pauseWanted: false, memory: { ...memory, paused: null } },
    ),
    ready: assign(({ context }) => ({
      upFrom: context.effects.now(),
      shortages: 0,
      memory: { ...context.memory, reason: context.pauseWanted ? (context.memory.paused ?? 'paused') : 'ready' },
    })),
    /** Something that is not its own is missing. */
    fallShort: assign(({ context: { memory, shortages }, event }) => ({
      shortages: shortages + 1,
      memory: { ...memory, reason: event.type === 'SHORT' ? event.why : memory.reason },
    })),
    boot: assign({
      booting: ({ context: { effects, booting, startTimeoutMs }, event }) => {
        const now = effects.now()
        return event.type === 'EXTEND'
          ? { ...booting, by: Math.max(booting.by, now + Math.min(event.ms, longestTimer)) }
          : { from: now, by: now + startTimeoutMs }
      },
    }),
    tellShortage: ({ context: { effects, memory, shortages } }) => effects.short(memory.reason, shortages),
    /** The thread is gone without being asked. */
    judge: assign(({ context, event }) => (event.type === 'ENDED' && event.failure ? judged(context, event.failure) : {})),
    tellFailure: ({ context, event }) => {
      if (event.type === 'ENDED' && event.failure) context.effects.failed(event.failure)
    },
    tellProblems: ({ context }) => {
      for (const problem of context.problems) context.effects.policyFailed(problem)
    },
    askRestart: ({ context }) => context.effects.askRestart(context.memory.reason),
    ends: assign({ ending: (_, { how }: { how: WorkerEnd }) => how }),
    /** Comes when the worker is down: whoever is told sees it so. */
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
      return { restored: left.state, activeFrom: null, upFrom: null, memory: { ...left.memory, paused }, pauseWanted: paused !== null }
    }),
    want: assign({ wanted: 'running' }),
    /** A supervisor's word does not make less of a stop by hand. */
    unwant: assign({
      wanted: ({ context: { wanted }, event }) => (event.type === 'STOP' && event.halt && wanted !== 'stopped' ? 'halted' : 'stopped'),
    }),
    /** The verdict's reason takes the place of the failure's. */
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
      pauseWanted: false,
    }),
    beginParole: assign({ memory: ({ context }) => ({ ...context.memory, until: null, onParole: true, reason: 'on parole' }) }),
    endParole: assign({ memory: ({ context }) => ({ ...context.memory, onParole: false }) }),
    forget: assign({ memory: { ...freshMemory, reason: 'reset' }, verdict: null, pauseWanted: false, wanted: 'stopped' }),
    noDeadline: assign({ memory: ({ context }) => ({ ...context.memory, until: null }) }),
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
    pauseWanted: ({ context }) => context.pauseWanted,
    /** By either clock: a machine that slept may have slept through it. */
    hostEnds: ({ event }) => event.type === 'STOP' && event.closing === true,
    unparked: ({ context: { memory, effects } }) => (memory.until ?? 0) <= Math.max(effects.now(), effects.wall()),
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
    untilDeadline: ({ context }) => Math.min(longestTimer, Math.max(0, (context.memory.until ?? 0) - context.effects.now())),
  },
}).createMachine({
  id: 'worker',
  context: ({ input }) => ({
    ...input,
    random: input.random ?? Math.random,
    memory: input.restored ? remembered(input.restored.memory) : freshMemory,
    restored: input.restored?.state ?? null,
    activeFrom: null,
    upFrom: null,
    wellMs: null,
    booting: { from: 0, by: 0 },
    shortages: 0,
    verdict: null,
    problems: [],
    wanted: 'stopped',
    pauseWanted: (input.restored?.memory.paused ?? null) !== null,
    next: 'stopped',
    ending: null,
    drainFor: input.drainMs,
  }),
  initial: 'restoring',
  on: {
    BLACKLIST: { target: '.blacklisted', actions: 'blacklistByHand' },
    // What is wanted is noted in every state; some do more about it.
    STOP: { actions: ['unwant', 'dropPause'] },
    UNWANTED: { actions: 'unwant' },
    ALLOW: { guard: 'isHalted', actions: 'want' },
    PAUSE: { actions: ['wantPause', 'notePause', 'keep'] },
    RESUME: { actions: ['dropPause', 'keep'] },
    ADOPT: { target: '.restoring', actions: ['adopt', 'releaseSlot'] },
    CONFIGURE: {
      actions: assign(({ event: { policy, startTimeoutMs, drainMs, idleMs } }) => ({ policy, startTimeoutMs, drainMs, idleMs })),
    },
  },
  states: {
    /** Picks up where another host left the worker; whatever lived in a thread then is idle now. */
    restoring: {
      always: [
        { target: 'blacklisted', guard: { type: 'restoredAs', params: { state: 'blacklisted' } } },
        { target: 'completed', guard: { type: 'restoredAs', params: { state: 'completed' } } },
        { target: 'stopped', guard: { type: 'restoredAs', params: { state: 'stopped' } } },
        { target: 'idle' },
      ],
    },

    idle: {
      entry: ['rest', { type: 'enter', params: { state: 'idle' } }],
      on: {
        START: [
          { target: 'backoff', guard: { type: 'stillWaits', params: { state: 'backoff' } }, actions: 'want' },
          { target: 'parked', guard: { type: 'stillWaits', params: { state: 'parked' } }, actions: 'want' },
          { target: 'queued', actions: [{ type: 'because', params: { reason: 'started' } }, 'noDeadline', 'want'] },
        ],
        RESET: { actions: 'forget' },
      },
      exit: assign({ restored: null }),
    },

    queued: {
      entry: ['rest', { type: 'enter', params: { state: 'queued' } }, 'requestSlot'],
      on: {
        SLOT: 'live',
        HELD: { actions: ['becauseHeld', { type: 'enter', params: { state: 'queued' } }, 'releaseSlot'] },
        START: { actions: 'want' },
        STOP: { target: 'stopped', actions: ['becauseAsked', 'unwant', 'dropPause', 'releaseSlot'] },
      },
    },

    /** Everything that has a thread, or is about to. */
    live: {
      initial: 'starting',
      on: {
        START: { actions: 'want' },
        STOP: {
          target: '.stopping',
          actions: [
            'becauseAsked',
            'unwant',
            'dropPause',
            assign(({ context, event }) => ({ next: 'stopped' as const, drainFor: event.drainMs ?? context.drainMs })),
          ],
        },
        BLACKLIST: {
          target: '.stopping',
          actions: [
            'blacklistByHand',
            assign(({ context, event }) => ({ next: 'blacklisted' as const, drainFor: event.drainMs ?? context.drainMs })),
          ],
        },
        RESTART: {
          target: '.stopping',
          guard: 'mayRestart',
          actions: [
            'becauseRestarted',
            'want',
            assign(({ context, event }) => ({ next: 'queued' as const, drainFor: event.drainMs ?? context.drainMs })),
          ],
        },
        STUCK: {
          target: '.stuck',
          actions: [
            assign({
              wellMs: ({ context: { upFrom, effects }, event }) => Math.max(0, since(upFrom, effects) - (event.silentMs ?? 0)),
              memory: ({ context, event }) => ({ ...context.memory, reason: event.message }),
            }),
            ({ context, event }) => context.effects.kill({ kind: event.kind, message: event.message }, true),
          ],
        },
        ENDED: [
          { target: 'crashed', guard: 'failed', actions: ['tellFailure', 'judge', 'tellProblems'] },
          { target: 'stopped', guard: { type: 'next', params: { is: 'stopped' } } },
          {
            target: 'completed',
            guard: { type: 'next', params: { is: 'completed' } },
            actions: { type: 'ends', params: { how: 'completed' } },
          },
          // Its turn to be stopped would have come.
          {
            target: 'stopped',
            guard: not('isWanted'),
            actions: ['noDeadline', { type: 'because', params: { reason: 'stopped' } }],
          },
          { target: 'parked', guard: { type: 'next', params: { is: 'parked' } } },
          { target: 'queued' },
        ],
      },
      states: {
        starting: {
          entry: ['rest', assign({ wellMs: null, next: 'stopped' }), { type: 'enter', params: { state: 'starting' } }],
          initial: 'taking',
          states: {
            /** Is taken in the registry, and gets a thread. */
            taking: { entry: 'spawn', on: { SPAWNED: 'booting' } },
            /** Cannot, for want of something that is not its own. No failure: no policy judges it. */
            short: {
              entry: ['rest', { type: 'enter', params: { state: 'starting' } }, 'tellShortage'],
              after: { shortage: 'taking' },
              on: { ROOM: 'taking' },
            },
            booting: {
              entry: ['act', 'boot'],
              after: {
                startTimeout: {
                  target: '#worker.live.stuck',
                  actions: [
                    { type: 'because', params: { reason: 'not ready in time' } },
                    ({ context: { booting, effects } }) => {
                      const message = `not ready after ${Math.round(booting.by - booting.from)} ms`
                      effects.kill({ kind: 'start-timeout', message }, true)
                    },
                  ],
                },
              },
              on: { EXTEND: { target: 'booting', reenter: true } },
            },
          },
          on: {
            SHORT: { target: '.short', actions: 'fallShort' },
            READY: [
              { target: 'paused', guard: 'pauseWanted', actions: 'ready' },
              { target: 'running', actions: 'ready' },
            ],
            HELD: { target: '#worker.queued', actions: 'becauseHeld' },
            REFUSED: { target: '#worker.idle', actions: ['becauseHeld', 'unwant', 'releaseSlot'] },
            COMPLETE: {
              target: '#worker.completed',
              actions: ['becauseComplete', { type: 'ends', params: { how: 'completed' } }],
            },
            // As OTP's `ignore`: neither a failure nor an end that its supervisor hears of.
            DECLINED: {
              target: 'stopping',
              actions: assign(({ context, event }) => ({
                wanted: 'stopped' as const,
                next: 'stopped' as const,
                drainFor: context.drainMs,
                memory: { ...context.memory, reason: `declined: ${event.reason}` },
              })),
            },
            // The thread is told before it is ready, or it would begin with a task.
            PAUSE: { actions: ['wantPause', 'notePause', 'keep', 'pause'] },
            RESUME: { actions: ['dropPause', 'keep', 'resume'] },
            STUCK: {},
          },
        },

        running: {
          entry: { type: 'enter', params: { state: 'running' } },
          initial: 'working',
          states: {
            working: { on: { WAITING: 'waiting' } },
            waiting: { on: { WORKING: 'working' } },
            /** Nothing is left to do; the thread stays for what may come soon. Whoever says that again does not make it stay longer. */
            idle: {
              entry: [{ type: 'enter', params: { state: 'running' } }, 'tellIdle'],
              after: { idle: { target: 'draining', actions: 'toComplete' } },
              on: {
                WORKING: { target: 'working', actions: [{ type: 'because', params: { reason: 'more to do' } }, 'keep'] },
                COMPLETE: { actions: 'becauseComplete' },
                YIELD: { target: 'draining', actions: 'toComplete' },
                // Its work is done: that its host ends makes it no less so.
                STOP: {
                  guard: 'hostEnds',
                  target: '#worker.live.stopping',
                  actions: [
                    'toComplete',
                    'unwant',
                    'dropPause',
                    assign({ drainFor: ({ context, event }) => event.drainMs ?? context.drainMs }),
                  ],
                },
              },
            },
            /** Finishing by itself: everything is done, or the quota is spent. */
            draining: {
              entry: 'finish',
              on: {
                MORE: { actions: assign({ next: 'queued' }) },
                COMPLETE: {},
                PARK: {},
                RECYCLE: {},
                PAUSE: { actions: ['wantPause', 'notePause', 'keep'] },
              },
            },
          },
          on: {
            COMPLETE: [
              { target: '.idle', guard: 'keepsThread', actions: 'becauseComplete' },
              { target: '.draining', actions: ['toComplete', 'becauseComplete'] },
            ],
            PARK: {
              target: '.draining',
              actions: assign(({ context, event }) => ({
                next: 'parked' as const,
                drainFor: context.drainMs,
                memory: { ...context.memory, until: event.until, reason: event.reason },
              })),
            },
            RECYCLE: {
              target: '.draining',
              actions: assign(({ context, event }) => ({
                next: 'queued' as const,
                drainFor: context.drainMs,
                memory: { ...context.memory, reason: `recycled: ${event.reason}` },
              })),
            },
            PAUSE: {
              target: 'paused',
              actions: ['notePause', assign(({ context, event }) => ({ memory: { ...context.memory, reason: event.reason ?? 'paused' } }))],
            },
          },
        },

        paused: {
          entry: ['wantPause', { type: 'enter', params: { state: 'paused' } }, 'pause'],
          on: {
            RESUME: { target: 'running', actions: [{ type: 'because', params: { reason: 'resumed' } }, 'dropPause', 'resume'] },
            // Paused for its quota, and now by hand.
            PAUSE: { actions: ['notePause', 'keep'] },
          },
        },

        /** Being killed. A stop that comes now turns it into an intended one, unless the thread cannot be ended at all. */
        stuck: {
          entry: { type: 'enter', params: { state: 'stuck' } },
          on: {
            // It was late for want of what others lack as well.
            SHORT: { target: '#worker.live.starting.short', actions: 'fallShort' },
            STUCK: {},
          },
        },

        stopping: {
          entry: [{ type: 'enter', params: { state: 'stopping' } }, 'finish'],
          on: {
            // A blacklisting is not undone by what comes after it.
            START: { guard: 'notGivenUp', actions: ['want', assign({ next: 'queued' })] },
            STOP: {
              actions: [
                'unwant',
                'dropPause',
                assign(({ context, event }) => ({
                  next: context.next === 'blacklisted' ? context.next : ('stopped' as const),
                  drainFor: event.drainMs ?? context.drainFor,
                })),
                ({ context, event }) => {
                  if (event.drainMs !== undefined) context.effects.finish(event.drainMs)
                },
              ],
            },
            RESTART: [{ guard: and(['notGivenUp', 'mayRestart']), actions: ['want', assign({ next: 'queued' })] }, {}],
            BLACKLIST: { actions: ['blacklistByHand', assign({ next: 'blacklisted' })] },
            STUCK: {},
            ENDED: [
              { target: '#worker.crashed', guard: 'unkillable', actions: ['tellFailure', 'judge', 'tellProblems'] },
              { target: '#worker.blacklisted', guard: { type: 'next', params: { is: 'blacklisted' } } },
              { target: '#worker.queued', guard: 'comesBack' },
              { target: '#worker.completed', guard: { type: 'next', params: { is: 'completed' } } },
              { target: '#worker.stopped' },
            ],
          },
        },
      },
    },

    parked: {
      entry: ['act', { type: 'enter', params: { state: 'parked' } }, 'releaseSlot'],
      initial: 'asleep',
      states: {
        asleep: {
          after: {
            lookAtDeadline: [
              {
                target: '#worker.queued',
                guard: 'unparked',
                actions: ['noDeadline', { type: 'because', params: { reason: 'the wait is over' } }],
              },
              { target: 'asleep', reenter: true },
            ],
          },
        },
      },
      on: {
        START: { target: 'queued', actions: ['noDeadline', { type: 'because', params: { reason: 'started' } }, 'want'] },
        STOP: { target: 'stopped', actions: ['noDeadline', 'becauseAsked', 'unwant', 'dropPause'] },
      },
    },

    crashed: {
      entry: { type: 'enter', params: { state: 'crashed' } },
      on: { START: { actions: 'want' } },
      initial: 'deciding',
      states: {
        deciding: {
          always: [
            {
              target: '#worker.blacklisted',
              guard: 'givesUp',
              actions: ['becauseOfVerdict', { type: 'ends', params: { how: 'given-up' } }],
            },
            // Its turn to be stopped would have come.
            { target: '#worker.stopped', guard: and(['restarts', not('isWanted')]), actions: ['takeRestartBack', 'noDeadline'] },
            { target: '#worker.stopped', guard: not('isWanted'), actions: 'noDeadline' },
            { target: 'asking', guard: 'restarts' },
            { target: '#worker.parked', guard: 'parks', actions: 'becauseOfVerdict' },
            {
              target: '#worker.stopped',
              guard: 'escalates',
              actions: ['becauseOfVerdict', { type: 'ends', params: { how: 'escalated' } }],
            },
            { target: '#worker.stopped', actions: ['becauseOfVerdict', { type: 'ends', params: { how: 'stopped' } }] },
          ],
        },
        /** The supervisor answers before anything else happens. */
        asking: {
          entry: 'askRestart',
          on: {
            GRANTED: [
              {
                target: '#worker.backoff',
                guard: 'afterWait',
                actions: assign({
                  memory: ({ context }) => ({
                    ...context.memory,
                    until: context.effects.now() + (context.verdict?.do === 'restart' ? context.verdict.delayMs : 0),
                  }),
                }),
              },
              { target: '#worker.queued', guard: 'inTurn', actions: { type: 'because', params: { reason: 'restarted' } } },
              { target: '#worker.live', actions: { type: 'because', params: { reason: 'restarted at once' } } },
            ],
            STOP: { target: '#worker.stopped', actions: ['becauseAsked', 'unwant', 'dropPause', 'takeRestartBack'] },
            RESTART: { target: '#worker.queued', guard: 'mayRestart', actions: ['becauseRestarted', 'want'] },
          },
        },
      },
    },

    backoff: {
      entry: ['rest', { type: 'enter', params: { state: 'backoff' } }, 'releaseSlot'],
      exit: 'noDeadline',
      initial: 'asleep',
      states: {
        asleep: {
          after: {
            untilDeadline: [
              { target: '#worker.queued', guard: 'due', actions: { type: 'because', params: { reason: 'backoff is over' } } },
              { target: 'asleep', reenter: true },
            ],
          },
        },
      },
      on: {
        START: { target: 'queued', actions: [{ type: 'because', params: { reason: 'started by hand' } }, 'want'] },
        STOP: { target: 'stopped', actions: ['becauseAsked', 'unwant', 'dropPause'] },
      },
    },

    blacklisted: {
      entry: ['rest', { type: 'enter', params: { state: 'blacklisted' } }, 'releaseSlot', 'tellEnd', 'endTold'],
      initial: 'deciding',
      states: {
        deciding: { always: [{ target: 'serving', guard: 'hasDeadline' }, { target: 'down' }] },
        down: {},
        /** Until its parole. */
        serving: {
          after: {
            untilDeadline: [
              { target: 'eligible', guard: 'due' },
              { target: 'serving', reenter: true },
            ],
          },
          on: { START: { actions: 'want' } },
        },
        /** Its time is over: it goes on once somebody in this host has started it. The clock is read once, by whoever came here. */
        eligible: {
          always: { target: '#worker.queued', guard: 'isWanted', actions: 'beginParole' },
          on: { START: { target: '#worker.queued', actions: ['want', 'beginParole'] } },
        },
      },
      on: {
        RESET: { target: 'idle', actions: 'forget' },
        BLACKLIST: { target: 'blacklisted', reenter: true, actions: 'blacklistByHand' },
      },
    },

    stopped: {
      entry: ['rest', { type: 'enter', params: { state: 'stopped' } }, 'releaseSlot', 'tellEnd', 'endTold'],
      on: {
        START: { target: 'queued', actions: [{ type: 'because', params: { reason: 'started' } }, 'want'] },
        RESET: { target: 'idle', actions: 'forget' },
        RESTART: { target: 'queued', guard: 'mayRestart', actions: ['becauseRestarted', 'want'] },
      },
    },

    completed: {
      entry: ['endParole', 'rest', { type: 'enter', params: { state: 'completed' } }, 'releaseSlot', 'tellEnd', 'endTold'],
      on: {
        START: { target: 'queued', actions: [{ type: 'because', params: { reason: 'started' } }, 'want'] },
        MORE: [
          { target: 'queued', guard: 'isWanted', actions: { type: 'because', params: { reason: 'more to do' } } },
          // Looks again once its supervisor is up.
          { guard: 'isHalted' },
          { target: 'idle', actions: { type: 'because', params: { reason: 'more to do: start it' } } },
        ],
        RESTART: { target: 'queued', guard: 'mayRestart', actions: ['becauseRestarted', 'want'] },
        RESET: { target: 'idle', actions: 'forget' },
      },
    },
  },
})
