/**
 * The life of one worker as a statechart. Pure: it is driven by events only, everything it wants done goes through
 * {@link LifecycleEffects}, and delays run on the actor system's clock, so ten minutes of lifecycle test in milliseconds.
 * One machine object serves every worker; a worker's actor is cheap.
 */
import { assign, setup } from 'xstate'
import type { Failure } from './failure.js'
import {
  freshMemory,
  type LifecycleEvent,
  type LifecycleInput,
  type WorkerEnd,
  type WorkerMemory,
  type WorkerState,
} from './lifecycle-contract.js'
import { atStartup, filledPolicy, judge, type Verdict } from './restart-policy.js'

export interface LifecycleContext extends Omit<LifecycleInput, 'restored' | 'random'> {
  memory: WorkerMemory
  restored: WorkerState | null
  random: () => number
  readyAt: number | null
  verdict: Verdict | null
  /** What went wrong with rules of the policy while they judged. */
  problems: unknown[]
  /** Somebody started it in this host, and nobody has stopped it since. Whatever else may set it going does so only then. */
  wanted: boolean
  /** When the present backoff began. */
  backoffFrom: number | null
  /** Paused, or to be as soon as there is a thread to pause; survives a crash, not a stop. */
  pauseWanted: boolean
  /** Where to go when the thread has ended as asked. */
  next: 'stopped' | 'completed' | 'parked' | 'queued' | 'blacklisted'
  /** It goes down by itself, and its supervisor is to be told. */
  ending: WorkerEnd | null
  drainFor: number
}

/** setTimeout's longest delay; longer waits are slept in pieces. */
const longestTimer = 2 ** 31 - 1

/** A parked worker looks at the clocks so often: the machine may sleep, or its clock be set. */
const parkedLookMs = 5_000

/** The clock of restart windows: it stands still in backoff, so that giving up stays reachable however long the waits grow. */
function activeTime(now: number, memory: Pick<WorkerMemory, 'backoffMs'>): number {
  return now - memory.backoffMs
}

/** A failed worker's context with the verdict on it: the history as the verdict saw it, and what it decided. */
function judged(context: LifecycleContext, failure: Failure): Partial<LifecycleContext> {
  const now = context.effects.now()
  const { resetAfterMs, parole } = filledPolicy(context.policy)
  const stable = failure.uptimeMs !== null && failure.uptimeMs >= resetAfterMs
  const { restarts, uses, onParole } = stable ? freshMemory : context.memory
  const at = activeTime(now, context.memory)
  const { rule, problems, ...judgement } = judge(failure, { restarts, now: at, uses }, context.policy, context.random)
  const relapsed = onParole && judgement.verdict.do === 'restart'
  const verdict: Verdict = relapsed ? { do: 'blacklist', why: `failed again on parole: ${failure.kind}` } : judgement.verdict
  const restarting = verdict.do === 'restart'
  const givesUp = verdict.do === 'blacklist' && failure.kind !== 'unkillable'
  return {
    verdict,
    problems,
    memory: {
      ...context.memory,
      restarts: restarting ? [...restarts, { at, startup: atStartup(failure) }].slice(-1_000) : restarts,
      uses: rule === null ? uses : { ...uses, [rule]: (uses[rule] ?? 0) + 1 },
      resourceLimits:
        restarting && verdict.resourceLimits
          ? { ...context.memory.resourceLimits, ...verdict.resourceLimits }
          : context.memory.resourceLimits,
      onParole,
      restartCount: context.memory.restartCount + (restarting ? 1 : 0),
      until: verdict.do === 'park' ? verdict.until : givesUp && parole ? now + parole.afterMs : null,
      reason: `${failure.kind}: ${failure.message}`,
      lastFailure: failure,
    },
  }
}

export const workerLifecycle = setup({
  types: {
    context: {} as LifecycleContext,
    events: {} as LifecycleEvent,
    input: {} as LifecycleInput,
  },
  actions: {
    enter: ({ context }, { state }: { state: WorkerState }) => context.effects.enter(state, context.memory),
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
    dropPause: assign({ pauseWanted: false }),
    ready: assign(({ context }) => ({ readyAt: context.effects.now(), memory: { ...context.memory, reason: 'ready' } })),
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
    want: assign({ wanted: true }),
    letBe: assign({ wanted: false }),
    /** The verdict's reason takes the place of the failure's. */
    becauseOfVerdict: assign({
      memory: ({ context: { memory, verdict } }) => ({ ...memory, reason: verdict && 'why' in verdict ? verdict.why : memory.reason }),
    }),
    blacklistByHand: assign({
      memory: ({ context, event }) => ({
        ...context.memory,
        until: null,
        reason: event.type === 'BLACKLIST' ? event.why : context.memory.reason,
      }),
      pauseWanted: false,
    }),
    beginParole: assign({ memory: ({ context }) => ({ ...context.memory, until: null, onParole: true, reason: 'on parole' }) }),
    endParole: assign({ memory: ({ context }) => ({ ...context.memory, onParole: false }) }),
    forget: assign({ memory: { ...freshMemory, reason: 'reset' }, verdict: null, pauseWanted: false, wanted: false }),
    noDeadline: assign({ memory: ({ context }) => ({ ...context.memory, until: null }) }),
    leaveBackoff: assign({
      memory: ({ context }) => ({
        ...context.memory,
        until: null,
        backoffMs: context.memory.backoffMs + Math.max(0, context.effects.now() - (context.backoffFrom ?? context.effects.now())),
      }),
      backoffFrom: null,
    }),
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
    hasDeadline: ({ context }) => context.memory.until !== null,
    wanted: ({ context }) => context.wanted,
    pauseWanted: ({ context }) => context.pauseWanted,
    /** By either clock: a machine that slept may have slept through it. */
    unparked: ({ context: { memory, effects } }) => (memory.until ?? 0) <= Math.max(effects.now(), effects.wall()),
    due: ({ context }) => (context.memory.until ?? 0) <= context.effects.now(),
    notGivenUp: ({ context }) => context.next !== 'blacklisted',
    next: ({ context }, { is }: { is: LifecycleContext['next'] }) => context.next === is,
    unkillable: ({ event }) => event.type === 'ENDED' && event.failure?.kind === 'unkillable',
    failed: ({ event }) => event.type === 'ENDED' && event.failure !== null,
  },
  delays: {
    startTimeout: ({ context }) => context.startTimeoutMs,
    lookAtDeadline: ({ context }) => Math.min(parkedLookMs, Math.max(0, (context.memory.until ?? 0) - context.effects.now())),
    untilDeadline: ({ context }) => Math.min(longestTimer, Math.max(0, (context.memory.until ?? 0) - context.effects.now())),
  },
}).createMachine({
  id: 'worker',
  context: ({ input }) => ({
    ...input,
    random: input.random ?? Math.random,
    memory: input.restored?.memory ?? freshMemory,
    restored: input.restored?.state ?? null,
    readyAt: null,
    verdict: null,
    problems: [],
    wanted: false,
    backoffFrom: null,
    pauseWanted: false,
    next: 'stopped',
    ending: null,
    drainFor: input.drainMs,
  }),
  initial: 'restoring',
  on: {
    BLACKLIST: { target: '.blacklisted', actions: 'blacklistByHand' },
    CONFIGURE: { actions: assign(({ event: { policy, startTimeoutMs, drainMs } }) => ({ policy, startTimeoutMs, drainMs })) },
  },
  states: {
    /** Picks up where an earlier host left the worker; whatever lived in a thread then is idle now. */
    restoring: {
      always: [
        { target: 'blacklisted', guard: { type: 'restoredAs', params: { state: 'blacklisted' } } },
        { target: 'completed', guard: { type: 'restoredAs', params: { state: 'completed' } } },
        { target: 'stopped', guard: { type: 'restoredAs', params: { state: 'stopped' } } },
        { target: 'idle' },
      ],
    },

    idle: {
      entry: { type: 'enter', params: { state: 'idle' } },
      on: {
        START: [
          { target: 'backoff', guard: { type: 'stillWaits', params: { state: 'backoff' } }, actions: 'want' },
          { target: 'parked', guard: { type: 'stillWaits', params: { state: 'parked' } }, actions: 'want' },
          { target: 'queued', actions: [{ type: 'because', params: { reason: 'started' } }, 'noDeadline'] },
        ],
        PAUSE: { actions: 'wantPause' },
        RESUME: { actions: 'dropPause' },
        RESET: { actions: 'forget' },
      },
      exit: assign({ restored: null }),
    },

    queued: {
      entry: ['want', { type: 'enter', params: { state: 'queued' } }, 'requestSlot'],
      on: {
        SLOT: 'live',
        STOP: { target: 'stopped', actions: ['becauseAsked', 'dropPause', 'letBe', 'releaseSlot'] },
        PAUSE: { actions: 'wantPause' },
        RESUME: { actions: 'dropPause' },
      },
    },

    /** Everything that has a thread, or is about to. */
    live: {
      initial: 'starting',
      on: {
        STOP: {
          target: '.stopping',
          actions: assign(({ context, event }) => ({
            next: 'stopped' as const,
            wanted: false,
            pauseWanted: false,
            drainFor: event.drainMs ?? context.drainMs,
            memory: { ...context.memory, reason: event.reason ?? 'stopped' },
          })),
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
          actions: assign(({ context, event }) => ({
            next: 'queued' as const,
            drainFor: context.drainMs,
            memory: { ...context.memory, reason: event.reason ?? 'restarted' },
          })),
        },
        STUCK: {
          target: '.stuck',
          actions: [
            assign({ memory: ({ context, event }) => ({ ...context.memory, reason: event.message }) }),
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
          { target: 'parked', guard: { type: 'next', params: { is: 'parked' } } },
          { target: 'queued' },
        ],
      },
      states: {
        starting: {
          entry: [assign({ readyAt: null, next: 'stopped' }), { type: 'enter', params: { state: 'starting' } }, 'spawn'],
          after: {
            startTimeout: {
              target: 'stuck',
              actions: [
                { type: 'because', params: { reason: 'not ready in time' } },
                ({ context }) => {
                  const message = `not ready after ${context.startTimeoutMs} ms`
                  context.effects.kill({ kind: 'start-timeout', message }, true)
                },
              ],
            },
          },
          on: {
            READY: [
              { target: 'paused', guard: 'pauseWanted', actions: 'ready' },
              { target: 'running', actions: 'ready' },
            ],
            REFUSED: {
              target: '#worker.idle',
              actions: [assign({ memory: ({ context, event }) => ({ ...context.memory, reason: event.reason }) }), 'releaseSlot'],
            },
            COMPLETE: {
              target: '#worker.completed',
              actions: ['becauseComplete', { type: 'ends', params: { how: 'completed' } }],
            },
            // The thread is told before it is ready, or it would begin with a task.
            PAUSE: { actions: ['wantPause', 'pause'] },
            RESUME: { actions: ['dropPause', 'resume'] },
            STUCK: {},
          },
        },

        running: {
          entry: { type: 'enter', params: { state: 'running' } },
          initial: 'working',
          states: {
            working: { on: { WAITING: 'waiting' } },
            waiting: { on: { WORKING: 'working' } },
            /** Finishing by itself: everything is done, or the quota is spent. */
            draining: {
              entry: 'finish',
              on: { MORE: { actions: assign({ next: 'queued' }) }, COMPLETE: {}, PARK: {}, RECYCLE: {}, PAUSE: { actions: 'wantPause' } },
            },
          },
          on: {
            COMPLETE: {
              target: '.draining',
              actions: [assign(({ context }) => ({ next: 'completed' as const, drainFor: context.drainMs })), 'becauseComplete'],
            },
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
              actions: assign(({ context, event }) => ({ memory: { ...context.memory, reason: event.reason ?? 'paused' } })),
            },
          },
        },

        paused: {
          entry: ['wantPause', { type: 'enter', params: { state: 'paused' } }, 'pause'],
          on: {
            RESUME: { target: 'running', actions: [{ type: 'because', params: { reason: 'resumed' } }, 'dropPause', 'resume'] },
          },
        },

        /** Being killed. A stop that comes now turns it into an intended one, unless the thread cannot be ended at all. */
        stuck: {
          entry: { type: 'enter', params: { state: 'stuck' } },
          on: { STUCK: {}, PAUSE: { actions: 'wantPause' }, RESUME: { actions: 'dropPause' } },
        },

        stopping: {
          entry: [{ type: 'enter', params: { state: 'stopping' } }, 'finish'],
          on: {
            // A blacklisting is not undone by what comes after it.
            START: { guard: 'notGivenUp', actions: ['want', assign({ next: 'queued' })] },
            STOP: {
              actions: [
                'letBe',
                assign(({ context, event }) => ({
                  next: context.next === 'blacklisted' ? context.next : ('stopped' as const),
                  drainFor: event.drainMs ?? context.drainFor,
                })),
                ({ context, event }) => {
                  if (event.drainMs !== undefined) context.effects.finish(event.drainMs)
                },
              ],
            },
            // It starts again if that was wanted, and a stop stays one.
            RESTART: {},
            BLACKLIST: { actions: ['blacklistByHand', assign({ next: 'blacklisted' })] },
            STUCK: {},
            ENDED: [
              { target: '#worker.crashed', guard: 'unkillable', actions: ['tellFailure', 'judge', 'tellProblems'] },
              { target: '#worker.blacklisted', guard: { type: 'next', params: { is: 'blacklisted' } } },
              { target: '#worker.queued', guard: { type: 'next', params: { is: 'queued' } } },
              { target: '#worker.stopped' },
            ],
          },
        },
      },
    },

    parked: {
      entry: [{ type: 'enter', params: { state: 'parked' } }, 'releaseSlot'],
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
        START: { target: 'queued', actions: ['noDeadline', { type: 'because', params: { reason: 'started' } }] },
        STOP: { target: 'stopped', actions: ['noDeadline', 'dropPause', 'letBe', 'becauseAsked'] },
        PAUSE: { actions: 'wantPause' },
        RESUME: { actions: 'dropPause' },
      },
    },

    crashed: {
      entry: { type: 'enter', params: { state: 'crashed' } },
      initial: 'deciding',
      states: {
        deciding: {
          always: [
            { target: 'asking', guard: 'restarts' },
            { target: '#worker.parked', guard: 'parks', actions: 'becauseOfVerdict' },
            {
              target: '#worker.blacklisted',
              guard: 'givesUp',
              actions: ['becauseOfVerdict', { type: 'ends', params: { how: 'given-up' } }],
            },
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
                  backoffFrom: ({ context }) => context.effects.now(),
                  memory: ({ context }) => ({
                    ...context.memory,
                    until: context.effects.now() + (context.verdict?.do === 'restart' ? context.verdict.delayMs : 0),
                  }),
                }),
              },
              { target: '#worker.queued', guard: 'inTurn', actions: { type: 'because', params: { reason: 'restarted' } } },
              { target: '#worker.live', actions: { type: 'because', params: { reason: 'restarted at once' } } },
            ],
            STOP: { target: '#worker.stopped', actions: ['dropPause', 'letBe', 'becauseAsked', 'takeRestartBack'] },
            RESTART: { target: '#worker.queued', actions: { type: 'because', params: { reason: 'restarted' } } },
          },
        },
      },
    },

    backoff: {
      entry: [
        assign({ backoffFrom: ({ context }) => context.backoffFrom ?? context.effects.now() }),
        { type: 'enter', params: { state: 'backoff' } },
        'releaseSlot',
      ],
      exit: 'leaveBackoff',
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
        START: { target: 'queued', actions: { type: 'because', params: { reason: 'started by hand' } } },
        STOP: { target: 'stopped', actions: ['dropPause', 'letBe', 'becauseAsked'] },
        PAUSE: { actions: 'wantPause' },
        RESUME: { actions: 'dropPause' },
      },
    },

    blacklisted: {
      entry: [{ type: 'enter', params: { state: 'blacklisted' } }, 'releaseSlot', 'tellEnd', 'endTold'],
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
          on: { START: { actions: 'want' }, STOP: { actions: 'letBe' } },
        },
        /** Its time is over: it goes on once somebody in this host has started it. The clock is read once, by whoever came here. */
        eligible: {
          always: { target: '#worker.queued', guard: 'wanted', actions: 'beginParole' },
          on: { START: { target: '#worker.queued', actions: 'beginParole' } },
        },
      },
      on: {
        RESET: { target: 'idle', actions: 'forget' },
        BLACKLIST: { target: 'blacklisted', reenter: true, actions: 'blacklistByHand' },
      },
    },

    stopped: {
      entry: [{ type: 'enter', params: { state: 'stopped' } }, 'releaseSlot', 'tellEnd', 'endTold'],
      on: {
        START: { target: 'queued', actions: { type: 'because', params: { reason: 'started' } } },
        RESET: { target: 'idle', actions: 'forget' },
      },
    },

    completed: {
      entry: ['endParole', { type: 'enter', params: { state: 'completed' } }, 'releaseSlot', 'tellEnd', 'endTold'],
      on: {
        START: { target: 'queued', actions: { type: 'because', params: { reason: 'started' } } },
        STOP: { actions: 'letBe' },
        MORE: [
          { target: 'queued', guard: 'wanted', actions: { type: 'because', params: { reason: 'more to do' } } },
          { target: 'idle', actions: { type: 'because', params: { reason: 'more to do: start it' } } },
        ],
        RESTART: { target: 'queued', guard: 'wanted', actions: { type: 'because', params: { reason: 'restarted' } } },
        RESET: { target: 'idle', actions: 'forget' },
      },
    },
  },
})
